"""Preprocessing layers in files of Keras: numbers and categories go both ways, words are refused."""

from __future__ import annotations

import json
import os
import zipfile

import numpy as np
import pytest

import numba_lstm
from numba_lstm import Sequential, layers
from numba_lstm.files.errors import FileFormatError

X = (3 * np.sin(0.37 * np.arange(24)) + 0.5).reshape(4, 3, 2).astype(np.float32)
CATEGORIES = np.array([[3, 0, 3], [1, 1, 1], [2, 0, 1], [3, 2, 0]])


def numbers(k):
    adapted = k.layers.Normalization()
    adapted.adapt(X + 1)
    given = k.layers.Normalization(axis=(1, 2), mean=1.0, variance=2.0)
    return k.Sequential([k.Input((3, 2)), adapted, k.layers.Rescaling(0.5, 1.0), given, k.layers.LSTM(3)])


def intervals(k):
    return k.Sequential([k.Input((3,)), k.layers.Discretization([-1.0, 0.0, 2.0]), k.layers.Embedding(4, 2), k.layers.LSTM(3)])


def counts(k):
    return k.Sequential([k.Input((3,)), k.layers.CategoryEncoding(4, output_mode="count"), k.layers.Dense(3)])


CASES = {numbers: X, intervals: X[..., 0], counts: CATEGORIES}


@pytest.mark.parametrize("make", CASES)
def test_a_keras_file_is_read_again(make, tmp_path):
    model = make(numba_lstm)
    model.save(tmp_path / "model.keras")
    restored = numba_lstm.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.predict(CASES[make], verbose=0), model.predict(CASES[make], verbose=0))


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("make", CASES)
def test_files_go_to_keras_and_back(make, tmp_path):
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    for writer, load in ((numba_lstm, keras.models.load_model), (keras, numba_lstm.load_model)):
        model = make(writer)
        model.save(tmp_path / "model.keras")
        actual, expected = (each.predict(CASES[make], verbose=0) for each in (load(tmp_path / "model.keras"), model))
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


def test_words_are_in_no_keras_file(tmp_path):
    lookup = layers.StringLookup(vocabulary=["a", "b"])
    model = Sequential([lookup, layers.Embedding(3, 2)], device="reference")
    model.predict([["a"]], verbose=0)
    with pytest.raises(ValueError, match="the vocabulary of StringLookup is not written to Keras's files"):
        model.save(tmp_path / "model.keras")
    Sequential([numba_lstm.Input((3,)), layers.Embedding(3, 2)]).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][1] |= {"class_name": "TextVectorization", "config": {"name": "words"}}
    with zipfile.ZipFile(tmp_path / "forged.keras", "w") as archive:
        for name, data in (members | {"config.json": json.dumps(config)}).items():
            archive.writestr(name, data)
    with pytest.raises(FileFormatError, match="the vocabulary of its TextVectorization is not read"):
        numba_lstm.load_model(tmp_path / "forged.keras")
