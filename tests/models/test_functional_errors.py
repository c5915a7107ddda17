"""Errors of functional models: each is one sentence with the layer and the shapes, before anything changes."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Input, Model
from numba_lstm.layers import (
    GRU,
    LSTM,
    Add,
    AdditiveAttention,
    Attention,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    GlobalMaxPooling1D,
    MultiHeadAttention,
)

A, B = Input((5, 3), name="a"), Input((4,), name="b")
X = [np.zeros((2, 5, 3)), np.zeros((2, 4))]
Y = [np.zeros((2, 1)), np.zeros((2, 2))]


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Model(A, Dense(1)(B)), ValueError, "depends on the input 'b' of shape (None, 4), which is not among inputs."),
        (lambda: Model(A, np.zeros(3)), TypeError, "expects outputs to be symbolic tensors, got ndarray."),
        (lambda: Model(Dense(1), Dense(1)(A)), TypeError, "expects inputs to be symbolic tensors, got Dense."),
        (lambda: Model([A, A], LSTM(2)(A)), ValueError, "has the same input twice."),
        (lambda: Model(A), TypeError, "Model expects inputs and outputs."),
        (lambda: Dense(2)([B, np.zeros((2, 4))]), TypeError, "is called on a symbolic tensor and on ndarray at once."),
        (lambda: Dense(2)([A, B]), ValueError, "takes one input, got 2."),
        (lambda: LSTM(2)(B), ValueError, "expects (batch, time, features), got shape (None, 4)."),
        (lambda: LSTM(2)(LSTM(3, name="first")(A)), ValueError, "but first before it returns its last step only, (None, 3)."),
        (
            lambda: LSTM(3)(A, initial_state=[B, B]),
            ValueError,
            "expects initial_state of shapes (None, 3), (None, 3), got (None, 4)",
        ),
        (lambda: LSTM(3)(A, initial_state=[np.zeros((2, 3))]), TypeError, "is called on a symbolic tensor and on ndarray"),
        (lambda: LSTM(3)(np.zeros((2, 5, 3)), initial_state=[B, B]), TypeError, "on a symbolic tensor and on ndarray at once."),
        (lambda: Model(B, [Dense(2)(B), Embedding(3, 2)(B)]), ValueError, "goes into embedding"),
        (lambda: Model(A, Dense(2, name="d")(Dense(2, name="d")(A))), ValueError, "has two layers 'd'."),
        (lambda: Model(A, LSTM(2, dtype="float64")(Dense(2)(A))), ValueError, "has dtype float64, but its input float32."),
        (lambda: bool(A), TypeError, "a is a symbolic tensor of shape (None, 5, 3), which has no values."),
        (lambda: list(A), TypeError, "A graph cannot loop over its entries."),
        (lambda: np.asarray(A), TypeError, "Make a Model(inputs, outputs) of it"),
    ],
)
def test_graphs_that_do_not_fit(make, error, sentence):
    with pytest.raises(error) as raised:
        make()
    assert sentence in str(raised.value)


STEPS, PAIRS = Input((5,), name="steps"), Input((5, 4), name="pairs")
ARRAY = np.zeros((2, 5, 3))
MIXED = "is called on a symbolic tensor and on ndarray at once"


@pytest.mark.parametrize(
    ("layer", "call", "sentence"),
    [
        (LSTM(2), lambda layer: layer(A, mask=B), "a mask of input 0 of shape (None, 5) for inputs of shapes [(None, 5, 3)]"),
        (GRU(2), lambda layer: layer(A, mask=A), "a mask of input 0 of shape (None, 5) for inputs of shapes [(None, 5, 3)]"),
        (LSTM(2), lambda layer: layer(A, mask=np.ones((2, 5))), MIXED),
        (LSTM(2), lambda layer: layer(ARRAY, mask=STEPS), MIXED),
        (Bidirectional(GRU(2)), lambda layer: layer(A, mask=B), "got (None, 4). Give True or False for each step."),
        (Dense(2), lambda layer: layer(B, mask=STEPS), "takes no mask of input 0 for inputs of shapes [(None, 4)]"),
        (GlobalMaxPooling1D(), lambda layer: layer(A, mask=STEPS), "takes no mask, got one of shape (None, 5). Leave it out."),
        (Add(), lambda layer: layer([A, ARRAY]), MIXED),
        (Attention(), lambda layer: layer([ARRAY, ARRAY], mask=[None, STEPS]), MIXED),
        (Attention(), lambda layer: layer([A, A], mask=STEPS), "takes a list of masks, one or None for each of 2 inputs"),
        (Attention(), lambda layer: layer([A, A], mask=[None] * 3), "has 2 inputs, got 3 masks."),
        (Attention(), lambda layer: layer([A, PAIRS]), "got shapes [(None, 5, 3), (None, 5, 4)]. Give query and key the same"),
        (AdditiveAttention(), lambda layer: layer([A, PAIRS]), "Give query and key the same features D, by Dense(D)"),
        (AdditiveAttention(), lambda layer: layer([A, A], mask=[STEPS, B]), "a mask of input 1 of shape (None, 5)"),
        (
            MultiHeadAttention(1, 2),
            lambda layer: layer(A, A, attention_mask=PAIRS),
            "expects attention_mask of shape (None, 5, 5) for inputs of shapes [(None, 5, 3), (None, 5, 3)], got (None, 5, 4).",
        ),
        (MultiHeadAttention(1, 2), lambda layer: layer(ARRAY, ARRAY, attention_mask=PAIRS), MIXED),
        (
            MultiHeadAttention(1, 2),
            lambda layer: layer(ARRAY, ARRAY, attention_mask=np.ones((2, 5, 4))),
            "expects attention_mask of shape (2, 5, 5)",
        ),
        (LSTM(3), lambda layer: layer(A, initial_state=[B, B]), "got (None, 4), (None, 4). Take states of as many units."),
        (
            LSTM(4),
            lambda layer: layer(A, initial_state=B),
            "expects initial_state of shapes (None, 4), (None, 4), got (None, 4)",
        ),
        (Dropout(0.5), lambda layer: layer(A, training="yes"), "expects training to be True, False or None, got 'yes'."),
        (LSTM(2), lambda layer: layer(A, lengths=[5]), "takes lengths for arrays alone"),
    ],
)
def test_calls_that_do_not_fit(layer, call, sentence):
    with pytest.raises((TypeError, ValueError)) as raised:
        call(layer)
    message = str(raised.value)
    assert sentence in message
    assert layer.name in message
    assert not layer.built
    assert not layer._nodes


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: m([A]), "m takes 2 inputs (a, b), got 1."),
        (lambda m: m([A, np.zeros((2, 4))]), "m is called on a symbolic tensor and on ndarray at once."),
        (lambda m: m([A, B], mask=STEPS), "m takes a list of masks, one or None for each of 2 inputs"),
        (lambda m: m([A, B], mask=[B, None]), "m expects a mask of input 0 of shape (None, 5)"),
        (lambda m: m(X, mask=[STEPS, None]), "m is called on a symbolic tensor and on ndarray at once."),
        (lambda m: m([A, B], lengths=[5]), "m takes lengths for arrays alone"),
    ],
)
def test_calls_of_models_that_do_not_fit(call, sentence):
    made = model()
    with pytest.raises((TypeError, ValueError)) as raised:
        call(made)
    assert sentence in str(raised.value)
    assert not made._nodes


def test_a_mask_of_another_number_of_steps_at_a_call():
    x, mask = Input((None, 3)), Input((None,))
    made = Model([x, mask], LSTM(2, name="rnn")(x, mask=mask)).to("reference")
    with pytest.raises(ValueError, match=r"rnn expects a mask of input 0 of shape \(2, 4\) .* got \(2, 3\)"):
        made.predict([np.ones((2, 4, 3)), np.ones((2, 3))], verbose=0)


def model() -> Model:
    made = Model([A, B], [Dense(1, name="one")(LSTM(2)(A)), Dense(2, name="two")(B)], name="m")
    made.compile("sgd", "mse")
    return made


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: m.predict(X[0]), "m takes 2 inputs (a, b), got 1."),
        (lambda m: m.predict([*X, X[0]]), "m takes 2 inputs (a, b), got 3."),
        (lambda m: m.predict({"a": X[0], "c": X[1]}), "m takes a dict with the keys 'a', 'b', got 'a', 'c'."),
        (lambda m: m.predict([X[0], np.zeros((3, 4))]), "the same number of samples, got 'a' 2, 'b' 3."),
        (lambda m: m.predict([X[0], np.zeros((2, 3))]), "the input 'b'"),
        (lambda m: m.predict([X[0], [np.zeros(4), np.zeros(3)]]), "input 'b'"),
        (lambda m: m.fit(X, Y[0]), "y must have an entry for each of the outputs 'one', 'two', got ndarray."),
        (lambda m: m.fit(X, {"one": Y[0], "too": Y[1]}), "y has the key 'too', but the outputs are 'one', 'two'."),
        (lambda m: m.fit(X, [Y[0], None]), "y is missing for the output 'two'"),
        (lambda m: m.fit(X, [Y[0], Y[0]]), "the output 'two': y of shape (2, 1) does not fit"),
        (lambda m: m.fit(X, Y, sample_weight=[np.ones(3), None]), "the output 'one': sample_weight must have the shape (2,)"),
        (lambda m: m.fit(X, Y, class_weight={0: 1.0}), "class_weight has the key 0, but the outputs are 'one', 'two'."),
        (lambda m: m.fit(X, Y, lengths=[5, 5]), "lengths belong to a model of one input"),
        (lambda m: m.compile("sgd", ["mse"]), "loss must have an entry for each of the outputs 'one', 'two', got 1"),
        (lambda m: m.compile("sgd", {"one": "mse"}), "loss is a dict by outputs, which are 'one', 'two'; 'two' does not fit."),
        (lambda m: m.compile("sgd", "mse", metrics={"too": ["mae"]}), "metrics is a dict by outputs"),
        (lambda m: m.compile("sgd", [None, "mse"], loss_weights=[2.0, 1.0]), "weighs a loss, but there is none."),
    ],
)
def test_data_that_do_not_fit(call, sentence):
    made = model()
    before = made.get_weights()
    with pytest.raises((TypeError, ValueError)) as raised:
        call(made)
    assert sentence in str(raised.value)
    assert all(map(np.array_equal, before, made.get_weights()))
    assert [output.loss.name for output in made.compiled_outputs] == ["mean_squared_error"] * 2
