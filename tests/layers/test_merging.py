"""Merging layers: against NumPy, their gradients, their masks, and wrong inputs."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import SUMS, assert_close

from numba_lstm import layers
from numba_lstm.device import get_ops

A, B, C = (np.random.default_rng(k).standard_normal((3, 4, 5)) for k in range(3))
STEPS = np.array([[True, True, False, False], [True, True, True, False], [False, True, True, True]])
OTHER = np.roll(STEPS, 1, axis=1)

CASES = {
    "add": (layers.Add, [A, B, C], A + B + C),
    "add_broadcast": (layers.Add, [A, B[:, :1], C[:, 0]], A + B[:, :1] + C[:, :1]),
    "subtract": (layers.Subtract, [A, B], A - B),
    "multiply": (layers.Multiply, [A, B, C], A * B * C),
    "average": (layers.Average, [A, B, C], (A + B + C) / 3),
    "maximum": (layers.Maximum, [A, B, C], np.maximum(np.maximum(A, B), C)),
    "minimum": (layers.Minimum, [A, B], np.minimum(A, B)),
    "concatenate": (layers.Concatenate, [A, B[..., :2]], np.concatenate([A, B[..., :2]], -1)),
    "concatenate_steps": (lambda **k: layers.Concatenate(1, **k), [A, B[:, :2]], np.concatenate([A, B[:, :2]], 1)),
    "dot": (lambda **k: layers.Dot(-1, **k), [A, B], np.einsum("btd,bsd->bts", A, B)),
    "dot_rows": (lambda **k: layers.Dot(1, **k), [A[:, 0], B[:, 0]], np.sum(A[:, 0] * B[:, 0], -1, keepdims=True)),
    "dot_cosine": (
        lambda **k: layers.Dot((2, 1), normalize=True, **k),
        [A, B[:, 0]],
        np.einsum("btd,bd->bt", A / np.linalg.norm(A, axis=2)[..., None], B[:, 0] / np.linalg.norm(B[:, 0], axis=1)[:, None]),
    ),
}


def stored(ops, x):
    return ops.asarray(np.ascontiguousarray(x.swapaxes(0, 1) if x.ndim > 2 else x), x.dtype)


def user(ops, x):
    host = np.array(ops.to_host(x))
    return host.swapaxes(0, 1) if host.ndim > 2 else host


@pytest.mark.parametrize("name", CASES)
def test_merging(name):
    make, inputs, expected = CASES[name]
    layer = make(dtype="float64")
    y = layer(inputs)
    assert_close(y, expected, 1e-14)
    assert layer.compute_output_shape(tuple((None, *x.shape[1:]) for x in inputs)) == (None, *expected.shape[1:])


@pytest.mark.parametrize("name", ["add_broadcast", "multiply", "maximum", "concatenate_steps", "dot_cosine"])
def test_gradients(name):
    """A direction of each input changes the sum of ``y * dy`` by the gradient."""
    make, inputs, expected = CASES[name]
    ops, rng = get_ops("reference"), np.random.default_rng(7)
    layer, dy = make(dtype="float64"), rng.standard_normal(expected.shape)

    def forward(xs):
        return layer.forward(ops, tuple(stored(ops, x) for x in xs), None, (None,) * len(xs), True)

    dxs = layer.backward(ops, forward(inputs).tape, stored(ops, dy)).dx
    for k, (x, dx) in enumerate(zip(inputs, dxs, strict=True)):
        step = 1e-6 * rng.standard_normal(x.shape)
        values = [user(ops, forward([*inputs[:k], x + s, *inputs[k + 1 :]]).y) for s in (step, -step)]
        np.testing.assert_allclose(np.sum(user(ops, dx) * step), np.sum((values[0] - values[1]) * dy) / 2, rtol=1e-6)


def mask_of(layer, inputs, masks):
    ops = get_ops("cpu")
    placed = tuple(None if mask is None else stored(ops, mask[..., None])[..., 0].copy() for mask in masks)
    mask = layer.forward(ops, tuple(stored(ops, x.astype("float32")) for x in inputs), None, placed).mask
    return None if mask is None else np.array(ops.to_host(mask)).T


def test_masks():
    assert mask_of(layers.Add(), [A, B], [STEPS, OTHER]).tolist() == (STEPS | OTHER).tolist()
    assert mask_of(layers.Add(), [A, B], [STEPS, None]) is None
    assert mask_of(layers.Concatenate(), [A, B], [STEPS, OTHER]).tolist() == (STEPS | OTHER).tolist()
    joined = mask_of(layers.Concatenate(1), [A, B], [None, STEPS])
    assert joined.tolist() == np.concatenate([np.ones_like(STEPS), STEPS], axis=1).tolist()
    assert mask_of(layers.Dot(-1), [A, B], [STEPS, STEPS]) is None


def test_masked_steps_leave_products_and_extremes_alone():
    either = STEPS | OTHER
    product = np.where(STEPS[..., None], A, 1) * np.where(OTHER[..., None], B, 1) * either[..., None]
    assert_close(layers.multiply([A, B], dtype="float64")[:1], (A * B)[:1], 1e-14)
    assert_close(layers.Multiply(dtype="float64")([A, B], mask=[STEPS, OTHER]), product, 1e-14)
    chosen = np.where(STEPS[..., None], np.where(OTHER[..., None], np.maximum(A, B), A), B)
    found = layers.Maximum(dtype="float64")([A, B], mask=[STEPS, OTHER])
    assert_close(found[either], chosen[either], 1e-14)


def test_functions_make_layers():
    assert_close(layers.concatenate([A, B], axis=1, dtype="float64"), np.concatenate([A, B], 1), 1e-14)
    assert_close(layers.dot([A, B], axes=2, dtype="float64"), CASES["dot"][2], SUMS["float64"])
    for name in ("add", "subtract", "average", "maximum", "minimum"):
        layer = getattr(layers, name.title())()
        assert np.array_equal(getattr(layers, name)([A, B]), layer([A, B]))
    config = layers.Dot((1, 2), normalize=True, name="d").get_config()
    assert layers.Dot.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (layers.Add(), [A, B[:, :3]], "expects inputs of one shape"),
        (layers.Subtract(), [A, B, C], "expects a list of 2 inputs, got 3"),
        (layers.Concatenate(), [A, B[:, :2]], "differ in axis -1 alone"),
        (layers.Dot(2), [A, B[..., :3]], "equal sizes along axes 2 and 2"),
        (layers.Multiply(), [A, B[:2]], "one batch size"),
        (layers.Average(), A, "takes a list of inputs"),
    ],
)
def test_wrong_inputs(layer, inputs, message):
    with pytest.raises((ValueError, TypeError), match=message):
        layer(inputs)
    assert not layer.built
