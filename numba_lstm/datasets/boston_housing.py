"""Prices of houses, as ``keras.datasets.boston_housing`` (Harrison and Rubinfeld 1978)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs import as_number
from . import archives, words


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """506 houses of 13 features, and their prices.

    Parameters
    ----------
    path : str
        The file's name in ``~/.keras/datasets``, or its whole path.
    test_split : float
        The share of the test set, in [0, 1).
    seed : int
        Of the order.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)

    Raises
    ------
    FileNotFoundError
        If the file is not there: the sentence says where to put which.
    """
    share = as_number(test_split, "test_split", "[0, 1)")
    x, y = words.shuffled(np.random.RandomState(seed), *archives.load_npz(path, ("x", "y")))
    split = int(len(x) * (1 - share))
    return (x[:split], y[:split]), (x[split:], y[split:])
