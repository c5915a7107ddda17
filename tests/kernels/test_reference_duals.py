"""Custom activations: its slope by dual numbers, what it may use, and what it is told where it may not."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from finite_differences import assert_gradient
from kernel_cases import ELEMENTWISE_ACTIVATIONS, lstm_case, name_of, run_lstm
from tolerances import ELEMENTWISE, RECURRENT, assert_close, assert_each_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import FUNCTIONS, Activation, LSTMSpec

OPS = get_ops("reference")
Z = np.linspace(-2.03, 2.01, 28).reshape(4, 7)  #: no kink of the functions below is among these


def value_and_slope(function, z=Z, derivative=None):
    y, tape = OPS.activation_forward(z, Activation("own", function=function, derivative=derivative), training=True)
    return y, OPS.activation_backward(tape, np.ones_like(y))


#: One formula at least for every operator and every function of the vocabulary.
FORMULAS = {
    "+": lambda x: 2 + x + 1 + x * x,
    "-": lambda x: 2 - x - 1 - x * x,
    "*": lambda x: 3 * x * (x + 1) * 0.5,
    "/": lambda x: x / 2 + 3 / (x + 4) + x / (x * x + 1),
    "**": lambda x: x**3 + (x + 4) ** 0.5 + (x + 4) ** -2,
    "unary": lambda x: -x * x,
    "comparisons": lambda x: np.where(x < 1, x, 2 * x) + np.where(x >= 0, x, 3.0) + np.where(x != 5, x, 0) * (x <= 1),
    "exp": np.exp,
    "expm1": lambda x: np.expm1(x / 2) * x,
    "log": lambda x: np.log(x * x + 1),
    "log1p": lambda x: np.log1p(x + 3),
    "tanh": lambda x: np.tanh(2 * x),
    "sqrt": lambda x: np.sqrt(x + 3),
    "square": lambda x: np.square(np.square(x)),
    "abs": lambda x: np.abs(x) * x + abs(x),
    "negative": lambda x: np.negative(x) * x,
    "reciprocal": lambda x: np.reciprocal(x + 3),
    "maximum": lambda x: np.maximum(x, 0.5) * np.maximum(-1, x) + np.maximum(x, x * x),
    "minimum": lambda x: np.minimum(x, 0.5) * np.minimum(-1, x) + np.minimum(x, x * x),
    "where": lambda x: np.where(x > 0.3, np.exp(x), x * x),
    "clip": lambda x: np.clip(x, -1, 1) * x + np.clip(x, a_min=0.1, a_max=0.7),
    "sign": lambda x: np.sign(x) * x * x,
    "floor": lambda x: np.floor(x) * x,
    "ceil": lambda x: np.ceil(x) * x,
    "rint": lambda x: np.rint(3 * x) * x,
    "sin": lambda x: np.sin(2 * x) * x,
    "cos": lambda x: np.cos(2 * x) * x,
    "tan": lambda x: np.tan(x / 2) * x,
    "arcsin": lambda x: np.arcsin(x / 3) * x,
    "arccos": lambda x: np.arccos(x / 3) * x,
    "arctan": lambda x: np.arctan(x) * x,
    "arctan2": lambda x: np.arctan2(x, x * x + 1) + np.arctan2(2, x),
}


def test_every_function_has_a_formula_here():
    assert set(FUNCTIONS) <= FORMULAS.keys()


@pytest.mark.parametrize("name", FORMULAS)
def test_value_and_slope(name):
    function = FORMULAS[name]
    y, slope = value_and_slope(function)
    np.testing.assert_array_equal(y, function(Z))
    assert_gradient(slope, lambda z: np.sum(function(z)), Z)


#: Functions with a kink, the kink, and the slope on its left.
KINKS = [
    (lambda x: np.maximum(x, 0), 0.0, 0),
    (lambda x: np.maximum(0, x), 0.0, 0),
    (lambda x: np.minimum(x, 0), 0.0, 1),
    (lambda x: np.maximum(-x, 0), 0.0, -1),
    (lambda x: -np.minimum(x, 0), 0.0, -1),
    (np.abs, 0.0, -1),
    (lambda x: np.abs(3 * x - 6), 2.0, -3),
    (lambda x: np.clip(x, -1, 2), -1.0, 0),
    (lambda x: np.clip(x, -1, 2), 2.0, 1),
]


@pytest.mark.parametrize(("function", "kink", "slope"), KINKS)
def test_slopes_at_kinks_are_the_left_ones(function, kink, slope):
    z = np.full((1, 1), kink)
    assert value_and_slope(function, z)[1] == slope
    assert function(z) - function(z - 0.5) == slope / 2


def test_only_the_chosen_side_of_where_has_a_slope():
    """The other one may be NaN or infinite, and says nothing about it."""
    y, slope = value_and_slope(lambda x: np.where(x > 0, np.sqrt(x), 1 / (x - x)))
    positive = Z > 0
    np.testing.assert_array_equal(y[positive], np.sqrt(Z[positive]))
    np.testing.assert_allclose(slope[positive], 0.5 / np.sqrt(Z[positive]), rtol=1e-14)


#: The formulas of the named activations in a person's own words.
WORDS = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.3 * x),
    "elu": lambda x: np.where(x > 0, x, 0.7 * np.expm1(x)),
    "selu": lambda x: 1.05070098735548 * np.where(x > 0, x, 1.67326324235437 * np.expm1(x)),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exponential": np.exp,
    "silu": lambda x: x / (1 + np.exp(-x)),
}


@pytest.mark.parametrize("activation", [a for a in ELEMENTWISE_ACTIVATIONS if a.name in WORDS], ids=name_of)
def test_the_formula_of_a_named_activation(activation):
    named, custom = (LSTMSpec(a, a) for a in (activation, Activation("own", function=WORDS[activation.name])))
    expected = run_lstm(OPS, lstm_case(spec=named))
    for name, value in run_lstm(OPS, lstm_case(spec=custom)).items():
        assert_close(value, expected[name], RECURRENT["float64"], name)


def test_a_derivative_that_is_given_is_taken():
    y, slope = value_and_slope(np.tanh, derivative=lambda x: x + 7)
    np.testing.assert_array_equal(y, np.tanh(Z))
    np.testing.assert_array_equal(slope, Z + 7)


@pytest.mark.parametrize("constant", [2, 0.5, np.float64(1.5)])
def test_a_constant_has_no_slope(constant):
    y, slope = value_and_slope(lambda x: constant)
    np.testing.assert_array_equal(y, np.full_like(Z, constant))
    assert not slope.any()


def test_float64_constants_leave_float32_what_it_is():
    y, slope = value_and_slope(lambda x: np.sqrt(2 / np.pi) * x + np.float64(1), Z.astype(np.float32))
    assert y.dtype == slope.dtype == np.float32
    assert_each_close(y, math.sqrt(2 / math.pi) * Z + 1, ELEMENTWISE["float32"])


def branch(x):
    return x if x > 0 else 0 * x


BRANCHES = [branch, lambda x: max(x, 0), lambda x: min(0, x), lambda x: x * (x > 0 and x < 1), lambda x: x if x else 1]


@pytest.mark.parametrize("shape", [(4, 7), (1, 1)], ids=str)
@pytest.mark.parametrize("function", BRANCHES)
def test_a_branch_is_told_to_use_where(function, shape):
    """Even of one number, of which NumPy would take the truth."""
    with pytest.raises(TypeError, match=r"use np\.where"):
        value_and_slope(function, np.ones(shape))


REFUSED = [
    (np.sinh, "np.sinh"),
    (lambda x: np.power(x, 2), "np.power"),
    (lambda x: x // 2, "np.floor_divide"),
    (lambda x: x % 2, "np.remainder"),
    (lambda x: 2**x, "np.power"),
    (lambda x: x**x, "power of a number"),
    (lambda x: np.maximum.accumulate(x), "accumulate"),
    (np.mean, "np.mean"),
    (lambda x: x + np.ones(7), "got ndarray"),
    (lambda x: math.exp(x), "np.exp instead of math.exp"),
    (lambda x: None, "got NoneType"),
]


@pytest.mark.parametrize(("function", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_what_is_refused(function, reason):
    with pytest.raises(TypeError, match=reason.replace(".", r"\.")):
        value_and_slope(function)


def test_a_sum_in_place_is_refused():
    def grow(x):
        x += 1
        return x

    with pytest.raises(TypeError, match=r"np\.add with out\. .*not y \+= x"):
        value_and_slope(grow)


def test_a_refusal_says_what_may_be_used():
    with pytest.raises(TypeError, match=", ".join(f"np.{name}" for name in FUNCTIONS)):
        value_and_slope(np.sinh)


def test_a_function_may_be_any_callable():
    def scaled(x, factor):
        return factor * np.tanh(x)

    np.testing.assert_array_equal(value_and_slope(partial(scaled, factor=3))[0], 3 * np.tanh(Z))
