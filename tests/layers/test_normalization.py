"""LayerNormalization and BatchNormalization in use. Their numbers are in test_keras_layers."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from tolerances import SUMS, assert_close

from numba_lstm import Sequential, layers, warmup
from numba_lstm.constraints import MaxNorm
from numba_lstm.initializers import Constant
from numba_lstm.layers import LSTM, BatchNormalization, Dense, Input, LayerNormalization
from numba_lstm.regularizers import L1, L2

N, T, D = 3, 5, 7
RNG = np.random.default_rng(7)
X = 2 + 3 * RNG.normal(size=(N, T, D))
EACH_LAYER = pytest.mark.parametrize("cls", [LayerNormalization, BatchNormalization])


@pytest.mark.parametrize(("cls", "axes"), [(LayerNormalization, (-1,)), (BatchNormalization, (0, 1))])
def test_what_is_brought_to_mean_0_and_variance_1(cls, axes):
    y = cls(epsilon=0, dtype="float64")(X, training=True)
    assert_close(y.mean(axis=axes) + 1, np.ones_like(y.mean(axis=axes)), SUMS["float64"])
    assert_close(y.var(axis=axes), np.ones_like(y.var(axis=axes)), SUMS["float64"])


@EACH_LAYER
def test_weights_have_keras_names_and_order(cls):
    layer = cls(name="norm")
    layer(X)
    moving = ["moving_mean", "moving_variance"] if cls is BatchNormalization else []
    assert [v.name for v in layer.weights] == ["gamma", "beta", *moving]
    assert [v.name for v in layer.trainable_weights] == ["gamma", "beta"]
    assert {v.shape for v in layer.weights} == {(D,)}


@EACH_LAYER
def test_without_center_and_scale_nothing_is_trained(cls):
    layer = cls(center=False, scale=False)
    layer(X)
    assert layer.trainable_weights == []


@EACH_LAYER
def test_a_config_makes_an_equal_layer(cls):
    request = {"gamma_regularizer": "l2", "beta_constraint": "non_neg", "beta_initializer": "random_normal", "scale": True}
    layer = cls(epsilon=0.01, center=True, **request, **({"momentum": 0.5} if cls is BatchNormalization else {}))
    duplicate = layers.deserialize(layers.serialize(layer))
    assert duplicate.get_config() == layer.get_config()
    duplicate(X)
    assert len(duplicate.losses) == 1


@EACH_LAYER
@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"axis": 1}, ValueError, "along the last axis, -1, got axis 1"),
        ({"axis": [1, 2]}, ValueError, "got axis"),
        ({"epsilon": -1.0}, ValueError, r"epsilon must be a number in \[0, inf\)"),
        ({"centre": False}, TypeError, "did you mean 'center'"),
    ],
)
def test_bad_arguments_are_answered_with_a_sentence(cls, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        cls(**arguments)


NORMS = "beta_initializer gamma_initializer"
PENALTIES = "beta_regularizer gamma_regularizer beta_constraint gamma_constraint"
ORDERS = {
    BatchNormalization: f"axis momentum epsilon center scale {NORMS} moving_mean_initializer moving_variance_initializer "
    f"{PENALTIES} renorm renorm_clipping renorm_momentum synchronized kwargs",
    LayerNormalization: f"axis epsilon center scale {NORMS} {PENALTIES} kwargs",
}


@EACH_LAYER
def test_arguments_stand_in_keras_order(cls):
    assert " ".join(inspect.signature(cls).parameters) == ORDERS[cls]


@EACH_LAYER
def test_penalties_and_constraints_of_gamma_and_beta(cls):
    request = {"gamma_regularizer": L1(0.5), "beta_regularizer": L2(0.25), "beta_constraint": "non_neg"}
    norm = cls(**request, beta_initializer=Constant(2.0), gamma_initializer=Constant(3.0), gamma_constraint=MaxNorm(1.0))
    model = Sequential([Input((D,)), norm, Dense(1)], dtype="float64")
    model.compile("sgd", "mse")
    assert norm.penalty() == pytest.approx(0.5 * 3 * D + 0.25 * 4 * D)
    norm.beta.assign(np.full(D, -1.0))
    model.train_on_batch(X[:, 0], np.zeros((N, 1)))
    assert not norm.beta.value.any()
    assert np.linalg.norm(norm.gamma.value) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    "arguments", [{"renorm": True}, {"renorm_clipping": {"rmax": 3.0}}, {"renorm_momentum": 0.5}, {"synchronized": True}]
)
def test_batch_renormalization_is_not_taken(arguments):
    (name,) = arguments
    with pytest.raises(TypeError, match=f"BatchNormalization does not take '{name}' yet, got .*. Leave it out."):
        BatchNormalization(**arguments)


def test_scaling_by_the_variance_is_not_taken():
    with pytest.raises(TypeError, match="LayerNormalization does not take 'rms_scaling' yet, got True. Leave it out."):
        LayerNormalization(rms_scaling=True)
    assert LayerNormalization(rms_scaling=False).scale


def test_a_momentum_beyond_one_is_not_taken():
    with pytest.raises(ValueError, match="momentum must be"):
        BatchNormalization(momentum=1.5)


def test_the_moving_statistics_follow_the_batches_of_training_alone():
    layer = BatchNormalization(momentum=0.75, dtype="float64")
    mean, variance = np.zeros(D), np.ones(D)
    for _ in range(3):
        x = RNG.normal(size=(N, T, D))
        layer(x, training=True)
        layer(7 * x)
        mean = 0.75 * mean + 0.25 * x.mean(axis=(0, 1))
        variance = 0.75 * variance + 0.25 * x.var(axis=(0, 1))
    assert_close(layer.moving_mean.value, mean, SUMS["float64"])
    assert_close(layer.moving_variance.value, variance, SUMS["float64"])
    expected = (X - mean) / np.sqrt(variance + 1e-3)
    assert_close(layer(X), expected, SUMS["float64"])


def test_a_frozen_batch_normalization_keeps_its_statistics_in_training():
    layer = BatchNormalization(trainable=False)
    y = layer(X, training=True)
    np.testing.assert_array_equal(y, layer(X))
    assert not layer.moving_mean.value.any()


def model():
    made = Sequential([Input((None, D)), LayerNormalization(), LSTM(4), BatchNormalization(momentum=0.5), Dense(1)])
    made.compile("adam", "mse")
    return made


def test_both_learn_in_a_model():
    made, y = model(), RNG.normal(size=(N, 1))
    before = {v.path: v.numpy() for v in made.weights}
    losses = made.fit(X, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert all(np.any(v.numpy() != before[v.path]) for v in made.weights)


def test_a_prediction_does_not_depend_on_its_batch():
    made = model()
    made.fit(X, RNG.normal(size=(N, 1)), verbose=0)
    y = made.predict(X, verbose=0)
    for n in range(N):
        assert made.predict(X[n : n + 1], verbose=0).tobytes() == y[n : n + 1].tobytes()


def test_warmup_moves_no_statistics():
    made = model()
    before = made.get_weights()
    warmup(made, verbose=False)
    assert all(np.array_equal(a, b) for a, b in zip(made.get_weights(), before, strict=True))
