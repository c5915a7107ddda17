"""Bad input: a sentence with what was expected, what came and what to do, before a weight changes or the model is built."""

from __future__ import annotations

import numpy as np
import pytest
from refused_input import refuses
from training_cases import WEIGHT, Y_STEPS, C, D, N, T, X, Y, make_model

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense

#: what is given to fit besides ``verbose=0``, and the sentence
ARRAYS = {
    "a rank too few": (
        {"x": X[:, :, 0], "y": Y},
        r"expects \(batch, time, features\), got shape \(11, 5\)\. (Give x of shape \(batch, 5, 7\)|Add a feature axis if)",
    ),
    "a number": ({"x": 3.0, "y": Y}, r"expects \(batch, time, features\), got shape \(\)"),
    "another number of samples": ({"x": X, "y": Y[:-1]}, "x and y must have the same number of samples, got 11 and 10"),
    "a target that is a number": ({"x": X, "y": 3.0}, "the same number of samples, got 11 and a number"),
    "no samples": ({"x": X[:0], "y": Y[:0]}, r"x is empty, its shape is \(0, 5, 7\)\. Give at least one sample"),
    "no targets": ({"x": X}, "y is missing. Give one target a sample"),
    "strings": ({"x": X.astype(str), "y": Y}, r"x must be an array of real numbers, got dtype <U\d+\. Convert it first"),
    "objects": ({"x": X.astype(object), "y": Y}, "x must be an array of real numbers, got dtype object. Convert it first"),
    "a dict": ({"x": {"a": X, "b": X}, "y": Y}, "sequential.* has one input, got a dict of 2 entries"),
    "ragged lists": ({"x": [[[1.0]], [[1.0], [2.0]]], "y": [1.0, 2.0]}, "x must be a rectangular array of real numbers"),
    "complex numbers": (
        {"x": X.astype(complex), "y": Y},
        r"x must be an array of real numbers, got dtype complex128\. Take \.real",
    ),
    "complex targets": ({"x": X, "y": Y.astype(complex)}, "y must be an array of real numbers, got dtype complex128"),
    "targets of another width": (
        {"x": X, "y": Y[:, :2]},
        r"y of shape \(11, 2\) does not fit the model's output of shape \(11, 3\)",
    ),
    "targets for each step": ({"x": X, "y": Y_STEPS}, r"does not fit .* set return_sequences=True on the last LSTM"),
    "a target a sample too few": (
        {"x": X, "y": Y[:, 0]},
        r"y of shape \(11,\) does not fit the model's output of shape \(11, 3\)",
    ),
    "weights of another number": (
        {"x": X, "y": Y, "sample_weight": WEIGHT[:4]},
        r"sample_weight must have the shape \(11,\), got \(4,\)",
    ),
    "weights a step": ({"x": X, "y": Y, "sample_weight": np.ones((N, T))}, r"must have the shape \(11,\), got \(11, 5\)"),
    "both kinds of weights": (
        {"x": X, "y": Y, "sample_weight": WEIGHT, "class_weight": {0: 1.0}},
        "class_weight and sample_weight cannot both be given",
    ),
    "class weights in a list": (
        {"x": X, "y": Y, "class_weight": [1.0, 2.0]},
        "class_weight must be a dict of classes and weights",
    ),
    "a class with a name": ({"x": X, "y": Y, "class_weight": {"a": 2.0}}, "a class of class_weight must be a whole number"),
    "a negative class weight": (
        {"x": X, "y": Y, "class_weight": {0: -1.0}},
        r"class_weight\[0\] must be a number in \[0, inf\)",
    ),
    "validation of another width": (
        {"x": X, "y": Y, "validation_data": (X[:, :, :3], Y)},
        r"validation_data: .*\(11, 5, 3\)",
    ),
    "validation of another length": (
        {"x": X, "y": Y, "validation_data": (X, Y[:4])},
        "validation_data: x and y must have the same number of samples, got 11 and 4",
    ),
    "validation without targets": ({"x": X, "y": Y, "validation_data": (X,)}, r"validation_data: expected \(x, y\)"),
}


ARGUMENTS = {
    "batch_size 0": ({"batch_size": 0}, "^batch_size must be at least 1, got 0"),
    "half a batch": ({"batch_size": 2.5}, "batch_size must be a whole number of at least 1, got 2.5"),
    "epochs -1": ({"epochs": -1}, "epochs must be at least 0, got -1"),
    "epochs True": ({"epochs": True}, "epochs must be a whole number of at least 0, got True"),
    "initial_epoch -1": ({"initial_epoch": -1}, "initial_epoch must be at least 0, got -1"),
    "validation_split 1": ({"validation_split": 1.0}, r"validation_split must be a number in \[0, 1\), got 1.0"),
    "validation_split -0.1": ({"validation_split": -0.1}, r"validation_split must be a number in \[0, 1\), got -0.1"),
    "validation_split of all": ({"validation_split": 0.95}, "validation_split=0.95 of 11 samples leaves one part empty"),
    "verbose 3": ({"verbose": 3}, "verbose must be 'auto', 0, 1 or 2, got 3"),
    "verbose yes": ({"verbose": "yes"}, "verbose must be 'auto', 0, 1 or 2, got 'yes'"),
    "shuffle by batch": ({"shuffle": "batch"}, "shuffle must be True or False, got 'batch'"),
    "steps_per_epoch 0": ({"steps_per_epoch": 0}, "steps_per_epoch must be at least 1, got 0"),
    "validation_freq 0": ({"validation_freq": 0}, "validation_freq must be at least 1, got 0"),
    "validation_freq word": ({"validation_freq": "often"}, "validation_freq must be a whole number"),
    "validation_batch_size 0": ({"validation_batch_size": 0}, "validation_batch_size must be at least 1, got 0"),
    "too many validation_steps": (
        {"validation_data": (X, Y), "validation_steps": 9, "validation_batch_size": 4},
        "validation_data: 9 steps asked for, but 11 samples make 3 batches of 4",
    ),
}


