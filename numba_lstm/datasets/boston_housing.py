"""Boston housing prices, as ``keras.datasets.boston_housing`` (Harrison and Rubinfeld 1978)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs import as_number
from . import archives, words


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Load 13 features of 506 houses, and their prices.

    Parameters
    ----------
    path : str
        Name of the file in ``~/.keras/datasets``, or its absolute path.
    test_split : float
        Fraction of the data in the test set, in [0, 1).
    seed : int
        Seed of the shuffle.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)

    Raises
    ------
    FileNotFoundError
        If the file is missing. The message says which file to put where.
    """
    share = as_number(test_split, "test_split", "[0, 1)")
    x, y = words.shuffle(np.random.RandomState(seed), *archives.load_npz(path, ("x", "y")))
    split = int(len(x) * (1 - share))
    return (x[:split], y[:split]), (x[split:], y[split:])
