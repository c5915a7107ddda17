"""Activations by name and as functions of arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import Input, Model, activations
from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import ACTIVATIONS, Activation
from numba_lstm.ops.program import Program
from numba_lstm.ops.tracing import input_like

FORMULAS = {
    "linear": lambda z: z,
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "hard_sigmoid": lambda z: np.clip(z + 3, 0, 6) / 6,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "selu": lambda z: 1.05070098735548 * np.where(z > 0, z, 1.67326324235437 * np.expm1(z)),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "exponential": np.exp,
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2,
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
}
X = np.random.default_rng(3).normal(scale=2, size=(3, 5, 7))


def test_there_is_a_formula_for_every_activation():
    assert FORMULAS.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORMULAS)
def test_each_function_computes_its_formula(name, dtype):
    y = getattr(activations, name)(X.astype(dtype))
    assert y.dtype == dtype
    assert_close(y, FORMULAS[name](X.astype(dtype).astype("float64")), ELEMENTWISE[dtype])


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_arrays_of_any_rank_keep_their_shape(shape):
    x = np.random.default_rng(1).normal(size=shape)
    y = activations.tanh(x)
    assert y.shape == shape
    assert_close(y, np.tanh(x), ELEMENTWISE["float64"])


def test_softmax_is_taken_over_the_last_axis():
    assert_close(activations.softmax(X[0, 0]).sum(), 1.0, 1e-14)
    assert_close(activations.softmax(X).sum(-1), np.ones((3, 5)), 1e-14)


def test_whole_numbers_are_computed_in_float32():
    y = activations.relu([-1, 0, 2])
    assert y.dtype == np.float32
    assert y.tolist() == [0, 0, 2]


def test_parameters_change_the_function():
    assert activations.leaky_relu(-4.0, negative_slope=0.5) == -2
    assert_close(activations.elu(np.float64(-1), alpha=3.0), 3 * np.expm1(-1), 1e-15)


def test_the_argument_is_not_changed_and_not_answered():
    x = np.array([[1.0, -2.0]])
    y = activations.linear(x)
    y[:] = 0
    assert x.tolist() == [[1, -2]]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_a_function_and_a_spec_are_the_same(name):
    function, spec = getattr(activations, name), Activation(name, ACTIVATIONS[name][1])
    for identifier in (name, function, spec, Activation(name), {"class_name": name, "config": {}}):
        assert activations.get(identifier) is function
        assert activations.as_spec(identifier) == spec
        assert activations.serialize(identifier) == name


def test_none_is_linear_and_swish_is_silu():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.get("silu") is activations.swish


def test_parameters_survive_serialisation():
    config = {"class_name": "leaky_relu", "config": {"negative_slope": 0.25}}
    function = activations.get(config)
    assert function(-4.0) == -1
    assert activations.as_spec(function) == Activation("leaky_relu", (0.25,))
    assert activations.serialize(function) == config


@pytest.mark.parametrize(
    ("identifier", "error", "sentence"),
    [
        ("tahn", ValueError, "unknown activation 'tahn', did you mean 'tanh'?"),
        ("cube", ValueError, "Known: .*'tanh'"),
        (np.cos, TypeError, "must be a name, a function of numba_lstm.activations"),
        (3, TypeError, "must be a name"),
        ({"class_name": "elu", "config": {"alpah": 1}}, ValueError, "unknown argument of elu 'alpah', did you mean 'alpha'?"),
        ({"class_name": "tanh", "config": {"slope": 1}}, ValueError, "unknown argument of tanh 'slope'"),
    ],
)
def test_what_is_no_activation_is_answered_with_a_sentence(identifier, error, sentence):
    with pytest.raises(error, match=sentence.replace("?", r"\?")):
        activations.get(identifier)


@pytest.mark.parametrize("x", [[1j], ["a"], [[1], [1, 2]]])
def test_only_real_numbers_are_taken(x):
    with pytest.raises((TypeError, ValueError), match="the argument of relu must be"):
        activations.relu(x)


@pytest.mark.parametrize("name", [name for name in activations.NAMES if name not in ("glu", "threshold")])
def test_a_function_takes_tensors(name):
    function, x = getattr(activations, name), np.linspace(-3, 3, 14).reshape(2, 7)
    tensor, symbol = input_like((2, 7)), Input((7,))
    compiled, device = Program([tensor], [function(tensor)], [True], "float64"), get_ops("reference")
    (y,), _ = compiled.forward(device, [device.asarray(x, "float64")])
    np.testing.assert_allclose(device.to_host(y), function(x), rtol=1e-12)
    if name != "linear":
        model = Model(symbol, function(symbol)).to("reference")
        # x - tanh(x) is a difference of numbers that are nearly equal around 0
        np.testing.assert_allclose(model.predict(x, verbose=0), function(x), rtol=1e-5 if name == "tanh_shrink" else 1e-6)
