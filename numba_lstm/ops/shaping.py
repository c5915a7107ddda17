"""Functions of shapes: axes, slices, joins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .tensor import Shape, Tensor, TensorShapeError, UntraceableError, as_tensor, broadcast, is_traced


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes as indices from 0 on, all of them for None, in ascending order."""
    if axis is None:
        return tuple(range(ndim))
    found = [axis] if not isinstance(axis, (tuple, list)) else list(axis)
    if any(not -ndim <= one < ndim for one in found):
        raise TensorShapeError(f"an array of {ndim} axes has no axis {axis}.")
    return tuple(sorted(one % ndim for one in found))


def shape(x: Any) -> Shape:
    """Return the shape, a tuple of whole numbers."""
    return x.shape if isinstance(x, Tensor) else np.shape(x)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(shape(x))


def size(x: Any) -> int:
    """Return the number of elements."""
    return math.prod(shape(x))


def reshape(x: Any, newshape: Any) -> Any:
    """Return the elements of x in another shape, one of whose sizes may be -1."""
    if not is_traced(x):
        return np.reshape(x, newshape)
    target = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    rest = math.prod(n for n in target if n != -1)
    total = math.prod(x.shape)
    target = tuple(total // max(rest, 1) if n == -1 else int(n) for n in target)
    if math.prod(target) != total:
        raise TensorShapeError(f"an array of shape {x.shape} has no {target} elements.")
    if target == x.shape:
        return x
    if x.is_constant:
        return Tensor("constant", (), x.detail, target, x.kind)
    return Tensor("reshape", (x,), target, target, x.kind)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Return x with its axes in another order, by default reversed."""
    if not is_traced(x):
        return np.transpose(x, axes)
    order = tuple(reversed(range(x.ndim))) if axes is None else tuple(axis % x.ndim for axis in axes)
    if sorted(order) != list(range(x.ndim)):
        raise TensorShapeError(f"axes must name each of the {x.ndim} axes once, got {axes}.")
    if order == tuple(range(x.ndim)):
        return x
    target = tuple(x.shape[axis] for axis in order)
    if x.is_constant:
        return Tensor("constant", (), x.detail, target, x.kind)
    return Tensor("permute", (x,), order, target, x.kind)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return x with two axes exchanged."""
    order = list(range(ndim(x)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


def moveaxis(x: Any, source: int, destination: int) -> Any:
    """Return x with one axis at another place."""
    n = ndim(x)
    order = [axis for axis in range(n) if axis != source % n]
    order.insert(destination % n, source % n)
    return transpose(x, order)


def expand_dims(x: Any, axis: int) -> Any:
    """Return x with a new axis of size 1."""
    if not is_traced(x):
        return np.expand_dims(x, axis)
    at = axis % (x.ndim + 1)
    return reshape(x, (*x.shape[:at], 1, *x.shape[at:]))


def squeeze(x: Any, axis: Any = None) -> Any:
    """Return x without axes of size 1."""
    if not is_traced(x):
        return np.squeeze(x, axis)
    gone = [k for k, n in enumerate(x.shape) if n == 1] if axis is None else axes_of(axis, x.ndim)
    return reshape(x, tuple(n for k, n in enumerate(x.shape) if k not in gone))


def broadcast_to(x: Any, shape: Sequence[int]) -> Any:
    """Return x in a shape by NumPy's rules of broadcasting."""
    return broadcast(x, shape) if is_traced(x) else np.broadcast_to(x, tuple(shape))


def repeat(x: Any, repeats: int, axis: int) -> Any:
    """Return x with each element of an axis ``repeats`` times."""
    if not is_traced(x):
        return np.repeat(x, repeats, axis)
    at = axis % x.ndim
    wide = broadcast(expand_dims(x, at + 1), (*x.shape[: at + 1], repeats, *x.shape[at + 1 :]))
    return reshape(wide, (*x.shape[:at], x.shape[at] * repeats, *x.shape[at + 1 :]))


def take_index(x: Tensor, index: Any) -> Tensor:
    """Return ``x[index]`` for whole numbers, slices, None and an ellipsis."""
    items = list(index) if isinstance(index, tuple) else [index]
    if any(isinstance(item, (Tensor, np.ndarray, list)) for item in items):
        raise UntraceableError("an array is indexed with whole numbers and slices, not with arrays. Write ops.where.")
    axes = sum(item is not None and item is not Ellipsis for item in items)
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [slice(None)] * (x.ndim - axes)
    items += [slice(None)] * (x.ndim - sum(item is not None for item in items))
    slices, target, axis = [], [], 0
    for item in items:
        if item is None:
            target.append(1)
            continue
        n = x.shape[axis]
        if not isinstance(item, slice):
            if not -n <= item < n:
                raise TensorShapeError(f"index {item} is beyond axis {axis} of shape {x.shape}.")
            slices.append((item % n, item % n + 1, 1))
        else:
            slices.append(item.indices(n))
            target.append(len(range(*slices[-1])))
        axis += 1
    taken = tuple(len(range(*one)) for one in slices)
    if taken != x.shape or any(step != 1 for _, _, step in slices):
        x = Tensor("constant", (), x.detail, taken) if x.is_constant else Tensor("slice", (x,), tuple(slices), taken, x.kind)
    return reshape(x, tuple(target))  # type: ignore[no-any-return]


def concatenate(xs: Sequence[Any], axis: int = -1) -> Any:
    """Return arrays joined along an axis."""
    if not is_traced(*xs):
        return np.concatenate(xs, axis)
    tensors = [as_tensor(x) for x in xs]
    at, first = axes_of(axis, tensors[0].ndim)[0], tensors[0]
    if any(x.ndim != first.ndim or _differ(x, first, at) for x in tensors):
        raise TensorShapeError(f"concatenate takes arrays that differ in axis {axis} alone, got {[x.shape for x in tensors]}.")
    if len(tensors) == 1:
        return first
    places, start = [], 0
    for x in tensors:
        places.append(tuple((start, start + n, 1) if k == at else (0, n, 1) for k, n in enumerate(x.shape)))
        start += x.shape[at]
    target = tuple(start if k == at else n for k, n in enumerate(first.shape))
    return Tensor("join", tuple(tensors), tuple(places), target, first.kind)


def _differ(x: Tensor, y: Tensor, at: int) -> bool:
    """Return whether two shapes differ in another axis than ``at``."""
    return any(n != m for k, (n, m) in enumerate(zip(x.shape, y.shape, strict=True)) if k != at)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Return arrays of one shape joined along a new axis."""
    if not is_traced(*x):
        return np.stack(x, axis)
    return concatenate([expand_dims(as_tensor(one), axis) for one in x], axis)


def flip(x: Any, axis: Any = None) -> Any:
    """Return x in reversed order along axes."""
    if not is_traced(x):
        return np.flip(x, axis)
    axes = axes_of(axis, x.ndim)
    return x[tuple(slice(None, None, -1) if k in axes else slice(None) for k in range(x.ndim))]


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Return the pieces of x along an axis: equal ones, or those between indices."""
    if not is_traced(x):
        return np.split(x, indices_or_sections, axis)
    at = axis % x.ndim
    n = x.shape[at]
    if isinstance(indices_or_sections, int):
        indices = [n * k // indices_or_sections for k in range(1, indices_or_sections)]
    else:
        indices = list(indices_or_sections)
    limits = zip([0, *indices], [*indices, n], strict=True)
    return [x[(*(slice(None),) * at, slice(*limit))] for limit in limits]
