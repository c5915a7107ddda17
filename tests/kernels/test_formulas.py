"""Formulas of custom activations: what is written down, once for everything that says the same."""

from __future__ import annotations

import numpy as np

from numba_lstm.kernels.formulas import formulas
from numba_lstm.kernels.specs import Activation


def formulas_of(function, derivative=None):
    return formulas(Activation("own", function=function, derivative=derivative))


def test_a_formula_is_its_operations_in_order():
    assert formulas_of(lambda x: x * np.tanh(x + 1))[0].split("\n") == [
        "v1 = constant(x, 1.0)",
        "v2 = add(x, v1)",
        "v3 = tanh(v2)",
        "v4 = multiply(x, v3)",
        "v4",
    ]


def test_what_is_done_twice_is_written_once():
    assert formulas_of(lambda x: np.exp(x) / (1 + np.exp(x)))[0].count("exp") == 1


def test_a_constant_factor_is_all_that_is_left_of_it_in_a_slope():
    assert formulas_of(lambda x: 3 * x + 2)[1].split("\n") == ["v1 = constant(x, 3.0)", "v1"]


def test_functions_that_say_the_same_have_one_formula():
    one, other = (formulas_of(lambda x, k=k: x * k) for k in (2, 2.0))
    assert one == other != formulas_of(lambda x: x * 3)