ITERABLES = {
    "validation by an iterator": (
        lambda: {"x": iter([(X, Y)]), "validation_data": iter([(X, Y)])},
        "validation_data is an iterator, which one epoch would read. Give validation_steps",
    ),
    "an empty iterator": (lambda: {"x": iter([]), "steps_per_epoch": 1}, "x brings no batches"),
    "y beside an iterable": (
        lambda: {"x": iter([(X, Y)]), "y": Y, "steps_per_epoch": 1},
        "y cannot be given beside an iterable x",
    ),
    "a batch_size beside an iterable": (
        lambda: {"x": iter([(X, Y)]), "batch_size": 4, "steps_per_epoch": 1},
        "batch_size cannot be given beside an iterable x",
    ),
    "a split of an iterable": (
        lambda: {"x": iter([(X, Y)]), "validation_split": 0.2, "steps_per_epoch": 1},
        "validation_split cannot be given beside an iterable x",
    ),
    "batches without targets": (lambda: {"x": iter([X]), "steps_per_epoch": 1}, r"expected \(x, y\) or .* got ndarray"),
    "a first batch that does not fit": (
        lambda: {"x": iter([(X[:, 0, 0], Y)]), "steps_per_epoch": 1},
        r"expects \(batch, time, features\), got shape \(11,\)",
    ),
}


@pytest.fixture(params=["built", "unbuilt"])
def model(request):
    if request.param == "built":
        return make_model()
    made = Sequential([LSTM(4), Dense(C)])
    made.compile("adam", "mse")
    return made


@pytest.mark.parametrize(("given", "sentence"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_do_not_fit(model, given, sentence):
    refuses(model, sentence, **given)


@pytest.mark.parametrize(("given", "sentence"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_out_of_range(model, given, sentence):
    refuses(model, sentence, x=X, y=Y, **given)


@pytest.mark.parametrize(("given", "sentence"), ITERABLES.values(), ids=ITERABLES)
def test_iterables_that_bring_no_batches(model, given, sentence):
    refuses(model, sentence, **given())


def test_another_number_of_features_than_the_model_was_built_for():
    refuses(make_model(), r"features = 7, got shape \(11, 5, 3\) with 3", x=X[:, :, :3], y=Y)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"loss": "mean_sqared_error"}, "unknown loss 'mean_sqared_error', did you mean 'mean_squared_error'"),
        ({"loss": "mse", "optimizer": "adan"}, "unknown optimizer 'adan'. Known: 'adadelta', 'adagrad'"),
        ({"loss": "mse", "metrics": ["acuracy"]}, "unknown metric 'acuracy', did you mean 'accuracy'"),
    ],
)
def test_an_unknown_name_leaves_the_model_as_it_was_compiled(given, sentence):
    model = make_model("mae", "sgd")
    optimizer = model.optimizer
    with pytest.raises(ValueError, match=sentence):
        model.compile(**given)
    assert model.optimizer is optimizer
    assert model.loss.name == "mean_absolute_error"


CALLS = {
    "fit": lambda model: model.fit(X, Y, verbose=0),
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
    "test_on_batch": lambda model: model.test_on_batch(X, Y),
}


@pytest.mark.parametrize("method", CALLS)
def test_before_compile(method):
    model = Sequential([LSTM(4), Dense(C)])
    with pytest.raises(
        ValueError, match=rf"is not compiled\. Call model\.compile\(optimizer='adam', loss='mse'\) before {method}"
    ):
        CALLS[method](model)
    assert not model.built


@pytest.mark.parametrize("method", CALLS)
def test_compiled_without_a_loss(method):
    model = Sequential([LSTM(4), Dense(C)])
    model.compile("adam")
    with pytest.raises(ValueError, match=rf"was compiled without a loss\. Call model\.compile\(loss='mse'\) before {method}"):
        CALLS[method](model)


@pytest.mark.parametrize("method", ["predict", "predict_on_batch", "evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (X[:, :, 0], r"Give x of shape \(batch, 5, 7\)"),
        (X[:, :, :3], "features = 7"),
        (X[:0], "is empty"),
        (X.astype(complex), "complex128"),
        (X.astype(str), "Convert it first"),
    ],
)
def test_every_method_validates_its_input(method, x, sentence):
    model = make_model()
    with pytest.raises((TypeError, ValueError), match=sentence):
        getattr(model, method)(*((x,) if method.startswith("predict") else (x, Y[: len(x)])))
    assert model.optimizer.iterations == 0


def test_steps_beyond_the_data():
    with pytest.raises(ValueError, match="5 steps asked for, but 11 samples make 3 batches of 4. Give fewer steps"):
        make_model().predict(X, batch_size=4, steps=5, verbose=0)


def test_a_model_without_layers():
    model = Sequential()
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="has no layers"):
        model.fit(X, X, verbose=0)


def test_a_dimension_of_zero():
    with pytest.raises(ValueError, match="^x has 3 samples but no steps"):
        make_model().predict(np.zeros((3, 0, D)), verbose=0)
