"""SpatialDropout1D and GaussianNoise: what they do in training, and that they do nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, layers, philox
from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import (
    LSTM,
    ActivityRegularization,
    Dense,
    GaussianNoise,
    Input,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)

N, T, D = 3, 5, 40
X = np.random.default_rng(8).normal(size=(N, T, D))
EACH_LAYER = pytest.mark.parametrize("make", [lambda: SpatialDropout1D(0.4, seed=2), lambda: GaussianNoise(0.5, seed=2)])


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)


@EACH_LAYER
def test_outside_training_nothing_happens(make):
    np.testing.assert_array_equal(make()(X), X.astype(np.float32))
    model = Sequential([make(), LSTM(3)])
    y = model(X[:1])
    stream = model.stream()
    assert np.array_equal([stream.step(x) for x in X[0]][-1], y[0])


@EACH_LAYER
def test_a_config_makes_an_equal_layer(make):
    layer = make()
    assert layers.deserialize(layers.serialize(layer)).get_config() == layer.get_config()


@EACH_LAYER
def test_gradients_come_back_as_the_inputs_went(make):
    """Both are affine in x: the difference that a step makes is the slope."""
    layer, ops, dy = make(), get_ops(), np.random.default_rng(9).normal(size=(T, N, D))
    results = [layer.forward(ops, ops.gather(x, slice(None), "float64"), None, None, True, Key(1)) for x in (X, X + 1)]
    dx = ops.to_host(layer.backward(ops, results[0].tape, ops.asarray(dy, "float64")).dx)
    slope = ops.to_host(results[1].y) - ops.to_host(results[0].y)
    np.testing.assert_allclose(dx, slope * dy, rtol=1e-12, atol=1e-12)


def test_a_feature_is_dropped_at_all_steps_or_none():
    y = SpatialDropout1D(0.4, dtype="float64")(X, training=True)
    dropped = y == 0
    np.testing.assert_array_equal(dropped, np.repeat(dropped[:, :1], T, axis=1))
    assert 0.2 < dropped.mean() < 0.6
    np.testing.assert_allclose(y[~dropped], X[~dropped] / 0.6, rtol=1e-15)
    assert not np.array_equal(dropped[0], dropped[1])


def test_noise_has_its_standard_deviation_and_mean_zero():
    noise = GaussianNoise(0.3, dtype="float64")(np.zeros((100, 200)), training=True)
    assert abs(noise.std() - 0.3) < 5 * 0.3 / np.sqrt(2 * noise.size)
    assert abs(noise.mean()) < 5 * 0.3 / np.sqrt(noise.size)


def test_noise_is_drawn_anew_each_time_and_repeats_after_a_seed():
    layer = GaussianNoise(0.3)
    first, second = layer(X, training=True), layer(X, training=True)
    philox.set_random_seed(8)
    assert np.array_equal(layer(X, training=True), first)
    assert not np.array_equal(first, second)


def test_no_noise_needs_no_key():
    ops = get_ops()
    x = ops.gather(X, slice(None), "float64")
    assert GaussianNoise(0.0).forward(ops, x, training=True).y is x


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SpatialDropout1D(1.0), r"\[0, 1\), got 1.0"),
        (lambda: SpatialDropout1D(0.5, name="spatial")(X[:, 0]), r"spatial expects \(batch, time, features\)"),
        (lambda: GaussianNoise(-0.1), r"stddev must be a number in \[0, inf\)"),
        (lambda: GaussianNoise(0.1, seed=-1), "a seed must be"),
    ],
)
def test_bad_use_is_answered_with_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("make", [SpatialDropout2D, SpatialDropout3D])
def test_spatial_dropout_zeroes_whole_features_of_images_and_volumes(make):
    layer = make(0.4, seed=3, dtype="float64")
    x = np.ones((5, *(2, 3, 2)[: int(make.__name__[-2])], 4))
    y = layer(x, training=True).reshape(5, -1, 4)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y.round(9))) == {0, round(1 / 0.6, 9)}
    np.testing.assert_array_equal(layer(x), x)


def test_activity_regularization_adds_its_penalty():
    model = Sequential([Input((2,)), ActivityRegularization(0.5, 0.25), Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    x = np.array([[1.0, -2.0], [3.0, 0.0]])
    assert model.evaluate(x, np.zeros((2, 1)), verbose=0) == pytest.approx((0.5 * 6 + 0.25 * 14) / 2)
