"""Operators that move elements and compute nothing, on arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Host = npt.NDArray[Any]


def axis_of(axis: Any, rank: int) -> int:
    """``axis`` counted from the front; ValueError if an array of that rank has not got it."""
    if not isinstance(axis, (int, np.integer)) or not -rank <= axis < rank:
        raise ValueError(f"the axis must be a whole number from {-rank} to {rank - 1}, got {axis!r}.")
    return int(axis) % rank


def whole(values: Host, what: str) -> list[int]:
    """A vector of whole numbers as a list."""
    if values.dtype.kind not in "iu" or values.ndim > 1:
        raise ValueError(f"{what} must be a vector of whole numbers, got {values.dtype} of shape {values.shape}.")
    return [int(value) for value in values.reshape(-1)]


def sizes_of(values: Host) -> tuple[int, ...]:
    """A shape that is given as an array."""
    sizes = whole(values, "a shape")
    if any(size < 0 for size in sizes):
        raise ValueError(f"a shape must hold sizes from 0 up, got {sizes}.")
    return tuple(sizes)


def shape(x: Host, start: int = 0, end: int | None = None) -> Host:
    """The sizes of x, or of some of its axes."""
    return np.array(x.shape[start:end], np.int64)


def squeeze(x: Host, axes: Host | None) -> Host:
    """Without ``axes``, all of size 1."""
    if axes is None:
        return x.reshape([size for size in x.shape if size != 1])
    dropped = {axis_of(axis, x.ndim) for axis in whole(axes, "axes")}
    if any(x.shape[axis] != 1 for axis in dropped):
        raise ValueError(f"axes {sorted(dropped)} of shape {x.shape} are not all of size 1.")
    return x.reshape([size for axis, size in enumerate(x.shape) if axis not in dropped])


def unsqueeze(x: Host, axes: Host | None) -> Host:
    """With axes of size 1 at the places ``axes`` of the result."""
    if axes is None:
        raise ValueError("its axes are missing.")
    given = whole(axes, "axes")
    rank = x.ndim + len(given)
    places = {axis_of(axis, rank) for axis in given}
    if len(places) != len(given) or rank > 32:
        raise ValueError(f"axes {given[:40]} are not different, or too many.")
    sizes = iter(x.shape)
    return x.reshape([1 if axis in places else next(sizes) for axis in range(rank)])


def flatten(x: Host, axis: int = 1) -> Host:
    """A matrix: axes before ``axis`` as rows."""
    at = x.ndim if axis == x.ndim else axis_of(axis, x.ndim)
    return x.reshape(math.prod(x.shape[:at]), math.prod(x.shape[at:]))


def reshape(x: Host, shape: Host, allowzero: int = 0) -> Host:
    """-1 is what is left, 0 the size of the same axis of x."""
    sizes = whole(shape, "the shape")
    if not allowzero:
        if any(size == 0 and axis >= x.ndim for axis, size in enumerate(sizes)):
            raise ValueError(f"shape {sizes} has a 0 where an input of shape {x.shape} has no axis.")
        sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    if any(size < -1 for size in sizes) or sizes.count(-1) > 1 or len(sizes) > 32:
        raise ValueError(f"shape {sizes[:40]} has other negative sizes than one -1, or too many.")
    return x.reshape(sizes)


def transpose(x: Host, perm: Sequence[int] | None = None) -> Host:
    """Axes in the order of ``perm``, by default reversed."""
    if perm is not None and sorted(perm) != list(range(x.ndim)):
        raise ValueError(f"perm {list(perm)[:40]} is no order of the axes of shape {x.shape}.")
    return np.transpose(x, perm)


def slice_of(x: Host, starts: Host | None, ends: Host | None, axes: Host | None = None, steps: Host | None = None) -> Host:
    """Elements from start to end by step along some axes; bounds outside are cut, negative ones count from the end."""
    if starts is None or ends is None:
        raise ValueError("its starts or ends are missing.")
    begin, stop = whole(starts, "starts"), whole(ends, "ends")
    along = list(range(len(begin))) if axes is None else [axis_of(axis, x.ndim) for axis in whole(axes, "axes")]
    by = [1] * len(begin) if steps is None else whole(steps, "steps")
    if not len(begin) == len(stop) == len(along) == len(by) or len(set(along)) != len(along) or 0 in by or len(by) > x.ndim:
        raise ValueError("starts, ends, axes and steps must be as many, no axis twice, and no step 0.")
    cut = [slice(None)] * x.ndim
    for first, last, axis, step in zip(begin, stop, along, by, strict=True):
        size = x.shape[axis]
        low, high = (0, size) if step > 0 else (-1, size - 1)
        first = min(max(first + size if first < 0 else first, 0), high)
        last = min(max(last + size if last < 0 else last, low), high)
        cut[axis] = slice(first, last if last >= 0 else None, step)
    return x[tuple(cut)]
