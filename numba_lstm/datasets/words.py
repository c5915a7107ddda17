"""Preparation of texts, lists of word indices, as in Keras's imdb and reuters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Sequences = list[list[int]]


def shuffle(order: np.random.RandomState, *arrays: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Shuffle ``arrays`` of one length in the same order."""
    indices = np.arange(len(arrays[0]))
    order.shuffle(indices)
    return [array[indices] for array in arrays]


def add_offset(texts: Iterable[Any], start_char: int | None, index_from: int | None) -> Sequences:
    """Prepend ``start_char`` to each text and add ``index_from`` to each word, unless they are None."""
    prefix = [] if start_char is None else [start_char]
    return [[*prefix, *(int(word) + (index_from or 0) for word in text)] for text in texts]


def drop_long(texts: Sequences, labels: npt.NDArray[Any], maxlen: int | None) -> tuple[Sequences, npt.NDArray[Any]]:
    """Drop texts of ``maxlen`` words or more, and their labels. Raise ValueError if no text remains."""
    if not maxlen:
        return texts, labels
    short = np.array([len(text) < maxlen for text in texts], dtype=bool)
    if not short.any():
        raise ValueError(f"no text has fewer than maxlen={maxlen} words. Give a larger maxlen.")
    return [text for text, is_short in zip(texts, short, strict=True) if is_short], labels[short]


def limit_vocabulary(texts: Sequences, num_words: int | None, skip_top: int, oov_char: int | None) -> Sequences:
    """Replace words outside of ``[skip_top, num_words)`` with ``oov_char``, or drop them if it is None."""
    words = num_words or max(max(text) for text in texts)
    if oov_char is None:
        return [[word for word in text if skip_top <= word < words] for text in texts]
    return [[word if skip_top <= word < words else oov_char for word in text] for text in texts]


def as_object_array(texts: Sequences) -> npt.NDArray[Any]:
    """Convert texts to an array (N,) of lists, as Keras returns them."""
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array
