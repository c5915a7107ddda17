"""Attention and activation layers against golden values and gradients of Keras, their masks, and training with them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "golden"))

from keras_tensor_layers import CASES, FILE, QUERY_MASK, VALUE_MASK, draw
from tolerances import RECURRENT, assert_close

import numba_lstm
from numba_lstm import layers
from numba_lstm.device import get_ops

GOLDEN = np.load(FILE)


def stored(ops, x, dtype="float64"):
    return ops.asarray(np.ascontiguousarray(x.swapaxes(0, 1) if x.ndim > 2 else x, dtype), dtype)


def user(ops, x):
    host = np.array(ops.to_host(x))
    return host.swapaxes(0, 1) if host.ndim > 2 else host


def run(ops, name, dtype):
    """Return the output of a case, and the gradients of its inputs and of its weights."""
    cls, arguments, shapes, call = CASES[name]
    causal = {"use_causal_mask": True} if call.get("use_causal_mask") else {}
    layer, xs = getattr(layers, cls)(dtype=dtype, **arguments), draw(f"{name} inputs", shapes)
    several = getattr(layer, "takes_several", False)
    layer.build_for(tuple((None, *s[1:]) for s in shapes) if several else (None, *shapes[0][1:]))
    layer.set_weights(draw(f"{name} weights", [v.shape for v in layer.variables]))
    masks = [None, call["value_mask"]] if "value_mask" in call else call.get("mask", [])
    masks = [None if mask is None else ops.asarray(np.ascontiguousarray(mask.T), np.bool_) for mask in masks]
    masks += [None] * (len(xs) - len(masks))
    placed = tuple(stored(ops, x, dtype) for x in xs)
    result = layer.propagate(ops, placed if several else placed[0], None, tuple(masks) if several else None, True, **causal)
    y = user(ops, result.y)
    gradients = layer.backpropagate(ops, result.tape, stored(ops, draw(f"{name} dy", [y.shape])[0], dtype))
    dxs = gradients.dx if several else (gradients.dx,)
    found = {"y": y, **{f"dx{k}": user(ops, dx) for k, dx in enumerate(dxs)}}
    dws = zip(gradients.gradients, layer.variables, strict=True)
    return found | {f"dw{k}": np.array(ops.to_host(dw)).reshape(v.shape) for k, (dw, v) in enumerate(dws)}


@pytest.mark.parametrize("name", CASES)
def test_keras(name):
    found = run(get_ops("reference"), name, "float64")
    assert {f"{name}/{key}" for key in found} == {key for key in GOLDEN if key.startswith(f"{name}/")}
    for key, value in found.items():  # Keras has tanh and heads in float32
        np.testing.assert_allclose(value, GOLDEN[f"{name}/{key}"], rtol=2e-5, atol=2e-5, err_msg=key)


def assert_equals_reference(ops, name):
    """Compare the output and the gradients of a case in float32 with those of the reference in float64."""
    expected = run(get_ops("reference"), name, "float64")
    for key, value in run(ops, name, "float32").items():
        assert_close(value, expected[key], RECURRENT["float32"], key)


@pytest.mark.parametrize("name", ["attention_scaled", "additive", "heads_masked"])
def test_cpu(name):
    assert_equals_reference(get_ops("cpu"), name)


def test_calls_of_attention():
    q, v = draw("call", [(3, 4, 6), (3, 5, 6)])
    layer = layers.Attention()
    y, shares = layer([q, v], mask=[QUERY_MASK, VALUE_MASK], return_attention_scores=True)
    np.testing.assert_allclose(shares.sum(-1), 1, rtol=1e-6)
    assert not shares[~np.broadcast_to(VALUE_MASK[:, None], shares.shape)].any()
    assert not y[~QUERY_MASK].any()
    np.testing.assert_allclose(y, shares @ v * QUERY_MASK[..., None], rtol=1e-5, atol=1e-6)
    causal = layer([q, q], use_causal_mask=True)
    np.testing.assert_allclose(causal[:, 0], q[:, 0], rtol=1e-6)
    assert not np.allclose(layer([q, q]), causal)
    heads = layers.MultiHeadAttention(2, 3)
    y, shares = heads(q, v, value_mask=VALUE_MASK, return_attention_scores=True)
    assert (y.shape, shares.shape) == ((3, 4, 6), (3, 2, 4, 5))
    assert not shares[~np.broadcast_to(VALUE_MASK[:, None, None], shares.shape)].any()


def test_dropout_of_attention():
    q, v = draw("dropout", [(3, 4, 6), (3, 5, 6)])
    layer = layers.Attention(dropout=0.5, seed=3)
    assert np.array_equal(layer([q, v]), layers.Attention()([q, v]))
    assert not np.array_equal(layer([q, v], training=True), layer([q, v]))
    noisy = layers.GaussianDropout(0.5)(np.ones((40, 50)), training=True)
    assert abs(noisy.mean() - 1) < 0.1
    assert abs(noisy.std() - 1) < 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Attention(score_mode="cosine"), "score_mode must be 'dot' or 'concat'"),
        (lambda: layers.Attention()([np.ones((2, 3, 4)), np.ones((2, 3, 5))]), r"expects query \(N, Tq, D\)"),
        (lambda: layers.MultiHeadAttention(0, 3), "num_heads"),
        (lambda: layers.MultiHeadAttention(2, 3, use_gate=True), "does not take 'use_gate' yet"),
        (lambda: layers.Permute((0, 1)), "each axis from 1 on once"),
        (lambda: layers.Softmax(0), "not 0, the batch axis"),
        (lambda: layers.ReLU(negative_slope=-1), "negative_slope"),
        (lambda: numba_lstm.Sequential([layers.Add()]).predict(np.ones((2, 3))), "takes several inputs"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_a_model_with_activation_layers_trains_by_plans():
    """Plans have the bits of single ops, and files hold the layers."""
    rng = np.random.default_rng(2)
    x, t = rng.standard_normal((16, 5, 3)).astype("float32"), rng.standard_normal((16, 4)).astype("float32")
    losses = []
    for eager in (False, True):
        model = numba_lstm.Sequential(
            [
                layers.Input((5, 3)), layers.LSTM(4, return_sequences=True), layers.PReLU("ones", shared_axes=[1]),
                layers.GaussianDropout(0.2, seed=4), layers.Permute((2, 1)), layers.UnitNormalization(),
                layers.ReLU(2.0, 0.1), layers.LSTM(4), layers.LeakyReLU(0.1), layers.ELU(), layers.Softmax(),
            ]
        )  # fmt: skip
        rng = np.random.default_rng(3)
        model.set_weights([0.3 * rng.standard_normal(w.shape) for w in model.get_weights()])
        model.compile("sgd", "mse", run_eagerly=eager)
        losses.append(model.fit(x, t, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"])
    assert losses[0] == losses[1]
    assert losses[0][1] < losses[0][0]
    config = model.get_config()
    assert numba_lstm.Sequential.from_config(config).get_config() == config


def test_keras_files_hold_them(tmp_path):
    x = np.random.default_rng(2).standard_normal((4, 5, 3)).astype("float32")
    model = numba_lstm.Sequential(
        [
            layers.Input((5, 3)), layers.PReLU("ones", shared_axes=[1]), layers.GaussianDropout(0.2, seed=4),
            layers.Permute((2, 1)), layers.UnitNormalization(), layers.ReLU(2.0, 0.1), layers.LSTM(4),
            layers.LeakyReLU(0.1), layers.ELU(), layers.Lambda(doubled), layers.Softmax(),
        ]
    )  # fmt: skip
    model.save(tmp_path / "model.keras")
    loaded = numba_lstm.load_model(tmp_path / "model.keras", custom_objects={"doubled": doubled})
    assert loaded.predict(x, verbose=0).tobytes() == model.predict(x, verbose=0).tobytes()


def doubled(x):
    return 2 * x
