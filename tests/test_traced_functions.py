"""What a function of one's own reads is part of what it is: layers made later see its new value, earlier ones keep the old."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from numba_lstm import Input, Sequential, activations, load_model
from numba_lstm.activations.custom_functions import REGISTERED
from numba_lstm.kernels.reference.functions import duals
from numba_lstm.kernels.reference.functions.activations import slope, value
from numba_lstm.layers import LSTM, Activation, Bidirectional, Dense

DEVICES = ("cpu", "reference")
X = np.ones((1, 4, 2))

slope_of_lines = 0.5
settings = {"slope": 0.5}


def line(x):
    return slope_of_lines * x


def reads_a_global(x):
    return slope_of_lines * x


def calls_another(x):
    return line(x) + 0 * x


def reads_a_dict(x):
    return x * settings["slope"]


class Line:
    slope = 0.5

    def __call__(self, x):
        return x * self.slope

    def method(self, x):
        return x * self.slope


@dataclass  # its instances have no hash
class Scaled:
    slope: float

    def __call__(self, x):
        return x * self.slope


def closure(cell):
    return lambda x: x * cell[0]


def output(model):
    return float(model.predict(X, verbose=0)[0, 0])


def lstm(device, activation):
    ones = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
    return Sequential([Input((4, 2)), LSTM(2, activation=activation, **ones)], device=device)


def dense(device, activation):
    return Sequential([Input((2,)), Dense(1, activation, kernel_initializer="ones")], device=device)


def changed(kind, monkeypatch):
    """A function that reads 0.5, and what makes it read 0.1."""
    things = {"cell": [0.5], "line": Line(), "scaled": Scaled(0.5)}
    return {
        "global": (reads_a_global, lambda: monkeypatch.setitem(globals(), "slope_of_lines", 0.1)),
        "function called": (calls_another, lambda: monkeypatch.setitem(globals(), "line", lambda x: 0.1 * x)),
        "dict": (reads_a_dict, lambda: monkeypatch.setitem(settings, "slope", 0.1)),
        "closure": (closure(things["cell"]), lambda: things["cell"].__setitem__(0, 0.1)),
        "attribute": (things["line"].method, lambda: setattr(things["line"], "slope", 0.1)),
        "object": (things["line"], lambda: setattr(things["line"], "slope", 0.1)),
        "object without a hash": (things["scaled"], lambda: setattr(things["scaled"], "slope", 0.1)),
        "partial": (partial(lambda x, cell: x * cell[0], cell=things["cell"]), lambda: things["cell"].__setitem__(0, 0.1)),
    }[kind]


KINDS = ("global", "function called", "dict", "closure", "attribute", "object", "object without a hash", "partial")


@pytest.mark.parametrize("make", [lstm, dense])
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_made_after_a_change_computes_with_it(kind, make, monkeypatch):
    function, change = changed(kind, monkeypatch)
    x = X if make is lstm else X[:, 0]
    before = [make(device, function) for device in DEVICES]
    first = [model.predict(x, verbose=0)[0, 0] for model in before]
    change()
    second = [make(device, function).predict(x, verbose=0)[0, 0] for device in DEVICES]
    duplicate = [model.predict(x, verbose=0)[0, 0] for model in before]
    np.testing.assert_allclose(first, first[0], rtol=1e-6)
    np.testing.assert_allclose(second, second[0], rtol=1e-6)
    assert duplicate == first  # a layer keeps what it was made of
    if make is dense:
        np.testing.assert_allclose([first[0], second[0]], [1.0, 0.2], rtol=1e-6)


def test_defaults_of_a_function_are_read_when_a_layer_is_made():
    def scaled(x, by=0.5):
        return x * by

    assert output(dense_of_steps(scaled)) == 1.0
    scaled.__defaults__ = (0.25,)
    assert output(dense_of_steps(scaled)) == 0.5


def dense_of_steps(activation):
    stack = [Input((4, 2)), LSTM(2, kernel_initializer="zeros", bias_initializer="zeros", unit_forget_bias=False)]
    return Sequential(
        [*stack, Dense(1, activation, kernel_initializer="zeros", bias_initializer=bias_of_two())], device="reference"
    )


def bias_of_two():
    from numba_lstm.initializers import Constant

    return Constant(2.0)


def test_the_change_of_a_global_in_numbers(monkeypatch):
    """An LSTM's output by hand: sigmoid gates of z = 2, the recurrent kernel 0, h = o * act(c)."""

    def expected(by):
        gate, forget = 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(-3.0))
        c = 0.0
        for _ in range(4):
            c = forget * c + gate * by * 2
        return gate * by * c

    for by in (0.5, 0.1):
        monkeypatch.setitem(globals(), "slope_of_lines", by)
        for device in DEVICES:
            assert output(lstm(device, reads_a_global)) == pytest.approx(expected(by), rel=1e-5)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_computes_what_its_model_does(make, monkeypatch):
    model = Sequential([Input((4, 2)), Bidirectional(LSTM(2, reads_a_global)), Activation(reads_a_global)], device="reference")
    monkeypatch.setitem(globals(), "slope_of_lines", 0.1)
    assert output(make(model)) == output(model)


