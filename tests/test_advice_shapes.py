"""Advice about axes and shapes, taken word for word: following it gives what was meant."""

from __future__ import annotations

import numpy as np
import pytest
from advice import QUIET, error_of, names_after, value_of
from training_cases import C, D, T, X, Y, make_model

from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Bidirectional, Dense, Embedding, Flatten
from numba_lstm.optimizers import Adam

# -- axes ----------------------------------------------------------------------------------------------------------


def univariate(steps=24):
    model = Sequential([Input((steps, 1)), LSTM(3), Dense(1)])
    model.compile("adam", "mse")
    return model


SERIES = np.sin(np.arange(48, dtype=np.float32)).reshape(2, 24, 1)


@pytest.mark.parametrize("steps", [24, None])
def test_one_sample_gets_a_batch_axis(steps):
    model = univariate(steps)
    sentence = error_of(model.predict, SERIES[0], **QUIET)
    assert sentence.endswith("got shape (24, 1). This is the shape of one sample. Add a batch axis: x[None].")
    x = value_of(sentence, r"Add a batch axis: (x\[None\])\.", x=SERIES[0])
    assert np.array_equal(model.predict(x, **QUIET), model.predict(SERIES[:1], **QUIET))


@pytest.mark.parametrize(
    "call", [lambda m, x: m(x), lambda m, x: m.predict_on_batch(x), lambda m, x: m.evaluate(x, Y, **QUIET)]
)
def test_one_sample_of_several_features(call):
    sentence = error_of(call, make_model(), X[0])
    assert sentence.endswith("got shape (5, 7). This is the shape of one sample. Add a batch axis: x[None].")


def test_series_of_one_feature_get_a_feature_axis():
    model = univariate()
    sentence = error_of(model.predict, SERIES[..., 0], **QUIET)
    assert sentence.endswith("got shape (2, 24). Add a feature axis: x[..., None].")
    x = value_of(sentence, r"Add a feature axis: (x\[\.\.\., None\])\.", x=SERIES[..., 0])
    assert np.array_equal(model.predict(x, **QUIET), model.predict(SERIES, **QUIET))


def test_a_model_that_is_not_built_says_what_both_axes_mean():
    model = Sequential([LSTM(3)])
    sentence = error_of(model.predict, SERIES[0], **QUIET)
    assert sentence.endswith(
        "Add a feature axis if these are 24 series of 1 steps: x[..., None]. "
        "Add a batch axis if this is one sample of 24 steps: x[None]."
    )
    assert Sequential([LSTM(3)]).predict(SERIES[0][..., None], **QUIET).shape == (24, 3)
    assert Sequential([LSTM(3)]).predict(SERIES[0][None], **QUIET).shape == (1, 3)


def test_what_no_axis_mends_is_told_the_shape():
    sentence = error_of(make_model().predict, X[:, :, 0], **QUIET)
    assert sentence.endswith("got shape (11, 5). Give x of shape (batch, 5, 7).")


def test_an_axis_of_size_1_is_taken_off():
    model = make_model()
    for x, axis in ((X[:, None], 1), (X[..., None], 3), (X[None], 0)):
        sentence = error_of(model.predict, x, **QUIET)
        assert sentence.endswith(f"Take off the axis of size 1: np.squeeze(x, axis={axis}).")
        x = value_of(sentence, r"size 1: (np\.squeeze\(.*\))\.", x=x)
        assert np.array_equal(model.predict(x, **QUIET), model.predict(X, **QUIET))


def test_rows_of_features():
    model = Sequential([Input((4,)), Dense(2)])
    one = np.ones(4, np.float32)
    x = value_of(error_of(model.predict, one, **QUIET), r"one sample\. Add a batch axis: (.*)\.$", x=one)
    assert model.predict(x, **QUIET).shape == (1, 2)
    model = Sequential([Input((1,)), Dense(2)])
    x = value_of(error_of(model.predict, one, **QUIET), r"Add a feature axis: (.*)\.$", x=one)
    assert model.predict(x, **QUIET).shape == (4, 2)


def test_one_sentence_of_words():
    model = Sequential([Input((None,)), Embedding(9, 2), LSTM(3)])
    words = np.array([1, 2, 3])
    sentence = error_of(model.predict, words, **QUIET)
    assert "Add a batch axis if this is one sample: x[None]." in sentence
    assert model.predict(words[None], **QUIET).shape == (1, 3)
    assert model.predict(words[:, None], **QUIET).shape == (3, 3)


