"""News and their topics, as ``keras.datasets.reuters``."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import archives, words


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """11,228 news as lists of word numbers, and which of 46 topics each has.

    Parameters
    ----------
    test_split : float
        The share of the test set.
    path, num_words, skip_top, maxlen, seed, start_char, oov_char, index_from
        Those of :func:`numba_lstm.datasets.imdb.load_data`, which says what is answered and raised too.
    """
    x, y = words.shuffled(np.random.RandomState(seed), *archives.load_npz(path, ("x", "y")))
    texts, y = words.shorter(words.shifted(x, start_char, index_from), y, maxlen)
    texts = words.frequent(texts, num_words, skip_top, oov_char)
    split = int(len(texts) * (1 - test_split))
    return (words.as_objects(texts[:split]), y[:split]), (words.as_objects(texts[split:]), y[split:])


def get_word_index(path: str = "reuters_word_index.json") -> Any:
    """A dict of words and their numbers, before ``index_from`` is added."""
    return archives.load_json(path)
