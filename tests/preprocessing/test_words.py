"""Layers of words: values by the definitions of Keras's documentation, and models that begin with texts."""

from __future__ import annotations

import copy
import math
import pickle
import re

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential, layers, load_model
from numba_lstm.layers import StringLookup, TextVectorization
from numba_lstm.utils import PyDataset

TEXTS = ["The cat, the DOG!", "a dog's tail", "the\tend  ÉCOLE"]
#: By frequency, equal ones from the end of the alphabet. Lower case is that of ASCII.
WORDS = ["the", "École", "tail", "end", "dogs", "dog", "cat", "a"]


def adapted(**arguments):
    layer = TextVectorization(**arguments)
    layer.adapt(TEXTS)
    return layer


@pytest.mark.parametrize(
    ("arguments", "vocabulary", "numbers"),
    [
        ({}, WORDS, [2, 8, 1]),
        ({"max_tokens": 4}, WORDS[:2], [2, 1, 1]),
        ({"output_sequence_length": 2}, WORDS, [2, 8]),
        ({"output_sequence_length": 5}, WORDS, [2, 8, 1, 0, 0]),
        ({"standardize": "lower"}, ["the", "École", "tail", "end", "dog's", "dog!", "cat,", "a"], [2, 1, 1]),
        ({"standardize": None, "max_tokens": 5}, ["the", "ÉCOLE", "tail"], [1, 1, 1]),
        ({"standardize": "strip_punctuation", "max_tokens": 5}, ["the", "ÉCOLE", "tail"], [1, 1, 1]),
        ({"standardize": lambda texts: np.char.upper(texts), "max_tokens": 3}, ["THE"], [2, 1, 1]),
        ({"ngrams": (2,)}, ["the end", "the dog", "the cat", "end École", "dogs tail", "cat the", "a dogs"], [4, 1]),
        ({"ngrams": 2, "max_tokens": 5}, ["the", "École", "the end"], [2, 1, 1, 1, 1]),
        ({"split": None}, ["the cat the dog", "the\tend  École", "a dogs tail"], [1]),
        ({"split": "character", "max_tokens": 4}, [" ", "t"], [3, 1, 1, 2, 1, 1, 3, 2, 1, 1, 1, 1]),
        ({"split": lambda texts: [text.split("a") for text in texts], "max_tokens": 3}, ["the c"], [2, 1]),
    ],
)
def test_texts_become_numbers_of_words(arguments, vocabulary, numbers):
    layer = adapted(**arguments)
    assert layer.get_vocabulary() == ["", "[UNK]", *vocabulary]
    assert layer.get_vocabulary(include_special_tokens=False) == vocabulary
    assert layer.vocabulary_size() == len(vocabulary) + 2
    np.testing.assert_array_equal(layer("The cat bird"), numbers)
    np.testing.assert_array_equal(layer([["The cat bird"]]), [numbers])
    np.testing.assert_array_equal(layer(np.array([b"The cat bird"])), [numbers])


def test_texts_become_rows():
    row = np.array([1, 2, 0, 0, 0, 0, 0, 1, 0], float)
    np.testing.assert_array_equal(adapted(output_mode="count")(["the cat the bird"]), [row])
    np.testing.assert_array_equal(adapted(output_mode="multi_hot")(["the cat the bird"]), [row > 0])
    wide = adapted(output_mode="binary", max_tokens=11, pad_to_max_tokens=True)(["the cat the bird"])
    np.testing.assert_array_equal(wide, [[*(row > 0), 0, 0]])
    idf = np.array([math.log(1 + 3 / (1 + 2)), *[math.log(1 + 3 / (1 + 1))] * 7])
    weights = np.array([idf.mean(), *idf])
    layer = adapted(output_mode="tf-idf")
    np.testing.assert_allclose(layer(["the cat the bird"]), [row * weights], rtol=1e-6)
    given = TextVectorization(output_mode="tf_idf", vocabulary=WORDS, idf_weights=idf)
    np.testing.assert_array_equal(given(TEXTS), layer(TEXTS))
    again = TextVectorization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(TEXTS), layer(TEXTS))


