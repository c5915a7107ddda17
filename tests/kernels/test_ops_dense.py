"""The dense layer of a device against the reference, and what the contract promises of it."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, EVERY_ACTIVATION, in_float64, name_of, put
from tolerances import SUMS, assert_close

from numba_lstm import device
from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Activation
from numba_lstm.variables import Variable

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

LINEAR = Activation("linear")


def dense_case(shape, C, dtype, *, bias=True):
    """x, W, b or None, dy."""
    rng, (*leading, D) = np.random.default_rng([6, *shape, C]), shape
    x, W, b, dy = (rng.standard_normal(s).astype(dtype) for s in (shape, (D, C), C, (*leading, C)))
    return x, (W / D**0.5).astype(dtype), b if bias else None, dy


def forward(ops, x, W, b, activation, *, training=False):
    bias = None if b is None else Variable(b)
    return ops.dense_forward(put(ops, x), Variable(W), bias, activation, training=training)


def run_dense(ops, x, W, b, dy, activation, *, need_dx=True):
    y, tape = forward(ops, x, W, b, activation, training=True)
    y = np.array(ops.to_host(y))  # the backward op may consume what it shares with the tape
    gradients = ops.dense_backward(tape, put(ops, dy), need_dx=need_dx)
    return [y, *(None if g is None else np.array(ops.to_host(g)) for g in gradients)]


def assert_dense_equals_reference(ops, case, activation, **options):
    actual = run_dense(ops, *case, activation, **options)
    expected = run_dense(get_ops("reference"), *map(in_float64, case), activation, **options)
    for name, found, value in zip(("y", "dx", "dW", "db"), actual, expected, strict=True):
        if value is None:
            assert found is None, name
            continue
        assert found.dtype == case[0].dtype
        assert_close(found, value, SUMS[str(found.dtype)], name)


SIZES = [((3, 7), 11), ((5, 3, 7), 11), ((1, 7), 11), ((3, 1), 11), ((3, 7), 1), ((1, 1), 1), ((33, 50), 17), ((2, 13, 16), 33)]


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_dense_sizes(ops, dtype, sizes, bias):
    assert_dense_equals_reference(ops, dense_case(*sizes, dtype, bias=bias), LINEAR)


@pytest.mark.parametrize("activation", EVERY_ACTIVATION, ids=name_of)
def test_dense_activations(ops, dtype, activation):
    assert_dense_equals_reference(ops, dense_case((5, 3, 7), 11, dtype), activation)


def test_dense_without_dx(ops, dtype):
    assert_dense_equals_reference(ops, dense_case((3, 7), 11, dtype), LINEAR, need_dx=False)


def backwards_and_transposed(a):
    """The same values of a sequence as a view with two strides of its own, read-only."""
    view = np.ascontiguousarray(a[::-1].swapaxes(0, 1)).swapaxes(0, 1)[::-1]
    view.flags.writeable = False
    return view


def wide(a):
    """The same values as a part of wider rows, whose other part must not be looked at."""
    return np.concatenate([a, np.full_like(a, np.nan)], axis=-1)[..., : a.shape[-1]]


@pytest.mark.parametrize(("shape", "layout"), [((5, 3, 7), backwards_and_transposed), ((5, 3, 7), wide), ((3, 7), wide)])
def test_dense_takes_views(ops, dtype, shape, layout):
    x, W, b, dy = dense_case(shape, 11, dtype)
    expected = run_dense(ops, x, W, b, dy, LINEAR)
    for found, value in zip(run_dense(ops, layout(x), W, b, layout(dy), LINEAR), expected, strict=True):
        assert found.tobytes() == value.tobytes()


@pytest.mark.parametrize("C", [1, 11, 50])
def test_a_dense_row_in_a_batch_has_the_bits_of_the_row_alone(ops, dtype, C):
    x, W, b, _ = dense_case((13, 7), C, dtype)
    batch = ops.to_host(forward(ops, x, W, b, Activation("tanh"))[0])
    for n in range(13):
        alone = ops.to_host(forward(ops, x[n : n + 1], W, b, Activation("tanh"))[0])
        assert batch[n : n + 1].tobytes() == alone.tobytes()


def test_threads_do_not_change_a_bit_of_dense(ops, dtype):
    case = dense_case((40, 64, 70), 90, dtype)
    threads = device.get_num_threads()
    try:
        device.set_num_threads(1)
        one = run_dense(ops, *case, LINEAR)
        device.set_num_threads(3)
        three = run_dense(ops, *case, LINEAR)
    finally:
        device.set_num_threads(threads)
    for a, b in zip(one, three, strict=True):
        assert a.tobytes() == b.tobytes()


def test_nan_goes_through_dense(ops, dtype):
    x, W, b, _ = dense_case((3, 7), 11, dtype)
    x[1, 2] = np.nan
    y = ops.to_host(forward(ops, x, W, b, Activation("relu"))[0])
    assert np.isnan(y[1]).all()
    assert np.isfinite(y[[0, 2]]).all()
