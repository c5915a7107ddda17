"""Encodings of categories: one number each as one-hot rows, or rows for all of a sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...objects.serialization import choose
from ..base.arguments import Shape

Host = npt.NDArray[Any]

_OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def as_mode(output_mode: Any, known: tuple[str, ...]) -> str:
    """Return ``output_mode`` by its newer name; raise ValueError for one that is not known."""
    return choose(
        _OLD_MODES.get(output_mode, output_mode) if isinstance(output_mode, str) else output_mode, known, "output_mode"
    )


def encode(indices: Host, mode: str, depth: int, dtype: Any, weights: Host | None = None) -> Host:
    """Encode categories (N,) or (N, T) of -1 to ``depth - 1``; -1 counts for nothing.

    Parameters
    ----------
    indices : array of int
        Categories.
    mode : "one_hot", "multi_hot" or "count"
        One row (depth,) for each category, where (N, 1) counts as (N,); or one row for a sample, with 1 or the number of times
        for each of its categories.
    depth : int
        Number of categories.
    dtype : dtype
        Dtype of the result.
    weights : array, optional
        What each category counts for, of the shape of ``indices``.
    """
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        return np.asarray(indices[..., None] == np.arange(depth), dtype)
    rows = indices.reshape(len(indices), -1)
    result = np.zeros((len(rows), depth), dtype)
    sample, place = np.nonzero(rows >= 0)
    amounts = 1 if weights is None else weights.reshape(rows.shape)[sample, place]
    np.add.at(result, (sample, rows[sample, place]), amounts)
    return np.minimum(result, 1) if mode == "multi_hot" else result


def encoded_shape(shape: Shape, mode: str, depth: int) -> Shape:
    """Return the shape of :func:`encode`, also for a shape that is one already."""
    if mode == "one_hot" and len(shape) > 1 and shape[-1] not in (1, depth):
        return (*shape, depth)
    return (*shape[:-1], depth) if mode == "one_hot" and len(shape) == 3 else (shape[0], depth)