@pytest.mark.parametrize("layer", [LSTM, lambda units, **given: Bidirectional(LSTM(units), **given)])
def test_input_shape_without_features(layer):
    sentence = error_of(lambda: Sequential([layer(3, input_shape=(6,))]))
    assert sentence.endswith("A sample has the shape (time, features): (6, 1) for one feature, (None, 6) for 6 of them.")
    assert Sequential([layer(3, input_shape=(6, 1))]).input_shape == (None, 6, 1)
    assert Sequential([layer(3, input_shape=(None, 6))]).input_shape == (None, None, 6)
    assert error_of(lambda: Sequential([Input((6,)), layer(3)])).endswith("(None, 6) for 6 of them.")


def test_input_shape_with_samples():
    for make in (lambda shape: Sequential([LSTM(3, input_shape=shape)]), lambda shape: Sequential([Input(shape), LSTM(3)])):
        sentence = error_of(make, (40, 6, 2))
        assert sentence.endswith("Give the shape of one sample, without the batch axis: (6, 2).")
        assert make(value_of(sentence, r"batch axis: (\(.*\))\.$")).input_shape == (None, 6, 2)


# -- sequences of unequal lengths where they cannot be -------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:flatten.* takes no mask:UserWarning")
@pytest.mark.parametrize("stack", ["stateful", "flat"])
def test_padded_sequences_keep_their_lengths(stack):
    lists = [X[0, :3], X[1], X[2, :1]]
    if stack == "stateful":
        model = Sequential([LSTM(3, stateful=True, input_shape=(None, D)), Dense(C)])
    else:
        model = Sequential([Input((T, D)), LSTM(3, return_sequences=True, zero_output_for_mask=True), Flatten(), Dense(C)])
    sentence = error_of(model.predict, lists, **QUIET)
    padded = value_of(sentence, r"Pad them: x=(.*\)), with", x=lists)
    lengths = value_of(sentence, r"with lengths=(.*)\.$", x=lists)
    assert lengths == [3, 5, 1]
    outputs = model.predict(padded, lengths=lengths, **QUIET)
    assert outputs.shape == (3, C)
    if stack == "stateful":
        plain = Sequential([LSTM(3, input_shape=(None, D)), Dense(C)])
        plain.set_weights(model.get_weights())
        assert np.allclose(outputs, plain.predict(lists, **QUIET), atol=1e-6)


# -- indices and arguments -----------------------------------------------------------------------------------------


def test_indices_beyond_the_table():
    words = np.array([[3, 9], [1, 12]])
    sentence = error_of(Sequential([Embedding(5, 2)]).predict, words, **QUIET)
    assert sentence.endswith("got 9. Give an input_dim of at least 13, or other indices.")
    assert Sequential([Embedding(13, 2)]).predict(words, **QUIET).shape == (2, 2, 2)


@pytest.mark.parametrize("x", [np.array([[-1, 3, 3]]), np.array([[0.5, 1.0, 2.0]])])
def test_indices_that_are_none_are_numbered(x):
    if np.any(x < 0):
        sentence = error_of(Sequential([Embedding(5, 2)]).predict, x, **QUIET)
    else:
        with pytest.warns(UserWarning, match="got 0.5, which counts as 0, as in Keras") as warned:
            Sequential([Embedding(5, 2)]).predict(x, **QUIET)
        sentence = str(warned[0].message)
    after = names_after(sentence, r"Number the words from 0: (.*)\.$", x=x)
    numbered = after["x"].reshape(x.shape)
    assert np.array_equal(after["words"][numbered], x)
    assert Sequential([Embedding(5, 2)]).predict(numbered, **QUIET).shape == (1, 3, 2)


def test_arguments_of_older_apis():
    assert "Write learning_rate=" in error_of(Adam, lr=0.125)
    assert Adam(learning_rate=0.125).learning_rate == 0.125
    assert "Give input_shape=(time, features)." in error_of(LSTM, 3, input_length=6)
    assert Sequential([LSTM(3, input_shape=(6, 2))]).input_shape == (None, 6, 2)
    sentence = error_of(LSTM, 3, batch_shape=(4, 6, 2))
    assert "Write input_shape= without the batch axis, or Input(batch_shape=...) as the first layer." in sentence
    assert Sequential([Input(batch_shape=(4, 6, 2)), LSTM(3)]).input_shape == (4, 6, 2)