def test_a_string_lookup_numbers_strings_and_back(tmp_path):
    lookup = StringLookup()
    lookup.adapt(["b", "c", "b", "a"])
    assert lookup.get_vocabulary() == ["[UNK]", "b", "c", "a"]
    np.testing.assert_array_equal(lookup([["a", "z"], ["b", "c"]]), [[3, 0], [1, 2]])
    assert lookup("c") == 2
    back = StringLookup(vocabulary=lookup.get_vocabulary(), invert=True)
    assert back([[3, 0], [9, 1]]).tolist() == [["a", "[UNK]"], ["[UNK]", "b"]]
    path = tmp_path / "words.txt"
    path.write_text("b\nc\na\n", encoding="utf-8")
    assert StringLookup(vocabulary=str(path)).get_vocabulary() == lookup.get_vocabulary()
    masked = StringLookup(vocabulary=["a", "b"], mask_token="", num_oov_indices=0)
    assert masked.get_vocabulary() == ["", "a", "b"]
    np.testing.assert_array_equal(masked(["", "b"]), [0, 2])
    with pytest.raises(ValueError, match="does not know 'z', and num_oov_indices=0 leaves no number for it"):
        masked(["z"])
    rows = StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(["b", "z"])
    np.testing.assert_array_equal(rows, [[0, 0, 1], [1, 0, 0]])


