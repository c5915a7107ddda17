"""Array ops of the reference device, whose arrays are NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def asarray(x: Array, dtype: Any) -> Array:
    """The array itself if it has the dtype."""
    return np.asarray(x, dtype=dtype)


def to_host(x: Array) -> Array:
    """The array itself."""
    return x


def _swapped(x: Array) -> Array:
    """A batch of samples with axes of their own has its first two axes swapped on the device."""
    return x.swapaxes(0, 1) if x.ndim > 2 else x


def gather(x: Array, rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
    """A sequence is a transposed view of the rows."""
    batch = np.ascontiguousarray(x[rows], dtype=dtype)
    return _swapped(batch)


def flip(x: Array) -> Array:
    """A view."""
    return x[::-1]


def concat(xs: Sequence[Array]) -> Array:
    """A new array."""
    return np.concatenate(xs, axis=-1)


def split(x: Array, sizes: Sequence[int]) -> list[Array]:
    """Views."""
    return np.split(x, np.cumsum(sizes)[:-1], axis=-1)


def add(a: Array, b: Array) -> Array:
    """A new array."""
    return a + b


def multiply(a: Array, b: Array) -> Array:
    """A new array."""
    return a * b


def scale(x: Array, factor: float) -> Array:
    """A new array."""
    return x * x.dtype.type(factor)


def reshape(x: Array, shape: Sequence[int]) -> Array:
    """Samples come first, are reshaped, then steps come first again."""
    samples = _swapped(x)
    return _swapped(samples.reshape(len(samples), *shape))


def repeat(x: Array, steps: int) -> Array:
    """A new array."""
    return np.repeat(x[None], steps, axis=0)


def sum_steps(x: Array) -> Array:
    """A new array."""
    return sum(x[1:], x[0])


def merge_steps(x: Array) -> Array:
    """The two leading axes as one."""
    return _swapped(x.reshape(-1, *x.shape[2:]))


def split_steps(x: Array, steps: int) -> Array:
    """The axis of samples as two."""
    samples = _swapped(x)
    return samples.reshape(steps, -1, *samples.shape[1:])


def not_equal(x: Array, value: float) -> Array:
    """Element by element."""
    return x != value


def steps_not_equal(x: Array, value: float) -> Array:
    """Reduces over the features of a step."""
    return np.any(not_equal(x, x.dtype.type(value)), axis=-1)


def zero_masked(x: Array, mask: Array) -> Array:
    """Selects instead of multiplying, since NaN times zero is NaN."""
    return np.where(mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)), x, x.dtype.type(0))
