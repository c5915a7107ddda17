"""Dropout: the mask, its shape and its random numbers."""

from __future__ import annotations

import numpy as np
import pytest
from lstm_layers import D, N, T, X
from tolerances import assert_close

from numba_lstm import philox
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import Dropout
from numba_lstm.naming import names


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)
    names.reset()


def test_dropout_is_the_identity_outside_training():
    assert np.array_equal(Dropout(0.5)(X), X.astype("float32"))
    assert np.array_equal(Dropout(0.0)(X, training=True), X.astype("float32"))


def test_dropout_zeroes_the_rate_and_scales_the_rest():
    y = Dropout(0.3, dtype="float64")(np.ones((100, 200)), training=True)
    dropped = np.mean(y == 0)
    assert abs(dropped - 0.3) < 5 * np.sqrt(0.21 / y.size)
    assert_close(y[y != 0], np.full(np.sum(y != 0), 1 / 0.7), 1e-15)


@pytest.mark.parametrize(("noise_shape", "axis"), [((None, 1, None), 1), ((1, None, None), 0), ((N, T, 1), 2)])
def test_dropout_shares_its_mask_along_axes_of_one(noise_shape, axis):
    y = Dropout(0.5, noise_shape, dtype="float64")(np.ones((N, T, D)), training=True)
    assert np.all(y == np.take(y, [0], axis))
    assert 0 < np.mean(y == 0) < 1


@pytest.mark.parametrize("noise_shape", [(None, 1), (T, None, None), (None, None, None, 1)])
def test_dropout_refuses_a_noise_shape_that_does_not_fit(noise_shape):
    with pytest.raises(ValueError, match=r"noise_shape to be 1, None or that of the input \(3, 5, 7\)"):
        Dropout(0.5, noise_shape)(X, training=True)


def test_dropout_draws_anew_each_time_and_repeats_after_a_seed():
    layer = Dropout(0.5)
    first, second = layer(X, training=True), layer(X, training=True)
    philox.set_random_seed(8)
    assert np.array_equal(layer(X, training=True), first)
    assert not np.array_equal(first, second)


def test_a_layers_own_seed_replaces_the_streams():
    key = Key(seed=1, step=2, tag=3)
    assert Dropout(0.5).key(key) == key
    assert Dropout(0.5, seed=9).key(key) == Key(seed=9, step=2, tag=3)
    with pytest.raises(ValueError, match="needs rng"):
        Dropout(0.5).key(None)
