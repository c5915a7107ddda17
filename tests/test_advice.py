"""Advice in errors, taken word for word: what it says to write is run, and gives what was meant."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pytest
from training_cases import LABELS, Y_STEPS, C, D, N, T, X, Y, make_model, same_weights

from numba_lstm import Input, Sequential, losses, pad_sequences
from numba_lstm.layers import LSTM, Bidirectional, Dense, Embedding, Flatten
from numba_lstm.optimizers import Adam

QUIET = {"verbose": 0}
NAMES = {"np": np, "pad_sequences": pad_sequences}


def error_of(call, *arguments, **given):
    """The sentence with which ``call`` refuses its arguments."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call(*arguments, **given)
    return str(caught.value)


def value_of(sentence, pattern, **names):
    """What the code that ``pattern`` finds in a sentence computes from ``names``."""
    found = re.search(pattern, sentence)
    assert found, sentence
    return eval(found[1], {**NAMES, **names})  # noqa: S307 - it is the advice that is tested


def names_after(sentence, pattern, **names):
    """``names`` after the statements that ``pattern`` finds in a sentence."""
    found = re.search(pattern, sentence)
    assert found, sentence
    space = {**NAMES, **names}
    exec(found[1], space)  # noqa: S102 - it is the advice that is tested
    return space


# -- axes -----------------------------------------------------------------------------------------------------------------


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


# -- what is no number ----------------------------------------------------------------------------------------------------


def classifier():
    return make_model("sparse_categorical_crossentropy", activation="softmax")


def test_strings_as_labels_are_numbered():
    names = np.array(["red", "green", "blue"])[LABELS]
    for y in (names, list(names), names.astype(object), names[:, None], names.astype(bytes)):
        sentence = error_of(classifier().fit, X, y, **QUIET)
        after = names_after(sentence, r"Number the classes: (.*?)\. In other data", y=y)
        assert [str(np.asarray(c).astype(str)) for c in after["classes"][after["y"]].ravel()] == names.tolist()
        other = value_of(sentence, r"they are (np\.searchsorted\(classes, y\))\.", classes=after["classes"], y=y[:3])
        assert np.array_equal(other, after["y"][:3])
        assert classifier().fit(X, after["y"], **QUIET).epoch == [0]


def test_strings_of_numbers_are_converted():
    for x in (X.astype(str), X.astype(str).tolist(), X.astype(object), X.astype(bytes)):
        converted = value_of(error_of(make_model().predict, x, **QUIET), r"Convert it first: (.*)\.$", x=x)
        assert np.array_equal(make_model().predict(converted, **QUIET), make_model().predict(X, **QUIET))


def test_strings_some_of_which_are_no_numbers():
    x = X.astype(str)
    x[0, 0, 0] = "nan"
    assert error_of(make_model().predict, x, **QUIET).endswith("Some stand for no number, as 'nan'. Replace these first.")


def test_words_as_inputs_are_numbered_for_an_embedding():
    words = np.array([["a", "b"], ["c", "a"]])
    model = Sequential([Embedding(3, 2), LSTM(3)])
    sentence = error_of(model.predict, words, **QUIET)
    assert "and let the model begin with Embedding(len(classes), ...)" in sentence
    after = names_after(sentence, r"\.\.\.\): (.*?)\. In other data", x=words)
    assert after["x"].tolist() == [[0, 1], [2, 0]]
    assert model.predict(after["x"], **QUIET).shape == (2, 3)


DAYS = np.datetime64("2020-01-01") + np.arange(N) * np.timedelta64(36, "h")


@pytest.mark.parametrize("y", [DAYS, DAYS.tolist(), DAYS.astype("datetime64[D]").tolist()], ids=["numpy", "datetime", "date"])
def test_times_become_days(y):
    sentence = error_of(make_model(units=1).fit, X, y, **QUIET)
    if isinstance(y, list):
        y = names_after(sentence, r"Convert it first: (.*?)\. Give the days", y=y)["y"]
    days = names_after(sentence, r"the first: (.*)\.$", y=y)["y"]
    whole = isinstance(y[0], datetime.date) or y[1] - y[0] == np.timedelta64(1, "D")
    assert days.tolist() == (np.floor(np.arange(N) * 1.5) if whole else np.arange(N) * 1.5).tolist()
    make_model(units=1).fit(X, days, **QUIET)


def test_durations_become_days():
    sentence = error_of(make_model(units=1).fit, X, DAYS - DAYS[0], **QUIET)
    assert value_of(sentence, r"a number of days: (.*)\.$", y=DAYS - DAYS[0]).tolist() == (np.arange(N) * 1.5).tolist()


