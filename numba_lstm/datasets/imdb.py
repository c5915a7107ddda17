"""Reviews of films and whether they praise, as ``keras.datasets.imdb`` (Maas et al. 2011)."""

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
    """25,000 reviews to train and 25,000 to test as lists of word numbers, the most frequent word first.

    Parameters
    ----------
    path : str
        The file's name in ``~/.keras/datasets``, or its whole path.
    num_words : int, optional
        Numbers from this one on become ``oov_char``.
    skip_top : int
        Numbers below become ``oov_char``.
    maxlen : int, optional
        Only reviews of fewer words.
    seed : int
        Of their order.
    start_char, oov_char, index_from : int, optional
        What each review begins with, what other words become (None: they are left out), and what is added to words.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x arrays (N,) of lists, y arrays (N,) of 0 and 1.

    Raises
    ------
    FileNotFoundError
        If the file is not there: the sentence says where to put which.
    ValueError
        For a damaged file, and where ``maxlen`` leaves no review.
    """
    x_train, y_train, x_test, y_test = archives.load_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    order = np.random.RandomState(seed)
    parts = []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        x, y = words.shuffled(order, x, y)
        parts.append(words.shorter(words.shifted(x, start_char, index_from), y, maxlen))
    (first, first_labels), (second, second_labels) = parts
    texts = words.frequent(first + second, num_words, skip_top, oov_char)
    split = len(first)
    return (words.as_objects(texts[:split]), first_labels), (words.as_objects(texts[split:]), second_labels)


def get_word_index(path: str = "imdb_word_index.json") -> Any:
    """A dict of words and their numbers, before ``index_from`` is added; FileNotFoundError as in :func:`load_data`."""
    return archives.load_json(path)