class Batches(PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.array(TEXTS), np.arange(3.0)


@pytest.mark.parametrize("text_input", [[Input((1,), dtype="string")], [Input((), dtype="string")], []])
def test_a_model_begins_with_texts_and_is_saved_with_its_vocabulary(text_input, tmp_path):
    vectorization = adapted(output_sequence_length=4)
    rest = [layers.Embedding(10, 3, mask_zero=True), layers.LSTM(2), layers.Dense(1)]
    model = Sequential([*text_input, vectorization, *rest], device="reference")
    model.compile("sgd", "mse")
    numbers, y = vectorization(TEXTS), np.arange(3.0)
    expected = Sequential(rest, device="reference")
    expected.compile("sgd", "mse")
    before = expected.predict(numbers, verbose=0)
    for texts in (TEXTS, np.array(TEXTS), np.array(TEXTS, object)[:, None], [[text] for text in TEXTS]):
        np.testing.assert_array_equal(model.predict(texts, verbose=0), before)
    losses = model.fit(TEXTS, y, epochs=2, verbose=0, shuffle=False, batch_size=2).history["loss"]
    expected.set_weights(model.get_weights())
    assert losses[1] < losses[0]
    model.fit(Batches(), epochs=1, verbose=0, validation_data=(np.array(TEXTS), y))
    assert model.evaluate(Batches(), verbose=0) == pytest.approx(model.evaluate(TEXTS, y, verbose=0))
    model.save(tmp_path / "model.nlstm")
    copies = [load_model(tmp_path / "model.nlstm"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for other in copies:
        np.testing.assert_allclose(other.predict(TEXTS, verbose=0), model.predict(TEXTS, verbose=0), rtol=1e-5)
        assert other.layers[0].get_vocabulary() == vectorization.get_vocabulary()


def test_a_graph_takes_texts_and_numbers(tmp_path):
    vectorization, normalization = adapted(output_sequence_length=4), layers.Normalization(mean=1.0, variance=4.0)
    texts, numbers = Input((1,), dtype="string"), Input((4, 2))
    words = vectorization(texts)
    states = layers.LSTM(2, return_state=True)(layers.Embedding(10, 2)(words))[1:]
    model = Model([texts, numbers], [layers.Embedding(10, 1)(words), layers.LSTM(2)(normalization(numbers), states)])
    x = [np.array(TEXTS), np.sin(np.arange(24.0)).reshape(3, 4, 2)]
    expected = model.predict(x, verbose=0)
    assert expected[0].shape == (3, 4, 1)
    single = Model(texts, layers.LSTM(2)(layers.Embedding(10, 2)(words)))
    np.testing.assert_array_equal(single.predict(TEXTS, verbose=0), single.predict(np.array(TEXTS)[:, None], verbose=0))
    single.compile("sgd", "mse")
    single.fit(TEXTS, np.ones((3, 2)), verbose=0)
    preparation = Sequential([Input((1,), dtype="string"), vectorization])
    nested = Sequential([Input((1,), dtype="string"), preparation, *single.layers[2:]])
    np.testing.assert_array_equal(nested.predict(TEXTS, verbose=0), single.predict(TEXTS, verbose=0))
    with pytest.raises(ValueError, match="expects whole numbers from 0 to 4, got"):
        Model(texts, [layers.Embedding(10, 2)(words), layers.Embedding(5, 2)(words)]).predict(TEXTS)


def test_texts_of_other_lengths_fit_a_model_without_a_length():
    layer = adapted()
    model = Sequential([layer, layers.Embedding(10, 3, mask_zero=True), layers.LSTM(2)], device="reference")
    whole = model.predict(TEXTS, verbose=0)
    alone = np.concatenate([model.predict([text], verbose=0) for text in TEXTS])
    np.testing.assert_allclose(alone, whole, rtol=1e-6)
    model.compile("sgd", "mse")
    model.fit(TEXTS, whole, validation_data=(TEXTS[1:2], whole[1:2]), verbose=0)


def test_rows_of_words_train_a_dense_model(tmp_path):
    model = Sequential([Input((1,), dtype="string"), adapted(output_mode="multi_hot"), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(TEXTS, np.ones((3, 2)), epochs=2, verbose=0)
    np.testing.assert_allclose(model.predict(TEXTS, verbose=0), model.layers[1](model.layers[0](TEXTS)), rtol=1e-6)
    model.save(tmp_path / "model.nlstm")
    np.testing.assert_array_equal(load_model(tmp_path / "model.nlstm").predict(TEXTS), model.predict(TEXTS))


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: TextVectorization()(["a"]), ValueError, "has no vocabulary. Call adapt(data) first, or give vocabulary="),
        (lambda: adapted()([["a", "b"]]), ValueError, "expects texts (batch,) or (batch, 1), got shape (1, 2)"),
        (lambda: adapted()(["a", float("nan")]), TypeError, "must be strings, got nan. Fill missing ones with ''"),
        (lambda: TextVectorization().adapt([1, 2]), TypeError, "data must be strings, got 1"),
        (lambda: TextVectorization().adapt([""]), ValueError, "finds no tokens in the data"),
        (lambda: TextVectorization(standardize="upper"), ValueError, "unknown standardize 'upper'"),
        (lambda: TextVectorization(output_mode="count", output_sequence_length=3), ValueError, "output_mode='int' only"),
        (lambda: TextVectorization(vocabulary=["a", "a"]), ValueError, "'a' 2 times. Leave repetitions out"),
        (lambda: TextVectorization(vocabulary=["a", "[UNK]"]), ValueError, "special token '[UNK]' among the others"),
        (lambda: TextVectorization(3, vocabulary=["a", "b"]), ValueError, "4 tokens, special ones counted, more than max_"),
        (lambda: TextVectorization(pad_to_max_tokens=True), ValueError, "pad_to_max_tokens=True needs max_tokens"),
        (lambda: TextVectorization(output_mode="tf_idf", vocabulary=["a"]), ValueError, "needs idf_weights beside"),
        (lambda: TextVectorization(ragged=True), TypeError, "takes ragged=False"),
        (lambda: StringLookup(num_oov_indices=2), ValueError, "takes num_oov_indices of 0 or 1, got 2"),
        (lambda: StringLookup(invert=True, output_mode="count"), ValueError, "with invert=True has output_mode='int'"),
        (lambda: StringLookup(sparse=True), TypeError, "makes dense arrays"),
        (lambda: StringLookup(salt=3), TypeError, "unknown tokens are not hashed here"),
        (lambda: StringLookup.from_config({"vocabulary": "/etc/hostname"}), ValueError, "has its vocabulary as a list"),
        (lambda: TextVectorization.from_config({"vocabulary": "/etc/hostname"}), ValueError, "has its vocabulary as a list"),
    ],
)
def test_what_cannot_be_is_refused(make, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)):
        make()


def test_an_embedding_that_is_too_small_is_refused_before_anything_is_computed():
    model = Sequential([adapted(), layers.Embedding(4, 2), layers.LSTM(2)])
    with pytest.raises(ValueError, match="expects whole numbers from 0 to 3, got 8. Give an input_dim of at least 9"):
        model.predict(["the cat"], verbose=0)


def test_functions_are_in_no_file(tmp_path):
    model = Sequential([adapted(standardize=np.char.upper), layers.Embedding(10, 2), layers.LSTM(2)])
    model.build((None, 3))
    with pytest.raises(ValueError, match="cannot be saved: <.*> is not JSON serializable"):
        model.save(tmp_path / "model.nlstm")
