"""Arrays of the witness: they are NumPy's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def asarray(x: Array, dtype: Any) -> Array:
    """The array itself where its dtype is right."""
    return np.asarray(x, dtype=dtype)


def to_host(x: Array) -> Array:
    """The array itself."""
    return x


def gather(x: Array, rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
    """Sequences come out as a transposed view of the rows."""
    batch = np.ascontiguousarray(x[rows], dtype=dtype)
    return batch.transpose(1, 0, 2) if batch.ndim == 3 else batch


def flip(x: Array) -> Array:
    """A view."""
    return x[::-1]


def concat(xs: Sequence[Array]) -> Array:
    """A new array."""
    return np.concatenate(xs, axis=-1)
