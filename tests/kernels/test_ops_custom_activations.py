"""Custom activations on a device against the reference: every word of the vocabulary, kinks, far arguments, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from custom_activations import CUSTOM
from kernel_cases import DTYPES, assert_lstm_equals_reference, in_float64, lstm_case, lstm_forward, put
from lstm_streams import lstm_stream
from test_reference_duals import BRANCHES, FORMULAS, KINKS, REFUSED
from tolerances import ELEMENTWISE, RECURRENT, assert_each_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Activation, LSTMSpec


def custom(function, derivative=None):
    return Activation("custom", function=function, derivative=derivative)


def value(ops, x, activation):
    return np.array(ops.to_host(ops.activation_forward(put(ops, x), activation)[0]))


def value_and_slope(ops, x, activation):
    y, tape = ops.activation_forward(put(ops, x), activation, training=True)
    return np.array(ops.to_host(y)), np.array(ops.to_host(ops.activation_backward(tape, put(ops, np.ones_like(x)))))


def assert_equals_reference(ops, x, activation):
    expected = value_and_slope(get_ops("reference"), in_float64(x), activation)
    for found, value in zip(value_and_slope(ops, x, activation), expected, strict=True):
        assert found.dtype == x.dtype
        assert_each_close(found, value, ELEMENTWISE[str(x.dtype)])


#: Words whose code depends on the dtype. An ordinary run takes the others in one dtype each, in turn.
BY_DTYPE = ("**", "exp", "expm1", "log", "log1p", "tanh")

IN_TURN = {
    (word, dtype): () if word in BY_DTYPE or dtype == DTYPES[k % 2] else pytest.mark.slow
    for k, word in enumerate(FORMULAS)
    for dtype in DTYPES
}


@pytest.mark.parametrize(("word", "dtype"), [pytest.param(*case, marks=marks) for case, marks in IN_TURN.items()])
def test_every_word(ops, dtype, word):
    assert_equals_reference(ops, np.linspace(-2.03, 2.01, 28).reshape(4, 7).astype(dtype), custom(FORMULAS[word]))


@pytest.mark.parametrize("power", [0, 1, 7, -3, 64, 0.5, 1.7, -0.7])
def test_powers(ops, power):
    assert_equals_reference(ops, np.linspace(0.6, 1.1, 14).reshape(2, 7), custom(lambda x: x**power))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_is_compared_in_the_dtype_of_x(every_ops, dtype):
    """The float32 0.3 is above the float64 one."""
    x = np.full((1, 2), 0.3, dtype)
    x[0, 1] = np.nextafter(x[0, 0], np.ones((), dtype))
    assert value(every_ops, x, custom(lambda x: np.where(x > 0.3, 1.0, 0.0 * x))).tolist() == [[0, 1]]


def test_a_derivative_that_is_given_is_taken(ops):
    assert_equals_reference(ops, np.linspace(-1, 1, 14).reshape(2, 7), custom(np.tanh, lambda x: x + 7))


def test_what_other_python_comes_to(ops):
    """Loops over constants, helpers, comparisons as numbers."""

    def function(x):
        total = 0.5
        for k in range(1, 4):
            total = total + np.tanh(k * x) / k
        return total * (x > 0.3) + np.where(x * 0, 1.0, x)

    assert_equals_reference(ops, np.linspace(-1, 1, 14).reshape(2, 7), custom(function))


@pytest.mark.parametrize(("function", "kink", "slope"), KINKS)
def test_slopes_at_kinks_are_the_left_ones(ops, function, kink, slope):
    assert (value_and_slope(ops, np.full((1, 3), kink), custom(function))[1] == slope).all()


#: Functions that no named activation has, over all numbers where they are defined.
FAR = {"log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt, "sign": np.sign}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FAR)
def test_far_and_near_arguments(ops, dtype, name):
    """Each to a relative error, since next to a root, and near 0, that is what is asked of it."""
    limits = np.finfo(dtype)
    far = np.concatenate([np.geomspace(limits.tiny, limits.max / 4, 301), np.linspace(0.5, 2, 301)])
    x = np.concatenate([far, -far, [0, limits.tiny / 8, np.inf, -np.inf, np.nan]]).astype(dtype)[:, None]
    with np.errstate(all="ignore"):
        found, expected = value(ops, x, custom(FAR[name])), FAR[name](in_float64(x)).astype(dtype)
    denormal = np.abs(expected) < limits.tiny
    tolerance = {"float32": 5e-7, "float64": 3e-14 if name == "expm1" else 5e-15}[dtype]  # n log 2 of a large n, as in exp
    np.testing.assert_allclose(found[~denormal], expected[~denormal], rtol=tolerance)
    np.testing.assert_allclose(found[denormal], expected[denormal], atol=limits.tiny)


WITH_NAN = ("maximum", "minimum", "where", "clip", "abs", "sign", "log1p", "**")


@pytest.mark.parametrize(
    ("word", "dtype"), [pytest.param(*case, marks=marks) for case, marks in IN_TURN.items() if case[0] in WITH_NAN]
)
def test_nan_is_kept(ops, dtype, word):
    x = np.linspace(-1, 1, 37).astype(dtype)[None]
    x[0, 20] = np.nan
    assert np.isnan(value(ops, x, custom(FORMULAS[word]))[0, 20])


@pytest.mark.parametrize("activation", CUSTOM[:2], ids=[a.name for a in CUSTOM[:2]])
def test_in_a_cell(ops, activation):
    """One without its derivative and one with it. Random combinations of options have each in each role."""
    assert_lstm_equals_reference(
        ops, lstm_case(spec=LSTMSpec(activation, Activation("sigmoid"), activation)), RECURRENT["float64"]
    )


@pytest.mark.parametrize("name", ["custom", "linear", "softmax"])
def test_in_a_stream(ops, name):
    """Whatever the function is called."""
    activation = Activation(name, function=CUSTOM[0].function)
    case = lstm_case(T=1, N=1, h0=None, c0=None, spec=LSTMSpec(activation, output_activation=activation))
    h = lstm_forward(ops, case).h
    expected = ops.activation_forward(h, activation)[0]
    assert lstm_stream(ops, case, 1, activation)(case.x[0, 0]).tobytes() == np.array(ops.to_host(expected)).tobytes()


@pytest.mark.parametrize("function", BRANCHES)
def test_a_branch_is_told_to_use_where(ops, function):
    with pytest.raises(TypeError, match=r"use np\.where"):
        ops.activation_forward(put(ops, np.ones((1, 1))), custom(function))


@pytest.mark.parametrize(("function", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_what_is_refused(ops, function, reason):
    with pytest.raises(TypeError, match=reason.replace(".", r"\.")):
        ops.activation_forward(put(ops, np.ones((1, 1))), custom(function))


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_undefined_at_zero_stays_out_of_other_units(ops, dtype):
    """Where H fills no panel a device may compute with units of zeros that nobody asked for."""
    spec = LSTMSpec(activation=custom(lambda x: np.tanh(x) + 0 / x))
    assert_lstm_equals_reference(ops, lstm_case(7, 3, 20, 18, dtype=dtype, spec=spec), RECURRENT[dtype])
