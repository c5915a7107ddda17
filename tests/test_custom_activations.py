"""A person's own function as an activation: what is taken, computed, registered, saved and refused."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from layer_gradients import check_gradients
from tolerances import ELEMENTWISE, RECURRENT, assert_close

from numba_lstm import Sequential, activations, load_model
from numba_lstm.activations.custom_functions import REGISTERED
from numba_lstm.kernels.formulas import trace
from numba_lstm.kernels.specs import FUNCTIONS
from numba_lstm.layers import LSTM, Activation, Bidirectional, Dense, Input

RNG = np.random.default_rng(51)
X = RNG.normal(size=(3, 5, 7))


def mish(x):
    return x * np.tanh(np.log1p(np.exp(x)))


def mish_slope(x):
    t = np.tanh(np.log1p(np.exp(x)))
    return t + x * (1 - t * t) / (1 + np.exp(-x))


@pytest.fixture
def registered():
    activations.register("smooth", mish_slope)(mish)
    yield "smooth"
    del REGISTERED["smooth"]


# -- what is taken ----------------------------------------------------------------------------------------------------


def test_a_function_becomes_an_activation_of_its_name():
    assert activations.as_spec(mish) == activations.custom(mish) == trace("mish", mish)
    assert activations.get(mish) is mish
    assert activations.custom(mish, mish_slope, "smooth") == trace("smooth", mish, mish_slope) != trace("smooth", mish)
    assert activations.as_spec(activations.custom(mish, mish_slope)).derivative is mish_slope


ARGUMENTS = {"arctan2": 2, "maximum": 2, "minimum": 2, "clip": 3}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "where"])
def test_each_function_of_the_vocabulary_is_taken(name):
    function = getattr(np, name)
    rest = (0.5, 1.5)[: ARGUMENTS.get(name, 1) - 1]
    assert activations.as_spec(lambda x: function(x, *rest)).function is not None


def test_operators_comparisons_and_where_are_taken():
    def function(x):
        y = 2 * x - x / 3 + (-x) * (x - 1) + 1 / (x**2 + np.pi) + abs(x) + x**0.5
        return np.where(x >= 0, y, np.where(x != -1, 0.0, x))

    assert activations.as_spec(function).function is function


def branch(x):
    return x if x > 0 else 0 * x


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (branch, "the activation 'branch' cannot be taken: it branches on its argument .* use np.where"),
        (lambda x: max(x, 0), "it branches on its argument"),
        (lambda x: x * math.exp(x), "use NumPy's functions, np.exp in place of math.exp"),
        (lambda x: np.cosh(x), "it uses np.cosh. Use .*np.tanh"),
        (lambda x: np.sum(x), "it uses np.sum"),
        (lambda x: x @ x, "it uses np.matmul"),
        (lambda x: (x > 0) * x, "it computes with a comparison: use np.where"),
        (lambda x: x > 0, "it computes with a comparison"),
        (lambda x: np.where(x, x, 0), "np.where takes a comparison and two values"),
        (lambda x: x + np.ones(3), "it computes with ndarray"),
        (lambda x: 2**x, "it uses np.power"),
        (lambda x: x**x, "only x [*][*] number can be"),
        (lambda x: None, "it computes with NoneType"),
        (lambda x: x + unknown, "cannot be called with one argument: name 'unknown'"),  # noqa: F821
        (lambda x, y: x + y, "cannot be called with one argument"),
    ],
)
def test_what_no_kernel_can_do_is_refused_when_the_layer_is_made(function, sentence):
    for make in (LSTM, Dense):
        with pytest.raises(TypeError, match=sentence):
            make(3, activation=function)


@pytest.mark.parametrize("thing", [np.tanh, print, object(), math.exp])
def test_only_plain_functions_are_taken(thing):
    with pytest.raises(TypeError, match="a plain Python function of your own"):
        activations.get(thing)
    with pytest.raises(TypeError, match="must be a plain Python function of one argument"):
        activations.custom(thing)
    with pytest.raises(TypeError, match="the derivative must be a plain Python function"):
        activations.custom(mish, thing)


# -- what is computed -------------------------------------------------------------------------------------------------


def test_an_activation_layer_computes_the_function():
    assert_close(Activation(mish, dtype="float64")(X), mish(X), ELEMENTWISE["float64"])


def test_an_lstm_of_a_known_function_written_down_is_the_known_one():
    mine = LSTM(4, lambda x: x / (1 + np.abs(x)), lambda x: np.clip(x + 3, 0, 6) / 6, dtype="float64")
    known = LSTM(4, "softsign", "hard_sigmoid", dtype="float64")
    mine(X), known(X)
    known.set_weights(mine.get_weights())
    assert_close(mine(X), known(X), RECURRENT["float64"])


@pytest.mark.parametrize("activation", [mish, activations.custom(mish, mish_slope)], ids=["derived", "given"])
@pytest.mark.parametrize("make", [Dense, LSTM])
def test_gradients_agree_with_finite_differences(make, activation):
    layer = make(4, activation=activation, dtype="float64")
    check_gradients(layer, X, RNG.normal(size=layer(X).shape))


def test_a_derivative_that_is_given_is_the_one_that_is_used():
    layer = Dense(4, activations.custom(mish, lambda x: 0 * x), dtype="float64")
    layer(X)
    with pytest.raises(AssertionError):
        check_gradients(layer, X, RNG.normal(size=(3, 5, 4)))


# -- names, copies, files ---------------------------------------------------------------------------------------------


def test_a_registered_function_is_known_by_its_name_everywhere(registered):
    spec = trace("smooth", mish, mish_slope)
    assert activations.as_spec("smooth") == activations.as_spec(mish) == spec
    assert activations.serialize(mish) == activations.serialize("smooth") == "smooth"
    assert LSTM(3, "smooth").get_config()["activation"] == "smooth"
    with pytest.raises(ValueError, match="unknown activation 'smooht', did you mean 'smooth'"):
        activations.get("smooht")


def test_registering_answers_the_function_itself(registered):
    assert activations.register("another")(mish) is mish
    del REGISTERED["another"]


@pytest.mark.parametrize("name", ["tanh", "swish", "mish", "hard_swish", "glu", 3])
def test_a_name_that_is_taken_cannot_be_registered(name):
    with pytest.raises(ValueError, match="needs a name that no activation of this package has"):
        activations.register(name)(mish)


def model():
    made = Sequential([Input((5, 7)), Bidirectional(LSTM(3, mish)), Dense(2, activation=lambda x: x + 1)])
    made.compile("sgd", "mse")
    return made


def test_a_model_with_such_functions_can_be_copied():
    made = model()
    assert np.array_equal(copy.deepcopy(made).predict(X, verbose=0), made.predict(X, verbose=0))


def test_a_model_is_saved_with_registered_functions_only(tmp_path):
    path = tmp_path / "model.nlstm"
    with pytest.raises(ValueError, match=r"its activation 'mish' is a function of your own without a name.*register\('name'\)"):
        model().save(path)
    assert not path.exists()


def test_a_saved_model_needs_the_same_registration(tmp_path):
    activations.register("smooth_step", mish_slope)(mish)
    made = Sequential([Input((5, 7)), Bidirectional(LSTM(3, mish)), Dense(2, "smooth_step")])
    made.save(tmp_path / "model.nlstm")
    duplicate = load_model(tmp_path / "model.nlstm")
    assert np.array_equal(duplicate.predict(X, verbose=0), made.predict(X, verbose=0))
    del REGISTERED["smooth_step"]
    with pytest.raises(ValueError, match="unknown activation 'smooth_step'"):
        load_model(tmp_path / "model.nlstm")