def test_a_registered_function_is_read_for_each_layer_and_never_saved_as_another(monkeypatch, tmp_path):
    activations.register("a line")(reads_a_global)
    try:
        model = dense("reference", "a line")
        assert model.predict(X[:, 0], verbose=0)[0, 0] == 1.0
        monkeypatch.setitem(globals(), "slope_of_lines", 0.25)
        with pytest.raises(
            ValueError, match="its activation 'a line' reads something that has changed since the layer was made"
        ):
            model.save(tmp_path / "m.nlstm")
        later = dense("reference", "a line")
        assert later.predict(X[:, 0], verbose=0)[0, 0] == 0.5
        later.save(tmp_path / "m.nlstm")
        assert load_model(tmp_path / "m.nlstm", device="reference").predict(X[:, 0], verbose=0)[0, 0] == 0.5
        monkeypatch.setitem(globals(), "slope_of_lines", 0.5)  # as the sentence says: set back
        model.save(tmp_path / "m.nlstm")
    finally:
        del REGISTERED["a line"]


def test_a_derivative_is_read_with_its_function(monkeypatch):
    first = activations.custom(np_square, reads_a_global)
    monkeypatch.setitem(globals(), "slope_of_lines", 0.1)
    second = activations.custom(np_square, reads_a_global)
    assert first != second
    z = np.array([[1.0, 2.0]])
    np.testing.assert_allclose(slope(first, z), 0.5 * z)
    np.testing.assert_allclose(slope(second, z), 0.1 * z)


def np_square(x):
    return np.square(x)


def test_the_reference_computes_a_traced_function_as_the_function_itself():
    def everything(x):
        y = np.tanh(x) / (1 + np.abs(x)) + np.where(x > 0.3, x**2, np.expm1(x)) - np.maximum(x, 0.2) * np.sqrt(np.square(x) + 1)
        return np.clip(y, -3, 3) + np.reciprocal(2 + x**0.5) + np.log1p(np.exp(-x)) + np.sign(x) + x**1.7 + (-x) ** 0

    z = np.linspace(0.05, 2, 12).reshape(3, 4)
    spec = activations.custom(everything)
    expected = duals.evaluate(everything, z)
    np.testing.assert_allclose(value(spec, z), expected[0], rtol=1e-14)
    np.testing.assert_allclose(slope(spec, z), expected[1], rtol=1e-14)


@pytest.mark.parametrize("constant", [np.array(2.0), np.array(2), np.array(True), np.float32(2)])
def test_an_array_without_axes_is_a_number(constant):
    for make in (
        lambda k: lambda x: k * x,
        lambda k: lambda x: x**k,
        lambda k: lambda x: np.where(x > k, x, k),
    ):
        assert activations.custom(make(constant)).formulas == activations.custom(make(float(constant))).formulas


@pytest.mark.parametrize("constant", [np.array([2.0]), np.array(2j), np.array("a")])
def test_other_arrays_are_no_numbers(constant):
    with pytest.raises(TypeError, match="it computes with ndarray, where only its argument and numbers can be"):
        activations.custom(lambda x: x * constant)


@pytest.mark.parametrize("function", [lambda x: x * 10**400, lambda x: x**10**400, lambda x: np.maximum(x, -(10**400))])
def test_a_number_beyond_all_floats_is_a_sentence(function):
    sentence = r"cannot be taken: a number in it is beyond the largest one, 1\.8e308\. Write np\.inf, or a smaller number\.$"
    with pytest.raises(TypeError, match=sentence):
        LSTM(2, activation=function)
    LSTM(2, activation=lambda x: np.maximum(x, -np.inf))
