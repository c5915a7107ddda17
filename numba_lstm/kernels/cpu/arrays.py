"""CPU twin of the array ops: NumPy arrays, and buffers whose rows vectors may read to the end of a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .memory import aligned

Array = npt.NDArray[Any]


def asarray(x: Array, dtype: Any) -> Array:
    """CPU twin: the array itself where its dtype is right, its last axis follows on, and strides are whole elements."""
    x = np.asarray(x, dtype=dtype)
    size = x.itemsize
    follows = x.ndim == 0 or x.strides[-1] == size or x.shape[-1] == 1
    return x if follows and x.flags.aligned and not any(s % size for s in x.strides) else np.ascontiguousarray(x)


def to_host(x: Array) -> Array:
    """CPU twin: the array itself."""
    return x


def gather(x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
    """CPU twin: slices are views where dtype allows; chosen rows of sequences are laid out time-major."""
    if isinstance(rows, slice):
        batch = asarray(x[rows], dtype)
        return batch.transpose(1, 0, 2) if batch.ndim == 3 else batch
    if x.ndim == 3:
        batch = np.empty((x.shape[1], len(rows), x.shape[2]), x.dtype if dtype is None else dtype)
        batch[...] = x[rows].transpose(1, 0, 2)
        return batch
    return asarray(x[rows], dtype)


def flip(x: Array) -> Array:
    """CPU twin: a view."""
    return x[::-1]


def concat(xs: Sequence[Array]) -> Array:
    """CPU twin: a new array."""
    return np.concatenate(xs, axis=-1)


def buffer(x: Array, padded: int) -> Array:
    """A copy of x (..., C) as aligned rows (M, padded) with zeros behind C."""
    C = x.shape[-1]
    out = aligned((x.size // C, padded), x.dtype)
    out[:, C:] = 0
    out.reshape(*x.shape[:-1], padded)[..., :C] = x
    return out


def shaped(rows: Array, shape: tuple[int, ...]) -> Array:
    """Padded rows (M, padded) seen as an array of ``shape``."""
    return rows.reshape(*shape[:-1], rows.shape[1])[..., : shape[-1]]
