"""Dropout of a device against the reference: the same elements stay."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, put
from tolerances import ELEMENTWISE, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Key

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

CASES = [
    # x's shape, rate, key, noise shape
    ((3, 7), 0.3, Key(1), None),
    ((5, 3, 7), 0.5, Key(2, 3, 4), None),
    ((5, 3, 7), 0.25, Key(2**64 - 1, 2**32 - 1, 2**32 - 1), (1, 3, 7)),
    ((5, 3, 7), 0.9, Key(2**40 + 7, 9), (5, 3, 1)),
    ((5, 3, 7), 0.4, Key(5), (5, 1, 7)),
    ((1, 1), 0.5, Key(6), None),
    ((64, 70), 0.1, Key(7, 1), None),
    ((3, 7), 0.0, Key(8), None),
]


def values(shape, dtype):
    rng = np.random.default_rng([3, *shape])
    return rng.standard_normal(shape).astype(dtype), rng.standard_normal(shape).astype(dtype)


def run(ops, x, dy, rate, key, noise_shape):
    y, tape = ops.dropout_forward(put(ops, x), rate, key, noise_shape)
    return np.array(ops.to_host(y)), np.array(ops.to_host(ops.dropout_backward(tape, put(ops, dy))))


@pytest.mark.parametrize(("shape", "rate", "key", "noise_shape"), CASES)
def test_dropout(ops, dtype, shape, rate, key, noise_shape):
    x, dy = values(shape, dtype)
    found, expected = (run(device, x, dy, rate, key, noise_shape) for device in (ops, get_ops("reference")))
    for value, other in zip(found, expected, strict=True):
        assert value.dtype == dtype
        np.testing.assert_array_equal(value == 0, other == 0)
        assert_close(value, other, ELEMENTWISE[dtype])


def test_dropout_of_views(ops, dtype):
    x, dy = values((5, 3, 7), dtype)
    views = [np.ascontiguousarray(a[::-1].swapaxes(0, 1)).swapaxes(0, 1)[::-1] for a in (x, dy)]
    for a, b in zip(run(ops, *views, 0.5, Key(1), None), run(ops, x, dy, 0.5, Key(1), None), strict=True):
        assert a.tobytes() == b.tobytes()


def test_inputs_are_left_alone(ops, dtype):
    x, dy = values((3, 7), dtype)
    copies = x.copy(), dy.copy()
    run(ops, x, dy, 0.5, Key(1), None)
    np.testing.assert_array_equal((x, dy), copies)


def test_nan_that_stays_is_nan(ops, dtype):
    x, dy = values((3, 7), dtype)
    y, _ = run(ops, x * np.nan, dy, 0.5, Key(1), None)
    kept = run(ops, x, dy, 0.5, Key(1), None)[0] != 0
    assert np.isnan(y[kept]).all()
