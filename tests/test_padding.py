"""``pad_sequences``: padding, truncation and values that a dtype cannot hold."""

from __future__ import annotations

import numpy as np
import pytest
from training_cases import D, X

from numba_lstm import pad_sequences, utils

# -- pad_sequences: its numbers are in test_keras_training ------------------------------------------------------------------


def test_padding_is_a_public_name_and_a_utility():
    assert utils.pad_sequences is pad_sequences


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool"])
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([1, None], "Some entries are missing (1, as None). Fill them, or leave their samples out."),
        (np.array([1, None], object), "Some entries are missing (1, as None). Fill them, or leave their samples out."),
        (np.array([1.0, 2.0], object), "Convert it first: np.asarray(sequences[1], dtype='float64')."),
        (["1", "2"], "Convert it first: np.asarray(sequences[1], dtype='float64')."),
        ([1j], "Take .real, or give real and imaginary parts as two features."),
    ],
)
def test_padding_of_numbers_takes_numbers_alone(dtype, wrong, sentence):
    with pytest.raises(TypeError, match=r"^sequences\[1\] must be an array of real numbers, got dtype .*") as raised:
        pad_sequences([[1, 2], wrong], dtype=dtype)
    assert str(raised.value).endswith(sentence)
    for value in (None, "0", 1j):
        with pytest.raises(TypeError, match=r"^value (must be an array of real numbers|is None)"):
            pad_sequences([[1, 2]], dtype=dtype, value=value)


@pytest.mark.parametrize(
    ("wrong", "dtype", "advised"),
    [
        (np.nan, "int32", "float32"),
        (0.5, "int64", "float32"),
        (2**40, "int32", "int64"),
        (-1, "uint8", "int64"),
        (1e30, "int64", "float64"),
    ],
)
def test_padding_loses_nothing_in_whole_numbers(wrong, dtype, advised):
    for arguments in ({"sequences": [[1, wrong]]}, {"sequences": [[1, 2]], "value": wrong}):
        with pytest.raises(ValueError, match=rf"has .*{dtype} .* Give dtype='{advised}'\.$"):
            pad_sequences(**arguments, dtype=dtype)
        assert pad_sequences(**arguments, dtype=advised, maxlen=3).dtype == advised
    assert pad_sequences([[wrong, 1]], dtype=dtype, maxlen=1).tolist() == [[1]]


def test_padding_takes_arrays_and_strings():
    assert pad_sequences([X[0], X[1, :2]], dtype="float32", padding="post").shape == (2, 5, D)
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="").tolist() == [["", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"sequences": []}, "at least one sequence"),
        ({"sequences": [1, 2]}, "at least one sequence"),
        ({"sequences": 3}, "a list with one sequence"),
        ({"sequences": [[1]], "padding": "left"}, "padding must be 'pre' or 'post', got 'left'"),
        ({"sequences": [[1]], "truncating": "right"}, "truncating must be 'pre' or 'post'"),
        ({"sequences": [[1]], "maxlen": 0}, "maxlen must be at least 1"),
        ({"sequences": [[[1, 2]], [[1]]]}, r"sequence 1 has elements of shape \(1,\), others of \(2,\)"),
        ({"sequences": [[0.5]]}, r"sequences\[0\] has 0\.5, which int32 cannot hold\. Give dtype=\'float32\'\."),
    ],
)
def test_padding_that_cannot_be_is_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        pad_sequences(**arguments)
