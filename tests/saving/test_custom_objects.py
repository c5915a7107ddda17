"""load_model with custom_objects: custom functions and classes are found by name, invalid ones are refused."""

import re
from functools import partial

import numpy as np
import pytest

import numba_lstm
from numba_lstm import Sequential, activations, load_model
from numba_lstm.activations.custom_functions import REGISTERED
from numba_lstm.layers import LSTM, RNN, Activation, Bidirectional, Dense, Input, LSTMCell
from numba_lstm.losses import MeanSquaredError
from numba_lstm.regularizers import L2
from numba_lstm.saving import FileFormatError


def double(x):
    return 2.0 * np.tanh(x)


class Mine(Dense):
    pass


class CustomRegularizer(L2):
    pass


class MyLoss(MeanSquaredError):
    pass


@pytest.fixture(autouse=True)
def _on_reference(monkeypatch):
    monkeypatch.setattr(numba_lstm.device, "_default", "reference")


@pytest.fixture
def names():
    """The registered activations, restored afterwards."""
    before = dict(REGISTERED)
    yield REGISTERED
    REGISTERED.clear()
    REGISTERED.update(before)


@pytest.fixture
def saved(tmp_path, names):
    """A file whose model has activations of one's own in every place, written where they were registered."""
    activations.register("f")(double)
    layers = [
        Bidirectional(LSTM(2, activation="f", return_sequences=True)),
        RNN([LSTMCell(2, "f")], return_sequences=True),
        Dense(2, "f"),
        Activation("f"),
    ]
    model = Sequential([Input((3, 2)), *layers])
    model.save(tmp_path / "m.nlstm")
    names.clear()
    return tmp_path / "m.nlstm", model


def test_a_function_is_an_activation(saved):
    path, model = saved
    read = load_model(path, custom_objects={"f": double})
    x = np.linspace(-1, 1, 6).reshape(1, 3, 2)
    np.testing.assert_array_equal(read.predict(x, verbose=0), model.predict(x, verbose=0))


def scaled(factor, x):
    return factor * np.tanh(x)


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return self.factor * np.tanh(x)

    def method(self, x):
        return self.factor * np.tanh(x)


@pytest.mark.parametrize("custom", [partial(scaled, 2.0), Scaled(2.0), Scaled(2.0).method, lambda x: 2.0 * np.tanh(x)])
def test_whatever_can_be_an_activation_is_taken(saved, custom):
    path, model = saved
    x = np.linspace(-1, 1, 6).reshape(1, 3, 2)
    read = load_model(path, custom_objects={"f": custom})
    np.testing.assert_array_equal(read.predict(x, verbose=0), model.predict(x, verbose=0))
    assert "f" not in REGISTERED


@pytest.mark.parametrize("activation", [activations.softsign, partial(activations.leaky_relu, negative_slope=0.3)])
def test_an_activation_of_the_package_is_taken_under_a_name_of_ones_own(saved, activation):
    path, _ = saved
    read = load_model(path, custom_objects={"f": activation})
    np.testing.assert_array_equal(read.layers[-1](np.array([[-1.0, 2.0]])), Activation(activation)(np.array([[-1.0, 2.0]])))


def test_without_it_the_unknown_name_is_said(saved):
    with pytest.raises(FileFormatError, match="unknown activation 'f'"):
        load_model(saved[0])


def test_a_model_that_was_loaded_so_is_saved_once_its_function_is_registered(saved, tmp_path):
    read = load_model(saved[0], custom_objects={"f": double})
    with pytest.raises(
        ValueError, match=re.escape("Give it one, here and where the model is loaded: @numba_lstm.activations.register")
    ):
        read.save(tmp_path / "again.nlstm")
    activations.register("f")(double)
    read.save(tmp_path / "again.nlstm")
    load_model(tmp_path / "again.nlstm")


def test_classes_of_every_kind(tmp_path):
    model = Sequential([Input((2,)), Mine(2, kernel_regularizer=CustomRegularizer(0.1))])
    model.compile("sgd", MyLoss())
    model.save(tmp_path / "m.nlstm")
    custom = {"Mine": Mine, "CustomRegularizer": CustomRegularizer, "MyLoss": MyLoss}
    read = load_model(tmp_path / "m.nlstm", custom_objects=custom)
    assert type(read.layers[0]) is Mine
    assert type(read.layers[0].kernel_regularizer) is CustomRegularizer
    assert type(read.loss) is MyLoss
    for name in custom:
        with pytest.raises(FileFormatError, match=f"unknown .*{name!r}"):
            load_model(tmp_path / "m.nlstm", custom_objects={key: value for key, value in custom.items() if key != name})


WRONG = {
    "a number": ({"f": 3}, TypeError, "and functions that are activations; 'f' is 3."),
    "a regularizer": ({"f": L2(0.1)}, TypeError, "custom_objects takes classes of Layer, Loss, Metric, Optimizer,"),
    "an object": ({"f": Dense(2)}, TypeError, "custom_objects takes classes of Layer, Loss, Metric, Optimizer,"),
    "a class of something else": ({"f": dict}, TypeError, "'f' is <class 'dict'>"),
    "a list": ([double], TypeError, "Write {'name': class_or_function}"),
    "a function": (double, TypeError, "custom_objects must be a dict of names"),
    "numbers as names": ({1: double}, TypeError, "custom_objects must be a dict of names"),
    "a name of this package's": (
        {"tanh": double},
        ValueError,
        "a function 'tanh', which is an activation here. Give yours another",
    ),
}


@pytest.mark.parametrize("recipe", WRONG)
def test_what_cannot_be_meant(tmp_path, recipe):
    objects, error, message = WRONG[recipe]
    with pytest.raises(error, match=re.escape(message)):
        load_model(tmp_path / "none.nlstm", custom_objects=objects)


def test_the_name_that_was_saved_is_the_name_that_is_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = Sequential([Input((2,)), Dense(2)])
    model.save("m")
    assert load_model("m").get_config() == model.get_config()
    (tmp_path / "m").mkdir()
    assert load_model("m").get_config() == model.get_config()


def test_two_files_of_one_name_are_not_taken_for_each_other(tmp_path):
    model = Sequential([Input((2,)), Dense(2)])
    model.save(tmp_path / "m")
    (tmp_path / "m").write_bytes((tmp_path / "m.nlstm").read_bytes())
    with pytest.raises(ValueError, match="Rename the first one"):
        load_model(tmp_path / "m")
    (tmp_path / "m").rename(tmp_path / "other")
    load_model(tmp_path / "m")
    load_model(tmp_path / "other")


@pytest.mark.parametrize("safe_mode", [True, False])
def test_safe_mode_is_taken_where_keras_has_it(tmp_path, safe_mode):
    Sequential([Input((2,)), Dense(2)]).save(tmp_path / "m")
    load_model(tmp_path / "m", None, True, safe_mode)
    with pytest.raises(TypeError, match="safe_mode must be True or False, got 'cpu'. The device has a name: device='cpu'"):
        load_model(tmp_path / "m", None, True, "cpu")
