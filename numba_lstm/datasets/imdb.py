"""IMDB film reviews and their sentiment, as ``keras.datasets.imdb`` (Maas et al. 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import archives, words


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Load 25,000 training and 25,000 test reviews as lists of word indices, which are numbered by frequency.

    Parameters
    ----------
    path : str
        Name of the file in ``~/.keras/datasets``, or its absolute path.
    num_words : int, optional
        Indices from this one on become ``oov_char``.
    skip_top : int
        Smaller indices become ``oov_char``.
    maxlen : int, optional
        Drop reviews of as many words or more.
    seed : int
        Seed of the shuffle.
    start_char, oov_char, index_from : int, optional
        First index of each review, replacement of other words (None drops them), and offset of the word indices.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x arrays (N,) of lists, y arrays (N,) of 0 and 1.

    Raises
    ------
    FileNotFoundError
        If the file is missing. The message says which file to put where.
    ValueError
        For a damaged file, and if ``maxlen`` leaves no review.
    """
    x_train, y_train, x_test, y_test = archives.load_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    order = np.random.RandomState(seed)
    subsets = []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        x, y = words.shuffle(order, x, y)
        subsets.append(words.drop_long(words.add_offset(x, start_char, index_from), y, maxlen))
    (first, first_labels), (second, second_labels) = subsets
    texts = words.limit_vocabulary(first + second, num_words, skip_top, oov_char)
    split = len(first)
    return (words.as_object_array(texts[:split]), first_labels), (words.as_object_array(texts[split:]), second_labels)


def get_word_index(path: str = "imdb_word_index.json") -> Any:
    """Return a dict of words and their indices, without ``index_from``. Raise FileNotFoundError as :func:`load_data` does."""
    return archives.load_json(path)
