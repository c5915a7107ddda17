"""Reuters news and their topics, as ``keras.datasets.reuters``."""

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
    """Load 11,228 news as lists of word indices, and the topic of each, one of 46.

    Parameters
    ----------
    test_split : float
        Fraction of the data in the test set.
    path, num_words, skip_top, maxlen, seed, start_char, oov_char, index_from
        See :func:`numba_lstm.datasets.imdb.load_data`, also for the returned arrays and the errors.
    """
    x, y = words.shuffle(np.random.RandomState(seed), *archives.load_npz(path, ("x", "y")))
    texts, y = words.drop_long(words.add_offset(x, start_char, index_from), y, maxlen)
    texts = words.limit_vocabulary(texts, num_words, skip_top, oov_char)
    split = int(len(texts) * (1 - test_split))
    return (words.as_object_array(texts[:split]), y[:split]), (words.as_object_array(texts[split:]), y[split:])


def get_word_index(path: str = "reuters_word_index.json") -> Any:
    """Return a dict of words and their indices, without ``index_from``."""
    return archives.load_json(path)
