"""The activations of a device against the reference, element by element."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, EVERY_ACTIVATION, in_float64, name_of, put
from tolerances import ELEMENTWISE, assert_each_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Activation

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def activate(ops, x, activation):
    return np.array(ops.to_host(ops.activation_forward(put(ops, x), activation)[0]))


@pytest.mark.parametrize("activation", EVERY_ACTIVATION, ids=name_of)
def test_activation(ops, dtype, activation):
    """From the middle out to where float32 saturates, at several lengths of the last axis."""
    for size in (1, 3, 17, 200):
        x = np.linspace(-12, 12, 6 * size).reshape(2, 3, size).astype(dtype)
        dy = np.cos(np.arange(x.size)).reshape(x.shape).astype(dtype)
        found = ops.activation_forward(put(ops, x), activation, training=True)
        value = get_ops("reference").activation_forward(in_float64(x), activation, training=True)
        assert_each_close(ops.to_host(found[0]), value[0], ELEMENTWISE[dtype])
        dx = ops.to_host(ops.activation_backward(found[1], put(ops, dy)))
        assert dx.dtype == x.dtype
        assert_each_close(dx, get_ops("reference").activation_backward(value[1], in_float64(dy)), ELEMENTWISE[dtype])


@pytest.mark.parametrize("name", ["leaky_relu", "elu"])
def test_default_parameters(ops, dtype, name):
    x = np.linspace(-2, 2, 14).reshape(2, 7).astype(dtype)
    expected = activate(get_ops("reference"), in_float64(x), Activation(name))
    assert_each_close(activate(ops, x, Activation(name)), expected, ELEMENTWISE[dtype])


@pytest.mark.parametrize("activation", EVERY_ACTIVATION, ids=name_of)
def test_activation_of_views(ops, dtype, activation):
    x = np.random.default_rng(7).standard_normal((5, 3, 7)).astype(dtype)
    view = np.ascontiguousarray(x[::-1].swapaxes(0, 1)).swapaxes(0, 1)[::-1]
    assert activate(ops, view, activation).tobytes() == activate(ops, x, activation).tobytes()


@pytest.mark.parametrize("activation", EVERY_ACTIVATION, ids=name_of)
def test_nan_through_an_activation(ops, dtype, activation):
    x = np.random.default_rng(8).standard_normal((3, 37)).astype(dtype)
    x[1, 20] = np.nan
    y = activate(ops, x, activation)
    assert np.isnan(y[1, 20])
    assert np.isnan(y).sum() == (37 if activation.name == "softmax" else 1)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("activation", EVERY_ACTIVATION, ids=name_of)
def test_far_and_tiny_arguments(ops, dtype, activation, sign):
    """Up to the largest numbers and down to the smallest normal one; exp overflows to infinity."""
    limits = np.finfo(dtype)
    x = sign * np.array([30, 80, 1e4, limits.max / 4, 1e-3, 1e-19, 1e-22, limits.tiny, 0], dtype)[:, None]
    with np.errstate(over="ignore"):
        expected = activate(get_ops("reference"), in_float64(x), activation).astype(dtype)
    assert_each_close(activate(ops, x, activation), expected, ELEMENTWISE[dtype])
