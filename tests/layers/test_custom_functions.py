"""Functions of one's own as initializers and constraints, as Keras takes them, and what is said where they cannot be."""

from __future__ import annotations

import copy
import re
from functools import partial

import numpy as np
import pytest

from numba_lstm import Input, Sequential, constraints, initializers, load_model, regularizers
from numba_lstm.layers import LSTM, RNN, BatchNormalization, Bidirectional, Dense, Embedding, LSTMCell

X, Y = np.ones((4, 3, 2)), np.ones((4, 1))


def quarters(shape, dtype=None):
    return np.full(shape, 0.25, dtype)


def at_most_quarters(w):
    return np.clip(w, 0, 0.25)


class Quarters:
    def __call__(self, shape, dtype=None):
        return quarters(shape, dtype)


@pytest.mark.parametrize(
    "function", [quarters, lambda shape, dtype=None: quarters(shape, dtype), partial(quarters), Quarters()]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_function_of_shape_and_dtype_initializes(function, dtype):
    for layer, x in (
        (LSTM(3, kernel_initializer=function, dtype=dtype), X),
        (Dense(3, kernel_initializer=function, dtype=dtype), X),
        (Dense(3, bias_initializer=function, dtype=dtype), X),
        (Embedding(3, 2, embeddings_initializer=function, dtype=dtype), [[1]]),
        (BatchNormalization(gamma_initializer=function, dtype=dtype), X),
    ):
        layer(x)
        assert any(np.all(v.value == 0.25) and v.dtype == dtype for v in layer.variables)
    assert np.array_equal(initializers.get(np.zeros)((2, 3)), np.zeros((2, 3), "float32"))


def test_a_function_is_given_the_dtype_by_name():
    given = []
    LSTM(3, dtype="float64", kernel_initializer=lambda shape, **more: given.append((shape, more)) or np.zeros(shape))(X)
    assert given == [((2, 12), {"dtype": "float64"})]


def test_a_function_constrains_after_each_step():
    model = Sequential(
        [Input((3, 2)), LSTM(4, kernel_constraint=at_most_quarters), Dense(1, kernel_constraint=at_most_quarters)]
    )
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    for weights in (model.layers[0].kernel, model.layers[1].kernel):
        assert np.all((weights.value >= 0) & (weights.value <= 0.25))
    assert constraints.get(np.abs)(np.array([-1.0])).tolist() == [1]


def test_layers_with_functions_are_copied():
    functions = {"kernel_initializer": quarters, "kernel_constraint": at_most_quarters}
    model = Sequential(
        [Input((3, 2)), Bidirectional(LSTM(2, **functions, return_sequences=True)), RNN(LSTMCell(2, **functions)), Dense(1)]
    )
    for layer in (model.layers[0].forward_layer, model.layers[0].backward_layer, model.layers[1].cell):
        assert np.all(layer.kernel.value == 0.25)
        assert layer.kernel_constraint.function is at_most_quarters
    duplicate = copy.deepcopy(model)
    assert np.array_equal(duplicate.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize(
    ("function", "error", "sentence"),
    [
        (
            lambda shape: np.zeros(shape),
            TypeError,
            "the initializer '<lambda>' is called as <lambda>(shape, dtype=dtype), but got an unexpected keyword argument "
            "'dtype'. Write it as lambda shape, dtype=None: ...",
        ),
        (
            lambda shape, dtype: np.zeros(3),
            ValueError,
            "<lambda> returns an array of shape (3,), where (2, 8) was asked for.",
        ),
        (
            lambda shape, dtype: np.full(shape, None),
            TypeError,
            "the result of <lambda> must be an array of real numbers, got dtype object. "
            "Some entries are missing (16, as None). Fill them, or leave their samples out.",
        ),
    ],
)
def test_a_function_that_cannot_initialize_is_a_sentence(function, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        LSTM(2, kernel_initializer=function)(X)


def test_a_constraint_answers_the_shape_of_the_weight():
    def cut(w):
        return w[:1]

    layer = LSTM(2, kernel_constraint=cut)
    layer(X)
    sentence = (
        r"^the constraint 'cut' returns an array of shape \(1, 8\) for a weight of shape \(2, 8\)\. Return one of the same"
    )
    with pytest.raises(ValueError, match=sentence):
        layer.constrain()


@pytest.mark.parametrize("kind", ["initializer", "constraint"])
def test_a_file_cannot_hold_a_function_and_the_advised_class_can_be_saved(tmp_path, kind):
    function = {"initializer": quarters, "constraint": at_most_quarters}[kind]
    model = Sequential([Input((3, 2)), LSTM(2, **{f"kernel_{kind}": function})])
    with pytest.raises(ValueError, match=f"its {kind} '{function.__name__}' is a function of your own, which no file holds"):
        model.save(tmp_path / "model")

    class Mine({"initializer": initializers.Initializer, "constraint": constraints.Constraint}[kind]):
        if kind == "initializer":

            def __call__(self, shape, dtype=None):
                return quarters(shape, dtype)

        else:

            def __call__(self, w):
                return at_most_quarters(w)

    assert not list(tmp_path.iterdir())
    other = Sequential([Input((3, 2)), LSTM(2, **{f"kernel_{kind}": Mine()})])
    other.save(tmp_path / "model")
    duplicate = load_model(tmp_path / "model.nlstm", custom_objects={"Mine": Mine})
    assert np.array_equal(duplicate.predict(X, verbose=0), other.predict(X, verbose=0))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_keras_file_cannot_hold_a_function(tmp_path, ending):
    pytest.importorskip("h5py")
    for functions in ({"kernel_initializer": quarters}, {"kernel_constraint": at_most_quarters}):
        model, key = Sequential([Input((3, 2)), LSTM(2, **functions)]), next(iter(functions))
        with pytest.raises(ValueError, match=f"LSTM's {key} is a function of your own, which a Keras file cannot hold"):
            model.save(tmp_path / f"model{ending}")
        assert not list(tmp_path.iterdir())
        model.save_weights(tmp_path / "model.weights.h5")
        (tmp_path / "model.weights.h5").unlink()


def test_a_regularizer_needs_a_gradient():
    with pytest.raises(TypeError, match="the function 'sum' cannot be a regularizer, since training needs its gradient"):
        LSTM(2, kernel_regularizer=np.sum)

    class Mine(regularizers.Regularizer):
        def __call__(self, x):
            return float(np.sum(x))

        def gradient(self, x):
            return np.ones_like(x)

    LSTM(2, kernel_regularizer=Mine())(X)


class Halves(initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return np.full(shape, 0.5, dtype)


class Positive(constraints.Constraint):
    def __call__(self, w):
        return np.abs(w)


class Sum(regularizers.Regularizer):
    def __call__(self, x):
        return float(np.sum(x))

    def gradient(self, x):
        return np.ones_like(x)


@pytest.mark.parametrize("make", [LSTM, lambda units, **options: RNN(LSTMCell(units, **options))])
def test_both_directions_have_the_classes_of_ones_own(make):
    objects = {"kernel_initializer": Halves(), "kernel_constraint": Positive(), "kernel_regularizer": Sum()}
    layer = Bidirectional(make(2, **objects))
    layer(X)
    for part in (layer.forward_layer, layer.backward_layer):
        (cell,) = part.cells
        assert np.all(cell.kernel.value == 0.5)
        assert (type(cell.kernel_constraint), type(cell.kernel_regularizer)) == (Positive, Sum)