def test_missing_times():
    y = DAYS.copy()
    y[2] = "NaT"
    assert error_of(make_model().fit, X, y, **QUIET).endswith("Some times are missing (1 NaT). Leave their samples out.")


def objects(parts):
    result = np.empty(len(parts), object)
    result[:] = parts
    return result


def test_an_array_of_arrays_becomes_a_list():
    model = make_model()
    parts = [X[0, :3], X[1], X[2, :1]]
    for x in (objects(parts), objects([part.tolist() for part in parts])):
        listed = value_of(error_of(model.predict, x, **QUIET), r"Give a list of (?:them|arrays): (.*)\.$", x=x)
        assert np.array_equal(model.predict(listed, **QUIET), model.predict(parts, **QUIET))


def test_nested_lists_of_unequal_lengths_become_a_list_of_arrays():
    model = make_model()
    parts = [X[0, :3], X[1], X[2, :1]]
    nested = [part.tolist() for part in parts]
    listed = value_of(error_of(model.predict, nested, **QUIET), r"in a list of one a sample: (.*)\.$", x=nested)
    assert np.array_equal(model.predict(listed, **QUIET), model.predict(parts, **QUIET))


@pytest.mark.parametrize("y", [{"a"}, dict.fromkeys("ab").keys(), (v for v in "ab"), (3).__class__])
def test_what_is_no_array_becomes_a_list(y):
    sentence = error_of(make_model().fit, X, y, **QUIET)
    assert re.search(r"Give a list of its entries: list\(y\)\.$|Give a list or an array\.$", sentence)


# -- sequences of unequal lengths where they cannot be ---------------------------------------------------------------------


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
    answers = model.predict(padded, lengths=lengths, **QUIET)
    assert answers.shape == (3, C)
    if stack == "stateful":
        plain = Sequential([LSTM(3, input_shape=(None, D)), Dense(C)])
        plain.set_weights(model.get_weights())
        assert np.allclose(answers, plain.predict(lists, **QUIET), atol=1e-6)


# -- targets ----------------------------------------------------------------------------------------------------------------


def refit(y, loss="mse", units=C, sequences=False, activation=None):
    make_model(loss, units=units, sequences=sequences, activation=activation).fit(X, y, **QUIET)


def test_labels_that_begin_below_or_above_0():
    for shift, classes in ((-1, 3), (1, 3), (7, 3)):
        y = LABELS + shift
        sentence = error_of(classifier().fit, X, y, **QUIET)
        after = names_after(sentence, r"Number the classes from 0: (.*?)(?:, and end|\. A label|\.$)", y=y)
        assert np.array_equal(after["y"], LABELS)
        assert "units" not in sentence
        assert ("A label that means none needs another one, and a sample_weight of 0." in sentence) is (shift < 0)
        refit(after["y"], "sparse_categorical_crossentropy", classes, activation="softmax")


def test_labels_of_more_classes_than_units():
    y = np.arange(N) % 5
    sentence = error_of(classifier().fit, X, y, **QUIET)
    assert sentence.endswith("got labels from 0 to 4. End the model with 5 units.")
    refit(y, "sparse_categorical_crossentropy", 5, activation="softmax")
    sentence = error_of(classifier().fit, X, 10 * y - 10, **QUIET)
    after = names_after(sentence, r"Number the classes from 0: (.*?), and end the model with 5 units\.", y=10 * y - 10)
    refit(after["y"], "sparse_categorical_crossentropy", 5, activation="softmax")


def test_labels_a_step_keep_their_shape():
    y = np.random.default_rng(1).integers(0, 3, (N, T)) - 1
    model = make_model("sparse_categorical_crossentropy", sequences=True, activation="softmax")
    after = names_after(error_of(model.fit, X, y, **QUIET), r"from 0: (.*?)\. A label", y=y)
    assert np.array_equal(after["y"], y + 1)
    model.fit(X, after["y"], **QUIET)


def test_labels_that_are_no_whole_numbers():
    assert error_of(classifier().fit, X, LABELS + 0.5, **QUIET).endswith("Take mean_squared_error for numbers.")
    missing = np.where(LABELS == 1, np.nan, LABELS)
    assert error_of(classifier().fit, X, missing, **QUIET).endswith("Leave samples without a label out.")
    there = ~np.isnan(missing)
    classifier().fit(X[there], missing[there], **QUIET)


