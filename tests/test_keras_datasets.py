"""Data sets of Keras, from files that are there."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from numba_lstm.datasets import boston_housing, imdb, mnist, reuters


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def texts(*lengths):
    array = np.empty(len(lengths), object)
    array[:] = [[1 + (3 * i + j) % 7 for j in range(length)] for i, length in enumerate(lengths)]
    return array


@pytest.fixture
def reviews(folder):
    np.savez(folder / "imdb.npz", x_train=texts(4, 2, 5), y_train=[0, 1, 1], x_test=texts(3, 6), y_test=[1, 0])


@pytest.mark.parametrize(
    ("load", "name"),
    [(imdb.load_data, "imdb.npz"), (reuters.load_data, "reuters.npz"), (mnist.load_data, "mnist.npz")]
    + [(boston_housing.load_data, "boston_housing.npz"), (imdb.get_word_index, "imdb_word_index.json")]
    + [(reuters.get_word_index, "reuters_word_index.json")],
)
def test_a_file_that_is_not_there_is_asked_for(folder, load, name):
    sentence = f"{folder / name} is not there, and nothing is downloaded. Put https://storage.googleapis.com/tensorflow/"
    with pytest.raises(FileNotFoundError, match=re.escape(sentence) + rf"tf-keras-datasets/{name} there\.$"):
        load()


# The numbers below are those of Keras 3.15 for the same files. (So the largest word becomes oov_char where no num_words is.)


def as_lists(subsets):
    return [([list(text) for text in x], y.tolist()) for x, y in subsets]


def test_imdb_is_as_keras_has_it(reviews):
    assert as_lists(imdb.load_data()) == [
        ([[1, 2, 4, 5, 6, 7], [1, 4, 5, 6, 7], [1, 7, 8]], [1, 0, 1]),
        ([[1, 7, 8, 9, 2, 4, 5], [1, 4, 5, 6]], [0, 1]),
    ]
    assert as_lists(imdb.load_data(num_words=8, skip_top=5, maxlen=7)) == [
        ([[2, 2, 2, 5, 6, 7], [2, 2, 5, 6, 7], [2, 7, 2]], [1, 0, 1]),
        ([[2, 2, 5, 6]], [1]),
    ]
    assert as_lists(imdb.load_data(start_char=None, index_from=0, oov_char=None, num_words=5, seed=1)) == [
        ([[1, 2, 3, 4], [1, 2, 3, 4], [4]], [0, 1, 1]),
        ([[4, 1, 2], [1, 2, 3]], [0, 1]),
    ]
    with pytest.raises(ValueError, match="no text has fewer than maxlen=2 words. Give a larger maxlen."):
        imdb.load_data(maxlen=2)


def test_reuters_is_as_keras_has_it(folder):
    np.savez(folder / "reuters.npz", x=texts(4, 2, 5, 3, 6), y=[4, 3, 2, 1, 0])
    assert as_lists(reuters.load_data(test_split=0.4)) == [
        ([[1, 7, 8], [1, 4, 5, 6, 7], [1, 6, 7, 8]], [3, 4, 1]),
        ([[1, 2, 4, 5, 6, 7], [1, 9, 2, 4, 5, 6, 7]], [2, 0]),
    ]
    assert as_lists(reuters.load_data(num_words=8, skip_top=5, maxlen=6, seed=3)) == [
        ([[2, 6, 7, 2], [2, 7, 2]], [1, 3]),
        ([[2, 2, 5, 6, 7]], [4]),
    ]


def test_boston_housing_is_as_keras_has_it(folder):
    np.savez(folder / "boston_housing.npz", x=np.arange(10.0).reshape(5, 2), y=np.arange(5.0))
    (x, y), (x_test, y_test) = boston_housing.load_data(seed=5)
    np.testing.assert_array_equal(x, [[8, 9], [0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(y, [4, 0, 1, 2])
    np.testing.assert_array_equal(x_test, [[6, 7]])
    np.testing.assert_array_equal(y_test, [3])


def test_mnist_and_word_indices_are_what_the_files_hold(folder):
    arrays = {name: np.full((2, 3), i, np.uint8) for i, name in enumerate(("x_train", "y_train", "x_test", "y_test"))}
    np.savez_compressed(folder / "mnist.npz", **arrays)
    (x, y), (x_test, y_test) = mnist.load_data()
    for array, expected in zip((x, y, x_test, y_test), arrays.values(), strict=True):
        np.testing.assert_array_equal(array, expected)
    (folder / "imdb_word_index.json").write_text(json.dumps({"the": 1}))
    assert imdb.get_word_index() == {"the": 1}


class Bad:
    def __reduce__(self):
        return print, ("ran",)


def test_no_code_of_a_file_runs(folder, capsys):
    array = np.empty(1, object)
    array[0] = Bad()
    np.savez(folder / "reuters.npz", x=array, y=[0])
    with pytest.raises(
        ValueError, match="it asks for builtins.print, which no array needs. Delete it and put a good one there."
    ):
        reuters.load_data()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"no zip"])
def test_a_damaged_file_says_so(folder, content):
    (folder / "mnist.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"mnist.npz is not the file that it should be: .*Delete it and put a good one there."):
        mnist.load_data()
    np.savez(folder / "mnist.npz", x_train=np.zeros(1))
    with pytest.raises(ValueError, match="There is no item named 'y_train.npy' in the archive"):
        mnist.load_data()
