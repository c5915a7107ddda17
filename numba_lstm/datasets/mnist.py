"""MNIST images of handwritten digits, as ``keras.datasets.mnist`` (LeCun et al. 1998)."""

from __future__ import annotations

from typing import Any

from . import archives


def load_data(path: str = "mnist.npz") -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Load 60,000 training and 10,000 test images (28, 28) of uint8, and their digits.

    Parameters
    ----------
    path : str
        Name of the file in ``~/.keras/datasets``, or its absolute path.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)

    Raises
    ------
    FileNotFoundError
        If the file is missing. The message says which file to put where.
    """
    x_train, y_train, x_test, y_test = archives.load_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    return (x_train, y_train), (x_test, y_test)
