"""Advice about what is no number, taken word for word: following it gives what was meant."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pytest
from advice import QUIET, error_of, names_after, value_of
from training_cases import LABELS, N, X, make_model

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Embedding

# -- what is no number ---------------------------------------------------------------------------------------------


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
    full = isinstance(y[0], datetime.date) or y[1] - y[0] == np.timedelta64(1, "D")
    assert days.tolist() == (np.floor(np.arange(N) * 1.5) if full else np.arange(N) * 1.5).tolist()
    make_model(units=1).fit(X, days, **QUIET)


def test_durations_become_days():
    sentence = error_of(make_model(units=1).fit, X, DAYS - DAYS[0], **QUIET)
    assert value_of(sentence, r"a number of days: (.*)\.$", y=DAYS - DAYS[0]).tolist() == (np.arange(N) * 1.5).tolist()


def test_missing_times():
    y = DAYS.copy()
    y[2] = "NaT"
    assert error_of(make_model().fit, X, y, **QUIET).endswith("Some times are missing (1 NaT). Leave their samples out.")


def objects(arrays):
    result = np.empty(len(arrays), object)
    result[:] = arrays
    return result


def test_an_array_of_arrays_becomes_a_list():
    model = make_model()
    arrays = [X[0, :3], X[1], X[2, :1]]
    for x in (objects(arrays), objects([array.tolist() for array in arrays])):
        listed = value_of(error_of(model.predict, x, **QUIET), r"Give a list of (?:them|arrays): (.*)\.$", x=x)
        assert np.array_equal(model.predict(listed, **QUIET), model.predict(arrays, **QUIET))


def test_nested_lists_of_unequal_lengths_become_a_list_of_arrays():
    model = make_model()
    arrays = [X[0, :3], X[1], X[2, :1]]
    nested = [array.tolist() for array in arrays]
    listed = value_of(error_of(model.predict, nested, **QUIET), r"in a list of one a sample: (.*)\.$", x=nested)
    assert np.array_equal(model.predict(listed, **QUIET), model.predict(arrays, **QUIET))


@pytest.mark.parametrize("y", [{"a"}, dict.fromkeys("ab").keys(), (v for v in "ab"), (3).__class__])
def test_what_is_no_array_becomes_a_list(y):
    sentence = error_of(make_model().fit, X, y, **QUIET)
    assert re.search(r"Give a list of its entries: list\(y\)\.$|Give a list or an array\.$", sentence)
