"""Texts as lists of word numbers, prepared as Keras's imdb and reuters are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Sequences = list[list[int]]


def shuffled(order: np.random.RandomState, *arrays: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """``arrays`` of one length in one random order."""
    indices = np.arange(len(arrays[0]))
    order.shuffle(indices)
    return [array[indices] for array in arrays]


def shifted(texts: Iterable[Any], start_char: int | None, index_from: int | None) -> Sequences:
    """``texts`` with ``start_char`` before each, and ``index_from`` added to each word where there is one of both."""
    first = [] if start_char is None else [start_char]
    return [[*first, *(int(word) + (index_from or 0) for word in text)] for text in texts]


def shorter(texts: Sequences, labels: npt.NDArray[Any], maxlen: int | None) -> tuple[Sequences, npt.NDArray[Any]]:
    """The texts of fewer than ``maxlen`` words, with their labels; ValueError where none is left."""
    if not maxlen:
        return texts, labels
    kept = np.array([len(text) < maxlen for text in texts], dtype=bool)
    if not kept.any():
        raise ValueError(f"no text has fewer than maxlen={maxlen} words. Give a larger maxlen.")
    return [text for text, keep in zip(texts, kept, strict=True) if keep], labels[kept]


def frequent(texts: Sequences, num_words: int | None, skip_top: int, oov_char: int | None) -> Sequences:
    """``texts`` with ``oov_char``, or nothing, in place of words outside ``[skip_top, num_words)``."""
    words = num_words or max(max(text) for text in texts)
    if oov_char is None:
        return [[word for word in text if skip_top <= word < words] for text in texts]
    return [[word if skip_top <= word < words else oov_char for word in text] for text in texts]


def as_objects(texts: Sequences) -> npt.NDArray[Any]:
    """An array (N,) of lists, as Keras answers."""
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array
