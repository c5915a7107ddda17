"""Functions of shapes that are composed of slices and joins, and arrays of constants."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..elementwise import cast, multiply, subtract
from ..products import matmul
from ..reducing import one_hot
from ..shaping import axes_of, concatenate, expand_dims, flip, moveaxis, ndim, reshape
from ..tensor import Tensor, UntraceableError, as_tensor, broadcast, constant, is_traced


def ravel(x: Any) -> Any:
    """Return the elements of x along one axis."""
    return reshape(x, (-1,))


def copy(x: Any) -> Any:
    """Return a copy of an array. A tensor, which never changes, is returned as it is."""
    return x if isinstance(x, Tensor) else np.array(x)


def tile(x: Any, repeats: Any) -> Any:
    """Return x, ``repeats`` times along each axis."""
    if not is_traced(x):
        return np.tile(x, repeats)
    times = [repeats] if isinstance(repeats, int) else list(repeats)
    times = [1] * (x.ndim - len(times)) + times
    sizes = (*(1,) * (len(times) - x.ndim), *x.shape)
    pairs = reshape(x, tuple(size for n in sizes for size in (1, n)))
    wide = broadcast(pairs, [size for count, n in zip(times, sizes, strict=True) for size in (count, n)])
    return reshape(wide, tuple(count * n for count, n in zip(times, sizes, strict=True)))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Return x with its elements moved along axes; those beyond the end come first."""
    if not is_traced(x):
        return np.roll(x, shift, axis)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    shifts, axes = ([value] if isinstance(value, int) else list(value) for value in (shift, axis))
    for steps, one in zip(shifts, axes, strict=True):
        at = axes_of(one, x.ndim)[0]
        split = -steps % x.shape[at]
        before = (builtins.slice(None),) * at
        if split:
            x = concatenate([x[(*before, builtins.slice(split, None))], x[(*before, builtins.slice(0, split))]], at)
    return x


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Return x with constants around it, by default 0: ``pad_width`` has a pair for each axis, or one for all."""
    if not is_traced(x):
        options: Any = {} if constant_values is None else {"constant_values": constant_values}
        return np.pad(x, pad_width, mode, **options)  # type: ignore[call-overload]  # the mode is any text
    if mode != "constant":
        raise UntraceableError(f"pad takes mode='constant' of tensors, got {mode!r}. Join slices with ops.concatenate.")
    pairs = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    for axis, widths in enumerate(pairs):
        shapes = [(*x.shape[:axis], width, *x.shape[axis + 1 :]) for width in widths]
        first, last = ([constant(constant_values or 0.0, shape)] if shape[axis] else [] for shape in shapes)
        x = concatenate([*first, x, *last], axis)
    return x


def hstack(xs: Sequence[Any]) -> Any:
    """Return arrays joined along the second axis, or the only one."""
    return concatenate(xs, 0 if ndim(xs[0]) == 1 else 1) if is_traced(*xs) else np.hstack(xs)


def vstack(xs: Sequence[Any]) -> Any:
    """Return arrays joined along the first axis; those of one axis become rows."""
    if not is_traced(*xs):
        return np.vstack(xs)
    return concatenate([expand_dims(as_tensor(x), 0) if ndim(x) == 1 else x for x in xs], 0)


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """Return two arrays joined along an axis, by default all elements along one."""
    return concatenate([ravel(x1), ravel(x2)], 0) if axis is None else concatenate([x1, x2], axis)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """Return the slices of x along an axis, without it."""
    first = moveaxis(x, axis, 0)
    return [first[k] for k in range(first.shape[0])]


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Return the elements of x at whole numbers along an axis, by default of all elements.

    Traced numbers take rows of a matrix, or elements of an array of one axis.
    """
    if not is_traced(x, indices):
        return np.take(x, indices, axis)
    if axis is None:
        x, axis = ravel(x), 0
    x, at = as_tensor(x), axes_of(axis, ndim(x))[0]
    if isinstance(indices, Tensor):
        if at != 0 or x.ndim > 2:
            raise UntraceableError("take of traced indices takes rows of a matrix, axis=0. Write it with ops.one_hot.")
        rows = matmul(one_hot(indices, x.shape[0]), reshape(x, (x.shape[0], -1)))
        return reshape(rows, (*indices.shape, *x.shape[1:]))
    places = np.asarray(indices)
    before = (builtins.slice(None),) * at
    if not places.ndim:
        return x[(*before, int(places))]
    pieces = [x[(*before, builtins.slice(int(k) % x.shape[at], int(k) % x.shape[at] + 1))] for k in places.ravel()]
    return reshape(concatenate(pieces, at), (*x.shape[:at], *places.shape, *x.shape[at + 1 :]))


def slice(inputs: Any, start_indices: Sequence[int], shape: Sequence[int]) -> Any:
    """Return the block of this shape that begins at these indices."""
    return inputs[tuple(builtins.slice(start, start + n) for start, n in zip(start_indices, shape, strict=True))]


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Return the differences of neighbours along an axis, ``n`` times."""
    if not is_traced(a):
        return np.diff(a, n, axis)
    before = (builtins.slice(None),) * axes_of(axis, a.ndim)[0]
    for _ in range(n):
        a = subtract(a[(*before, builtins.slice(1, None))], a[(*before, builtins.slice(None, -1))])
    return a


def fliplr(x: Any) -> Any:
    """Return x in reversed order along the second axis."""
    return flip(x, 1)


def flipud(x: Any) -> Any:
    """Return x in reversed order along the first axis."""
    return flip(x, 0)


def tril(x: Any, k: int = 0) -> Any:
    """Return x with zeros above a diagonal of its last two axes."""
    return multiply(x, np.tri(x.shape[-2], x.shape[-1], k)) if is_traced(x) else np.tril(x, k)


def triu(x: Any, k: int = 0) -> Any:
    """Return x with zeros below a diagonal of its last two axes."""
    return multiply(x, 1.0 - np.tri(x.shape[-2], x.shape[-1], k - 1)) if is_traced(x) else np.triu(x, k)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return an array, or with a traced number a tensor, of one number."""
    if is_traced(fill_value):
        ones = np.ones(shape if isinstance(shape, int) else tuple(shape))
        return multiply(cast(fill_value, "float32"), ones)
    return np.full(shape, fill_value, dtype or "float32")


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Return a matrix of zeros with ones on a diagonal."""
    return np.eye(N, M, k, dtype or "float32")


def identity(n: int, dtype: Any = None) -> Any:
    """Return a square matrix of zeros with ones on the diagonal."""
    return eye(n, dtype=dtype)
