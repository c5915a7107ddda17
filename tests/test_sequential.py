"""Sequential: calls, gradients, compile. Its structure is tested in test_stack, its loops in test_training."""

from __future__ import annotations

import numpy as np
import pytest
from model_cases import RNG, C, D, H, MaskOdd, N, T, X, build
from tolerances import FINITE_DIFFERENCES, RECURRENT, assert_close

import numba_lstm
from numba_lstm import Input, Sequential, device, layers, philox
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import LSTM, Activation, Dense, Dropout
from numba_lstm.naming import names
from numba_lstm.optimizers import Adam


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(21)
    names.reset()


# -- calls ------------------------------------------------------------------------------------------------------------


def test_a_call_runs_layer_after_layer():
    model = build("float64")
    first, _, second, dense = model.layers
    assert_close(model(X), dense(second(first(X))), RECURRENT["float64"])


def test_sequences_come_out_batch_first():
    model = Sequential([Input((T, D)), LSTM(H, return_sequences=True), Dense(C)])
    assert model(X).shape == (N, T, C)
    assert_close(model(X[:1]), model(X)[:1], RECURRENT["float32"])


def test_the_answer_belongs_to_the_caller():
    model = Sequential([Input((T, D)), Activation("linear")])
    y = model(X)
    y[:] = 0
    assert np.array_equal(model(X), X.astype("float32"))


def test_dropout_works_in_training_only_and_anew_each_time():
    model = build()
    assert np.array_equal(model(X), model(X))
    assert not np.array_equal(model(X, training=True), model(X))
    assert not np.array_equal(model(X, training=True), model(X, training=True))


def test_a_seed_repeats_weights_and_dropout():
    def run():
        philox.set_random_seed(4)
        model = build()
        return [*model.get_weights(), model(X, training=True)]

    assert all(np.array_equal(a, b) for a, b in zip(run(), run(), strict=True))


def test_two_dropouts_of_a_model_draw_different_masks():
    model = Sequential([Input((400,)), Dropout(0.5, name="a"), Activation("linear"), Dropout(0.5, name="b")])
    y = model(np.ones((1, 400)), training=True)
    assert 60 < np.sum(y == 4) < 140


def test_masks_go_from_layer_to_layer():
    inner = LSTM(H, return_sequences=True)
    model = Sequential([Input((T, D)), MaskOdd(), Dropout(0.1), Activation("linear"), Dense(D), inner])
    x = model.layers[3](X)
    mask = np.repeat(np.arange(T)[None] % 2 == 0, N, axis=0)
    assert np.array_equal(model(X), inner(x, mask=mask))
    handed_on = model.forward(model.ops.gather(X, slice(None), "float32")).mask
    assert np.array_equal(model.ops.to_host(handed_on), mask.T)


@pytest.mark.parametrize("call", [lambda m, x: m(x), lambda m, x: m.predict(x, verbose=0), lambda m, x: m.predict_on_batch(x)])
def test_steps_that_a_layer_ties_down_are_checked_before_a_kernel_runs(call):
    model = Sequential([Input((T, D)), LSTM(H, return_sequences=True), layers.Flatten(), Dense(C)])
    assert call(model, X).shape == (N, C)
    with pytest.raises(ValueError, match=rf"was built for features = {T * H}, got shape \({N}, {(T - 1) * H}\)"):
        call(model, X[:, 1:])


def test_the_device_is_the_default_one_unless_named():
    model, named = Sequential([Dense(3)]), Sequential([Dense(3)], device="reference")
    assert model.device == device.get_device()
    assert named.device == "reference"
    assert model.to("reference") is model
    assert model.device == "reference"
    assert np.array_equal(model(X), model(X))


# -- gradients --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [(), (0,), (2,), (0, 2), (0, 2, 3)])
def test_gradients_agree_with_finite_differences_whatever_is_frozen(frozen):
    model, key, step = build("float64"), Key(3, 1), 1e-5
    for index in frozen:
        model.layers[index].trainable = False
    ops, dy = model.ops, RNG.normal(size=(N, C))
    x = ops.gather(X, slice(None), "float64")
    weights = model.trainable_weights
    starts = [v.numpy() for v in weights]
    directions = [RNG.normal(size=v.shape) for v in weights]

    def loss(distance):
        for variable, start, direction in zip(weights, starts, directions, strict=True):
            variable.assign(start + distance * direction)
        result = model.forward(x, True, key)
        return np.sum(ops.to_host(result.y) * dy), result.tapes

    difference = (loss(step)[0] - loss(-step)[0]) / (2 * step)
    gradients = model.backward(loss(0.0)[1], ops.gather(dy, slice(None), "float64")).weights
    assert [g.shape for g in gradients] == [v.shape for v in weights]
    slope = sum(np.sum(ops.to_host(g) * d) for g, d in zip(gradients, directions, strict=True))
    assert_close(slope, difference, FINITE_DIFFERENCES)


def test_trainable_is_set_for_all_layers():
    model = build()
    model.trainable = False
    assert model.trainable_weights == []
    assert model.non_trainable_weights == model.weights
    assert not any(layer.trainable for layer in model.layers)
    model.trainable = True
    assert model.trainable_weights == model.weights


# -- compile ----------------------------------------------------------------------------------------------------------


def test_a_compile_config_compiles_an_equal_model():
    model, other = build(), build()
    assert model.get_compile_config() == {}
    model.compile(Adam(0.02, clipnorm=1.0), "huber", metrics=["accuracy", "mae"], weighted_metrics=["mse"])
    other.compile_from_config(model.get_compile_config())
    assert other.compiled
    assert other.get_compile_config() == model.get_compile_config()
    assert [metric.name for metric in other.metrics] == ["accuracy", "mae", "mse"]


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"optimizer": "adm"}, ValueError, "unknown optimizer 'adm', did you mean 'adam'"),
        ({"loss": "mean_squared_eror"}, ValueError, "unknown loss 'mean_squared_eror', did you mean 'mean_squared_error'"),
        ({"metrics": ["acuracy"]}, ValueError, "unknown metric 'acuracy', did you mean 'accuracy'"),
        ({"metrics": "mae"}, TypeError, r"metrics must be a list, got 'mae'. Write metrics=\['mae'\]"),
        ({"loss_weights": [1.0, 2.0]}, ValueError, "loss_weights must have one entry, for there is one output, got 2"),
    ],
)
def test_compile_refuses_what_it_does_not_know_and_changes_nothing(arguments, error, sentence):
    model = build()
    model.compile("sgd", "mse")
    before = model.get_compile_config()
    with pytest.raises(error, match=sentence):
        model.compile(**{"optimizer": "adam", "loss": "mae", **arguments})
    assert model.get_compile_config() == before


# -- the package ------------------------------------------------------------------------------------------------------


def test_the_package_has_its_public_names():
    for name in numba_lstm.__all__:
        assert getattr(numba_lstm, name) is not None
    assert numba_lstm.utils.set_random_seed is numba_lstm.set_random_seed
    assert numba_lstm.__version__.count(".") == 2


def test_clear_session_starts_the_names_again():
    assert Sequential().name == "sequential"
    numba_lstm.utils.clear_session()
    assert Sequential().name == "sequential"
