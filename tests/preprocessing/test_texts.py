"""Tokenizer, hashed words and windows: what Keras's have, and the errors of inputs that are none."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from golden import keras_texts

from numba_lstm.preprocessing import sequence, text
from numba_lstm.preprocessing.sequence import TimeseriesGenerator
from numba_lstm.preprocessing.text import Tokenizer, hashing_trick, one_hot, text_to_word_sequence, tokenizer_from_json

KERAS = json.loads(keras_texts.FILE.read_text())
OURS = keras_texts.results(SimpleNamespace(**vars(text), TimeseriesGenerator=sequence.TimeseriesGenerator))


@pytest.mark.parametrize("name", KERAS)
def test_texts_and_windows_are_those_of_keras(name):
    if not isinstance(KERAS[name], dict):
        assert OURS[name] == KERAS[name]
        return
    assert OURS[name].keys() == KERAS[name].keys()
    for key, expected in KERAS[name].items():
        if key == "tfidf":
            np.testing.assert_allclose(OURS[name][key], expected, rtol=1e-12)
        else:
            assert OURS[name][key] == expected, key


def test_a_tokenizer_takes_the_json_of_another_one():
    tokenizer = Tokenizer(num_words=5)
    tokenizer.fit_on_texts(["one two", "two"])
    restored = tokenizer_from_json(tokenizer.to_json())
    assert restored.get_config() == tokenizer.get_config()
    restored.fit_on_texts(["three three three"])
    assert restored.word_index == {"three": 1, "two": 2, "one": 3}
    with pytest.raises(ValueError, match="the text is no tokenizer of Tokenizer.to_json"):
        tokenizer_from_json('{"config": {"filters": ""}}')


def test_missing_texts_are_refused_before_any_is_counted():
    tokenizer = Tokenizer()
    advice = "text 1 must be a str or a list of words, got nan. Leave it out, or write str(text)."
    with pytest.raises(TypeError, match=re.escape(advice)):
        tokenizer.fit_on_texts(["one", float("nan")])
    assert tokenizer.document_count == 0
    assert not tokenizer.word_counts
    with pytest.raises(TypeError, match=r"a text must be a str, got None."):
        text_to_word_sequence(None)


def test_modes_and_arguments_that_are_none_are_refused():
    with pytest.raises(ValueError, match="the columns are unknown: call fit_on_texts first, or give num_words"):
        Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="mode must be one of 'binary', 'count', 'freq', 'tfidf', got 'sum'"):
        Tokenizer(3).sequences_to_matrix([[1]], "sum")
    with pytest.raises(ValueError, match="mode 'tfidf' needs the number of texts"):
        Tokenizer(3).sequences_to_matrix([[1]], "tfidf")
    with pytest.raises(TypeError, match="Tokenizer has no argument 'words'"):
        Tokenizer(words=3)
    with pytest.raises(ValueError, match="hash_function must be a function, 'md5' or None, got 'sha'"):
        hashing_trick("one", 5, "sha")
    assert set(one_hot("one two three", 3)) <= {1, 2}


def test_a_generator_refuses_series_without_a_window():
    data = np.arange(5.0)
    with pytest.raises(ValueError, match="no window of 5 steps from step 0 has its target at step 4 or before"):
        TimeseriesGenerator(data, data, 5)
    with pytest.raises(ValueError, match="data has 5 steps, targets 4. Give one target a step"):
        TimeseriesGenerator(data, data[1:], 2)


def test_a_shuffled_generator_draws_windows_with_their_targets():
    data = np.arange(20.0)
    windows, targets = TimeseriesGenerator(data, data, 3, shuffle=True, batch_size=999)[0]
    assert windows.shape == (999, 3)
    np.testing.assert_array_equal(windows + [3, 2, 1], targets[:, None] * np.ones(3))
    assert {3, 19} <= set(targets) <= set(range(3, 20))