def test_an_ignored_class_is_a_weight_of_0():
    sentence = error_of(losses.SparseCategoricalCrossentropy, ignore_class=-1)
    assert sentence.endswith("Give these steps any label, and a sample_weight of 0.")
    y, ignored = LABELS.copy(), LABELS == 1
    one, other = classifier(), classifier()
    for model, label in ((one, 0), (other, 2)):
        y[ignored] = label
        model.fit(X, y, sample_weight=(~ignored).astype(float), shuffle=False, **QUIET)
    assert same_weights(one.get_weights(), other.get_weights())


def test_one_hot_targets_and_labels():
    model = make_model("categorical_crossentropy", activation="softmax")
    sentence = error_of(model.fit, X, LABELS, **QUIET)
    assert "or take sparse_categorical_crossentropy for labels" in sentence
    model.fit(X, value_of(sentence, r"Give one-hot targets, (.*?), or", y=LABELS), **QUIET)
    refit(LABELS, "sparse_categorical_crossentropy", activation="softmax")
    sentence = error_of(classifier().fit, X, np.eye(C)[LABELS], **QUIET)
    assert "take categorical_crossentropy for one-hot targets" in sentence
    refit(np.eye(C)[LABELS], "categorical_crossentropy", activation="softmax")


SEQUENCES = "set return_sequences={} on the last LSTM."


@pytest.mark.parametrize(
    ("y", "given", "advice", "then"),
    [
        (Y, {"sequences": True}, SEQUENCES.format(False), {"sequences": False}),
        (Y_STEPS, {}, SEQUENCES.format(True), {"sequences": True}),
        (Y[:, :2], {}, "Give y of shape (11, 3), or end the model with 2 units.", {"units": 2}),
        (Y[:, 0], {}, "Give y of shape (11, 3), or end the model with 1 unit.", {"units": 1}),
        (Y_STEPS[..., 0], {"sequences": True}, "Give y of shape (11, 5, 3), or end the model with 1 unit.", {"units": 1}),
        (Y_STEPS[..., :2], {"sequences": True}, "or end the model with 2 units.", {"units": 2}),
        (Y_STEPS[..., :2], {}, "Give y of shape (11, 3).", None),
        (Y[:, :2], {"sequences": True}, "Give y of shape (11, 5, 3).", None),
        (Y[:, 0], {"sequences": True, "units": 1}, SEQUENCES.format(False), {"sequences": False}),
    ],
)
def test_targets_of_another_shape(y, given, advice, then):
    sentence = error_of(make_model(**given).fit, X, y, **QUIET)
    assert sentence.endswith(advice)
    if then is not None:
        refit(y, **{**given, **then})


def test_labels_of_another_shape():
    given = {"loss": "sparse_categorical_crossentropy", "activation": "softmax"}
    steps = np.zeros((N, T), int)
    assert error_of(classifier().fit, X, steps, **QUIET).endswith(SEQUENCES.format(True))
    refit(steps, **given, sequences=True)
    assert error_of(make_model(**given, sequences=True).fit, X, LABELS, **QUIET).endswith(SEQUENCES.format(False))
    refit(LABELS, **given)


# -- indices and arguments ----------------------------------------------------------------------------------------------


def test_indices_beyond_the_table():
    words = np.array([[3, 9], [1, 12]])
    sentence = error_of(Sequential([Embedding(5, 2)]).predict, words, **QUIET)
    assert sentence.endswith("got 9. Give an input_dim of at least 13, or other indices.")
    assert Sequential([Embedding(13, 2)]).predict(words, **QUIET).shape == (2, 2, 2)


@pytest.mark.parametrize("x", [np.array([[-1, 3, 3]]), np.array([[0.5, 1.0, 2.0]])])
def test_indices_that_are_none_are_numbered(x):
    sentence = error_of(Sequential([Embedding(5, 2)]).predict, x, **QUIET)
    after = names_after(sentence, r"Number the words from 0: (.*)\.$", x=x)
    numbered = after["x"].reshape(x.shape)
    assert np.array_equal(after["words"][numbered], x)
    assert Sequential([Embedding(5, 2)]).predict(numbered, **QUIET).shape == (1, 3, 2)


def test_arguments_of_older_apis():
    assert "Write learning_rate=" in error_of(Adam, lr=0.125)
    assert Adam(learning_rate=0.125).learning_rate == 0.125
    assert "Write input_shape=(time, features)." in error_of(LSTM, 3, input_length=6)
    assert Sequential([LSTM(3, input_shape=(6, 2))]).input_shape == (None, 6, 2)
    sentence = error_of(LSTM, 3, batch_input_shape=(4, 6, 2))
    assert "Write input_shape= without the batch axis, or Input(batch_shape=...) as the first layer." in sentence
    assert Sequential([Input(batch_shape=(4, 6, 2)), LSTM(3)]).input_shape == (4, 6, 2)
