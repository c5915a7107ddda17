"""Images of handwritten digits, as ``keras.datasets.mnist`` (LeCun et al. 1998)."""

from __future__ import annotations

from typing import Any

from . import archives


def load_data(path: str = "mnist.npz") -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """60,000 images (28, 28) of uint8 to train and 10,000 to test, and their digits.

    Parameters
    ----------
    path : str
        The file's name in ``~/.keras/datasets``, or its whole path.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)

    Raises
    ------
    FileNotFoundError
        If the file is not there: the sentence says where to put which.
    """
    x_train, y_train, x_test, y_test = archives.load_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    return (x_train, y_train), (x_test, y_test)
