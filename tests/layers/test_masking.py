"""Masking, and where a mask goes on or ends. Its numbers are in test_keras_layers."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.device import get_ops
from numba_lstm.layers import (
    LSTM,
    BatchNormalization,
    Dense,
    Flatten,
    GaussianNoise,
    LayerNormalization,
    Masking,
    Reshape,
    SpatialDropout1D,
    TimeDistributed,
)  # fmt: skip

N, T, D = 3, 5, 7
RNG = np.random.default_rng(4)
X = RNG.normal(size=(N, T, D))
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 1, 0, 1]], bool)


def test_masked_steps_are_zeros_even_where_the_value_is_not():
    np.testing.assert_array_equal(Masking(-1.5, dtype="float64")(np.where(MASK[..., None], X, -1.5)), X * MASK[..., None])


def test_one_feature_that_differs_makes_a_step():
    x = np.zeros((1, 2, 3))
    x[0, 1, 2] = 1e-30
    ops = get_ops()
    assert ops.to_host(Masking().forward(ops, ops.gather(x, slice(None), "float64")).mask).tolist() == [[False], [True]]


def test_a_mask_that_comes_in_is_joined():
    ops, x, incoming = get_ops(), X.copy(), MASK.copy()
    x[:, 1], incoming[:, 2] = 0, False
    joined = Masking().forward(ops, ops.gather(x, slice(None), "float64"), mask=ops.asarray(incoming.T, bool)).mask
    np.testing.assert_array_equal(ops.to_host(joined), (incoming & (x != 0).any(axis=-1)).T)


def test_an_lstm_steps_over_what_is_masked():
    model = Sequential([Masking(9.0), LSTM(4)])
    x = np.where(MASK[..., None], X, 9.0)
    y = model(x)
    for n in range(N):
        np.testing.assert_allclose(y[n : n + 1], model(X[n : n + 1, MASK[n]]), rtol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        Dense(3),
        GaussianNoise(0.5),
        SpatialDropout1D(0.5),
        LayerNormalization(),
        BatchNormalization(),
        TimeDistributed(Dense(2)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_that_hand_a_mask_on(layer):
    layer(X)
    ops = get_ops()
    x, mask = ops.gather(X, slice(None), "float32"), ops.asarray(MASK.T, bool)
    assert layer.forward(ops, x, mask=mask).mask is mask
    assert layer.supports_masking


@pytest.mark.parametrize("layer", [Flatten(), Reshape((D, T))], ids=lambda layer: type(layer).__name__)
def test_layers_where_a_mask_ends(layer):
    ops = get_ops()
    x, mask = ops.gather(X, slice(None), "float32"), ops.asarray(MASK.T, bool)
    assert layer.forward(ops, x, mask=mask).mask is None
    assert not layer.supports_masking


def test_masking_refuses_rows():
    with pytest.raises(ValueError, match=r"masking expects \(batch, time, features\)"):
        Masking(name="masking")(X[:, 0])
