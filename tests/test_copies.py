"""Configs, copies and pickles of models."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from model_cases import C, D, H, MaskOdd, T, X, Y, build

from numba_lstm import (
    Input,
    Sequential,
    constraints,
    initializers,
    losses,
    metrics,
    models,
    names,
    optimizers,
    random,
    regularizers,
)
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, LSTMCell, TimeDistributed
from numba_lstm.optimizers import Adam, schedules


@pytest.fixture(autouse=True)
def _fresh():
    random.set_random_seed(21)
    names.reset()


def test_a_config_makes_an_equal_model_without_its_weights():
    model = build("float64", name="mine")
    model.layers[0].trainable = False
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert (again.name, again.dtype, again.shapes) == ("mine", "float64", model.shapes)
    assert [layer.trainable for layer in again.layers] == [False, True, True, True]
    assert not np.array_equal(again(X), model(X))
    again.set_weights(model.get_weights())
    assert np.array_equal(again(X), model(X))


def test_a_config_of_a_model_that_is_not_built_makes_one_that_is_not():
    assert not Sequential.from_config(Sequential([LSTM(3), Dense(1)]).get_config()).built


def test_own_layers_come_back_with_custom_objects():
    config = Sequential([Input((T, D)), MaskOdd(), LSTM(H)]).get_config()
    with pytest.raises(ValueError, match="unknown layer 'MaskOdd'"):
        Sequential.from_config(config)
    again = Sequential.from_config(config, custom_objects={"MaskOdd": MaskOdd})
    assert [type(layer) for layer in again.layers] == [MaskOdd, LSTM]


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda model: pickle.loads(pickle.dumps(model))}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_continues_training_as_its_original(way):
    model = build()
    model.compile(Adam(0.02), "mse", metrics=["mae"])
    model.fit(X, Y, epochs=3, batch_size=2, verbose=0)
    twin = COPIES[way](model)
    assert twin.optimizer.iterations == model.optimizer.iterations == 6
    for each in (model, twin):
        each.fit(X, Y, epochs=2, batch_size=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), twin.get_weights(), strict=True))
    assert twin.predict(X, verbose=0).tolist() == model.predict(X, verbose=0).tolist()


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_shares_nothing_with_its_original(way):
    model = build(device="reference")
    twin = COPIES[way](model)
    before = twin(X)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.pop()
    assert np.array_equal(twin(X), before)
    assert twin.device == "reference"
    assert twin.name == model.name


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_other_states_work_too(way):
    assert not COPIES[way](Sequential([LSTM(3)])).built
    frozen = build()
    frozen.compile("adam", "mse")
    frozen.train_on_batch(X, Y)
    frozen.layers[0].trainable = False
    assert COPIES[way](frozen).optimizer.iterations == 1
    own = Sequential([Input((T, D)), MaskOdd(), LSTM(H)])
    assert np.array_equal(COPIES[way](own)(X), own(X))


def test_copying_and_reading_draw_no_random_numbers():
    model = build()
    state = random.default_stream().state
    copy.deepcopy(model)
    assert random.default_stream().state == state


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


class OwnInitializer(initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return np.full(shape, 0.1, dtype or "float32")


class OwnDense(Dense):
    pass


class OwnRegularizer(regularizers.L2):
    pass


class OwnConstraint(constraints.NonNeg):
    pass


class OwnSchedule(schedules.ExponentialDecay):
    pass


class OwnOptimizer(optimizers.SGD):
    pass


class OwnLoss(losses.MeanSquaredError):
    pass


class OwnMetric(metrics.MeanAbsoluteError):
    pass


OWN_PARTS = {
    "in a layer": lambda: Dense(1, kernel_initializer=OwnInitializer(), bias_regularizer=OwnRegularizer(0.1)),
    "in an LSTM": lambda: LSTM(2, recurrent_initializer=OwnInitializer(), kernel_constraint=OwnConstraint()),
    "in two directions": lambda: Bidirectional(LSTM(2, kernel_regularizer=OwnRegularizer(0.1))),
    "in a cell": lambda: RNN(LSTMCell(2, kernel_initializer=OwnInitializer())),
    "a layer within a layer": lambda: TimeDistributed(OwnDense(2)),
}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("layer", OWN_PARTS.values(), ids=OWN_PARTS)
def test_classes_of_ones_own_are_copied_wherever_they_are(layer, copied):
    model = Sequential([Input((T, D)), layer()])
    model.compile(OwnOptimizer(OwnSchedule(0.1, 10, 0.5)), OwnLoss(), metrics=[OwnMetric()])
    again = copied(model)
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    assert {type(again.optimizer), type(again.loss), *map(type, again.metrics_list)} == {OwnOptimizer, OwnLoss, OwnMetric}
    assert np.array_equal(again(X), model(X))


def test_two_classes_of_one_name_are_not_confused():
    namesake = type("Dense", (Dense,), {"__module__": __name__})
    model = Sequential([Input((D,)), Dense(2), namesake(2)])
    with pytest.raises(ValueError, match="two classes are named Dense, and a config has classes by their names. Rename"):
        copy.deepcopy(model)
    alone = Sequential([Input((D,)), namesake(2)])
    assert type(copy.deepcopy(alone).layers[0]) is namesake
