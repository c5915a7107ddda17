"""Copies as calls, and gradients that an update takes as they lie."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm.kernels.cpu.arrays.copy_tasks import copied
from numba_lstm.optimizers import Adam
from numba_lstm.variables import Variable


def test_copies_to_another_shape_or_dtype_are_refused():
    into = np.zeros((4, 3), np.float32)
    copied(np.ones((8, 3), np.float32)[::2], into)()
    np.testing.assert_array_equal(into, 1)
    for wrong in (np.ones((4, 4), np.float32), np.ones((4, 3))):
        with pytest.raises(ValueError, match="cannot copy"):
            copied(wrong, into)


def test_copies_of_any_layout_and_dtype():
    for dtype in (np.float32, np.float64, np.bool_, np.int64):
        x = np.arange(12).reshape(3, 4).astype(dtype)
        packed = np.zeros((3, 4), [("x", dtype), ("flag", "i1")])
        packed["x"] = x
        for source in (x, x.T.copy().T, x[:, ::-1], x[::-1], packed["x"], packed["x"][:, :1]):
            into = np.zeros((3, 8), dtype)[:, ::2][:, : source.shape[1]]
            copied(source, into)()
            np.testing.assert_array_equal(into, source)


def test_any_gradient_updates_a_weight(every_ops):
    """As a custom layer may hand it in: transposed, reversed, broadcast."""
    rng, spec = np.random.default_rng(0), Adam().spec
    plain = rng.normal(size=(6, 5)).astype(np.float32)
    many = rng.normal(size=(2, 2, 3, 2, 2)).astype(np.float32)
    for gradient in (np.asfortranarray(plain), plain[::-1, ::-1], np.broadcast_to(plain[:1], (6, 5)), plain[:, 2], many.T):
        weights = [Variable(np.ones(gradient.shape, np.float32)) for _ in range(2)]
        for weight, layout in zip(weights, (gradient, np.ascontiguousarray(gradient)), strict=True):
            slots = [Variable(np.zeros(gradient.shape, np.float32)) for _ in spec.slots]
            every_ops.update([weight], [layout], [slots], spec, step=1, rate=0.1)
        np.testing.assert_array_equal(weights[0].value, weights[1].value)
        assert not np.array_equal(weights[0].value, np.ones(gradient.shape))
