"""One-hot encoding of labels, and normalization of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_real


def to_categorical(x: npt.ArrayLike, num_classes: int | None = None) -> npt.NDArray[np.float64]:
    """Convert labels to one-hot rows, as ``keras.utils.to_categorical``.

    Parameters
    ----------
    x : array of whole numbers
        Labels from 0 to ``num_classes - 1``, of any real dtype. A last axis of size 1 is dropped.
    num_classes : int, optional
        C. Default: the largest label plus 1.

    Returns
    -------
    array of float64, (..., C)

    Raises
    ------
    TypeError, ValueError
        For anything but whole numbers in that range. (Keras counts negative labels from the end and truncates fractions.)
    """
    labels = as_real(x, "labels")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    infinite = ~np.isfinite(labels)
    if infinite.any():
        raise ValueError(
            f"labels must be whole numbers, got {labels[infinite].flat[0]} ({np.sum(infinite)} of {labels.size}). "
            "Leave these samples out, or give them a class of their own."
        )
    classes = as_count(num_classes, "num_classes") if num_classes else max(int(labels.max()) + 1, 1)
    fits = (labels >= 0) & (labels < classes) & (np.floor(labels) == labels)
    if not fits.all():
        raise ValueError(
            f"labels must be whole numbers from 0 to {classes - 1}, got {labels[~fits].flat[0]}. Number the classes from 0: "
            "labels = np.unique(labels, return_inverse=True)[1]."
        )
    rows = np.zeros((labels.size, classes))
    rows[np.arange(labels.size), labels.reshape(-1).astype(np.intp)] = 1
    return rows.reshape(*labels.shape, classes)


def normalize(x: npt.ArrayLike, axis: int = -1, order: Any = 2) -> npt.NDArray[Any]:
    """Divide ``x`` by its norms along ``axis``, as ``keras.utils.normalize``. Zeros remain zeros.

    Parameters
    ----------
    x : array
        Real numbers.
    axis : int
        Axis of the norms.
    order : int or float
        Order of the norm, as in :func:`numpy.linalg.norm`.
    """
    values = as_real(x, "x")
    norms = np.linalg.norm(values, order, axis, keepdims=True)
    return np.asarray(values / np.where(norms == 0, 1, norms))
