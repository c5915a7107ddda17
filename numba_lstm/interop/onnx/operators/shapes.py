"""ONNX operators that rearrange elements of arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Host = npt.NDArray[Any]


def axis_of(axis: Any, rank: int) -> int:
    """Return ``axis`` counted from the front; ValueError if an array of this rank does not have it."""
    if not isinstance(axis, (int, np.integer)) or not -rank <= axis < rank:
        raise ValueError(f"the axis must be a whole number from {-rank} to {rank - 1}, got {axis!r}.")
    return int(axis) % rank


def integers(values: Host, what: str) -> list[int]:
    """Convert a vector of integers to a list."""
    if values.dtype.kind not in "iu" or values.ndim > 1:
        raise ValueError(f"{what} must be a vector of whole numbers, got {values.dtype} of shape {values.shape}.")
    return [int(value) for value in values.reshape(-1)]


def sizes_of(values: Host) -> tuple[int, ...]:
    """Convert an array to a shape."""
    sizes = integers(values, "a shape")
    if any(size < 0 for size in sizes):
        raise ValueError(f"a shape must hold sizes from 0 up, got {sizes}.")
    return tuple(sizes)


def shape(x: Host, start: int = 0, end: int | None = None) -> Host:
    """Shape: the sizes of the axes of x from ``start`` to ``end``."""
    return np.array(x.shape[start:end], np.int64)


def squeeze(x: Host, axes: Host | None) -> Host:
    """Squeeze: remove ``axes``, all of size 1."""
    if axes is None:
        return x.reshape([size for size in x.shape if size != 1])
    removed = {axis_of(axis, x.ndim) for axis in integers(axes, "axes")}
    if any(x.shape[axis] != 1 for axis in removed):
        raise ValueError(f"axes {sorted(removed)} of shape {x.shape} are not all of size 1.")
    return x.reshape([size for axis, size in enumerate(x.shape) if axis not in removed])


def unsqueeze(x: Host, axes: Host | None) -> Host:
    """Unsqueeze: insert axes of size 1 at the positions ``axes`` of the result."""
    if axes is None:
        raise ValueError("its axes are missing.")
    axis_list = integers(axes, "axes")
    rank = x.ndim + len(axis_list)
    positions = {axis_of(axis, rank) for axis in axis_list}
    if len(positions) != len(axis_list) or rank > 32:
        raise ValueError(f"axes {axis_list[:40]} are not different, or too many.")
    sizes = iter(x.shape)
    return x.reshape([1 if axis in positions else next(sizes) for axis in range(rank)])


def flatten(x: Host, axis: int = 1) -> Host:
    """Flatten: a matrix, whose rows are the axes before ``axis``."""
    split = x.ndim if axis == x.ndim else axis_of(axis, x.ndim)
    return x.reshape(math.prod(x.shape[:split]), math.prod(x.shape[split:]))


def reshape(x: Host, shape: Host, allowzero: int = 0) -> Host:
    """Reshape: -1 stands for the remaining elements, 0 for the size of the same axis of x."""
    sizes = integers(shape, "the shape")
    if not allowzero:
        if any(size == 0 and axis >= x.ndim for axis, size in enumerate(sizes)):
            raise ValueError(f"shape {sizes} has a 0 where an input of shape {x.shape} has no axis.")
        sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    if any(size < -1 for size in sizes) or sizes.count(-1) > 1 or len(sizes) > 32:
        raise ValueError(f"shape {sizes[:40]} has other negative sizes than one -1, or too many.")
    return x.reshape(sizes)


def transpose(x: Host, perm: Sequence[int] | None = None) -> Host:
    """Transpose: axes in the order of ``perm``, by default reversed."""
    if perm is not None and sorted(perm) != list(range(x.ndim)):
        raise ValueError(f"perm {list(perm)[:40]} is no order of the axes of shape {x.shape}.")
    return np.transpose(x, perm)


def slice_of(x: Host, starts: Host | None, ends: Host | None, axes: Host | None = None, steps: Host | None = None) -> Host:
    """Slice: elements from start to end by step along some axes; bounds are clipped, negative ones count from the end."""
    if starts is None or ends is None:
        raise ValueError("its starts or ends are missing.")
    first_indices, last_indices = integers(starts, "starts"), integers(ends, "ends")
    sliced_axes = (
        list(range(len(first_indices))) if axes is None else [axis_of(axis, x.ndim) for axis in integers(axes, "axes")]
    )
    step_list = [1] * len(first_indices) if steps is None else integers(steps, "steps")
    if (
        not len(first_indices) == len(last_indices) == len(sliced_axes) == len(step_list)
        or len(set(sliced_axes)) != len(sliced_axes)
        or 0 in step_list
        or len(step_list) > x.ndim
    ):
        raise ValueError("starts, ends, axes and steps must be as many, no axis twice, and no step 0.")
    slices = [slice(None)] * x.ndim
    for first, last, axis, step in zip(first_indices, last_indices, sliced_axes, step_list, strict=True):
        size = x.shape[axis]
        low, high = (0, size) if step > 0 else (-1, size - 1)
        first = min(max(first + size if first < 0 else first, 0), high)
        last = min(max(last + size if last < 0 else last, low), high)
        slices[axis] = slice(first, last if last >= 0 else None, step)
    return x[tuple(slices)]
