"""Configs, copies and pickles of models."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from model_cases import C, D, H, MaskOdd, T, X, Y, build

from numba_lstm import Input, Sequential, constraints, initializers, losses, metrics, models, optimizers, philox, regularizers
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, LSTMCell, TimeDistributed
from numba_lstm.naming import names
from numba_lstm.optimizers import Adam, schedules


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(21)
    names.reset()


def test_a_config_makes_an_equal_model_without_its_weights():
    model = build("float64", name="mine")
    model.layers[0].trainable = False
    duplicate = Sequential.from_config(model.get_config())
    assert duplicate.get_config() == model.get_config()
    assert (duplicate.name, duplicate.dtype, duplicate.shapes) == ("mine", "float64", model.shapes)
    assert [layer.trainable for layer in duplicate.layers] == [False, True, True, True]
    assert not np.array_equal(duplicate(X), model(X))
    duplicate.set_weights(model.get_weights())
    assert np.array_equal(duplicate(X), model(X))


def test_a_config_of_a_model_that_is_not_built_makes_one_that_is_not():
    assert not Sequential.from_config(Sequential([LSTM(3), Dense(1)]).get_config()).built


def test_own_layers_come_back_with_custom_objects():
    config = Sequential([Input((T, D)), MaskOdd(), LSTM(H)]).get_config()
    with pytest.raises(ValueError, match="unknown layer 'MaskOdd'"):
        Sequential.from_config(config)
    duplicate = Sequential.from_config(config, custom_objects={"MaskOdd": MaskOdd})
    assert [type(layer) for layer in duplicate.layers] == [MaskOdd, LSTM]


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda model: pickle.loads(pickle.dumps(model))}


@pytest.mark.parametrize("method", COPIES)
def test_a_copy_continues_training_as_its_original(method):
    model = build()
    model.compile(Adam(0.02), "mse", metrics=["mae"])
    model.fit(X, Y, epochs=3, batch_size=2, verbose=0)
    duplicate = COPIES[method](model)
    assert duplicate.optimizer.iterations == model.optimizer.iterations == 6
    for each in (model, duplicate):
        each.fit(X, Y, epochs=2, batch_size=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), duplicate.get_weights(), strict=True))
    assert duplicate.predict(X, verbose=0).tolist() == model.predict(X, verbose=0).tolist()


@pytest.mark.parametrize("method", COPIES)
def test_a_copy_shares_nothing_with_its_original(method):
    model = build(device="reference")
    duplicate = COPIES[method](model)
    before = duplicate(X)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.pop()
    assert np.array_equal(duplicate(X), before)
    assert duplicate.device == "reference"
    assert duplicate.name == model.name


@pytest.mark.parametrize("method", COPIES)
def test_copies_of_other_states_work_too(method):
    assert not COPIES[method](Sequential([LSTM(3)])).built
    frozen = build()
    frozen.compile("adam", "mse")
    frozen.train_on_batch(X, Y)
    frozen.layers[0].trainable = False
    assert COPIES[method](frozen).optimizer.iterations == 1
    custom = Sequential([Input((T, D)), MaskOdd(), LSTM(H)])
    assert np.array_equal(COPIES[method](custom)(X), custom(X))


def test_copying_and_reading_draw_no_random_numbers():
    model = build()
    state = philox.default_stream().state
    copy.deepcopy(model)
    assert philox.default_stream().state == state


def test_a_pickle_holds_configs_and_numpy_arrays_only():
    model = build()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    make, (cls, state) = model.__reduce__()
    assert cls is Sequential
    _only_plain({key: value for key, value in state.items() if key != "layers"})


def _only_plain(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            _only_plain(item)
    else:
        assert value is None or isinstance(value, (str, int, float, bool, np.ndarray))


def test_a_saved_model_is_loaded_again(tmp_path):
    model = build()
    model.save(tmp_path / "model.nlstm")
    assert np.array_equal(models.load_model(tmp_path / "model.nlstm")(X), model(X))


def test_initializers_are_not_run_for_a_copy(monkeypatch):
    model = Sequential([Input((D,)), Dense(C, kernel_initializer=initializers.Orthogonal())])
    monkeypatch.setattr(initializers.Orthogonal, "draw", lambda *_: pytest.fail("drawn"))
    assert np.array_equal(copy.deepcopy(model)(X[:, 0]), model(X[:, 0]))


class CustomInitializer(initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return np.full(shape, 0.1, dtype or "float32")


class CustomDense(Dense):
    pass


class CustomRegularizer(regularizers.L2):
    pass


class CustomConstraint(constraints.NonNeg):
    pass


class CustomSchedule(schedules.ExponentialDecay):
    pass


class CustomOptimizer(optimizers.SGD):
    pass


class CustomLoss(losses.MeanSquaredError):
    pass


class CustomMetric(metrics.MeanAbsoluteError):
    pass


CUSTOM_OBJECTS = {
    "in a layer": lambda: Dense(1, kernel_initializer=CustomInitializer(), bias_regularizer=CustomRegularizer(0.1)),
    "in an LSTM": lambda: LSTM(2, recurrent_initializer=CustomInitializer(), kernel_constraint=CustomConstraint()),
    "in two directions": lambda: Bidirectional(LSTM(2, kernel_regularizer=CustomRegularizer(0.1))),
    "in a cell": lambda: RNN(LSTMCell(2, kernel_initializer=CustomInitializer())),
    "a layer within a layer": lambda: TimeDistributed(CustomDense(2)),
}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("layer", CUSTOM_OBJECTS.values(), ids=CUSTOM_OBJECTS)
def test_classes_of_ones_own_are_copied_wherever_they_are(layer, copied):
    model = Sequential([Input((T, D)), layer()])
    model.compile(CustomOptimizer(CustomSchedule(0.1, 10, 0.5)), CustomLoss(), metrics=[CustomMetric()])
    duplicate = copied(model)
    assert duplicate.get_config() == model.get_config()
    assert duplicate.get_compile_config() == model.get_compile_config()
    assert {type(duplicate.optimizer), type(duplicate.loss), *map(type, duplicate.compiled_outputs[0].metrics)} == {
        CustomOptimizer,
        CustomLoss,
        CustomMetric,
    }
    assert np.array_equal(duplicate(X), model(X))


def test_two_classes_of_one_name_are_not_confused():
    namesake = type("Dense", (Dense,), {"__module__": __name__})
    model = Sequential([Input((D,)), Dense(2), namesake(2)])
    with pytest.raises(ValueError, match="two classes are named Dense, and a config has classes by their names. Rename"):
        copy.deepcopy(model)
    alone = Sequential([Input((D,)), namesake(2)])
    assert type(copy.deepcopy(alone).layers[0]) is namesake
