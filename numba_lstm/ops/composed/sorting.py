"""Functions of the order of elements along an axis, and elements at traced indices.

Equal elements stay in their order, as in Keras on JAX. NaN comes last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..elementwise import add, cast, equal, greater, less, less_equal, multiply, negative, not_equal, subtract, where
from ..reducing import sum as sum_
from ..shaping import axes_of, concatenate, expand_dims, moveaxis, ndim, reshape
from ..tensor import Tensor, TensorShapeError, as_tensor, broadcast, is_traced


def _along_last(x: Any, axis: int | None, function: Callable[[Any], Any]) -> Any:
    """Return a function of the last axis on another one, or on all elements for None."""
    if axis is None:
        return function(reshape(x, (-1,)))
    return moveaxis(function(moveaxis(x, axis, -1)), -1, axis)


def _order(x: Any) -> Tensor:
    x = cast(as_tensor(x), "float32")
    return Tensor("row_order", (broadcast(x, x.shape),), None, x.shape, "i")


def _taken(x: Any, indices: Any) -> Tensor:
    """Return elements of the last axis at indices, for equal leading axes."""
    x = cast(x, "float32")
    return Tensor("take_elements", (x, indices), None, (*x.shape[:-1], indices.shape[-1]))


def argsort(x: Any, axis: int | None = -1) -> Any:
    """Return the indices that sort an axis, of all elements for None. It has no gradient."""
    if not is_traced(x):
        return np.argsort(x, axis=axis, kind="stable")
    return _along_last(x, axis, _order)


def sort(x: Any, axis: int | None = -1) -> Any:
    """Return x in ascending order along an axis, of all elements for None."""
    if not is_traced(x):
        return np.sort(x, axis=axis, kind="stable")
    return _along_last(x, axis, lambda rows: _taken(rows, _order(rows)))


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """Return the ``k`` largest elements of the last axis, the largest first, and their indices."""
    x = cast(x, "float32") if is_traced(x) else np.asarray(x)
    if not 0 < k <= x.shape[-1]:
        wrong = TensorShapeError if is_traced(x) else ValueError
        raise wrong(f"top_k takes k from 1 to the size of the last axis, {x.shape[-1]}, got {k}.")
    if not is_traced(x):
        falling = ~x if x.dtype.kind in "biu" else -x  # the negative of an unsigned integer wraps around
        largest = np.argsort(falling, axis=-1, kind="stable")[..., :k]
        return np.take_along_axis(x, largest, axis=-1), largest
    places = _order(negative(x))[..., :k]
    return _taken(x, places), places


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Return the elements of x at indices along an axis. Indices below 0 count from the end; beyond the axis there is NaN."""
    if not is_traced(x, indices):
        return np.take_along_axis(np.asarray(x), np.asarray(indices), axis)
    x, places = as_tensor(x), as_tensor(indices)
    if axis is None:
        return _taken(reshape(x, (-1,)), reshape(places, (-1,)))
    if x.ndim != places.ndim:
        raise TensorShapeError(f"take_along_axis takes indices of as many axes as x, {x.ndim}, got shape {places.shape}.")
    rows, at = moveaxis(x, axis, -1), moveaxis(places, axis, -1)
    leading = np.broadcast_shapes(rows.shape[:-1], at.shape[:-1])
    taken = _taken(broadcast(rows, (*leading, rows.shape[-1])), broadcast(at, (*leading, at.shape[-1])))
    return moveaxis(taken, -1, axis)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the products of the elements so far along an axis, by default of all elements."""
    if not is_traced(x):
        return np.cumprod(x, axis=axis, dtype=dtype)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    rows, step = moveaxis(cast(x, "float32"), axis, -1), 1
    while step < rows.shape[-1]:  # products of 2, 4, 8, ... elements
        rows = concatenate([rows[..., :step], multiply(rows[..., step:], rows[..., :-step])], -1)
        step *= 2
    return moveaxis(rows, -1, axis)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Return at which indices of an ascending array of one axis values are to be put in. It has no gradient."""
    if not is_traced(sorted_sequence, values):
        return np.searchsorted(sorted_sequence, values, side=side)  # type: ignore[call-overload]  # the side is any text
    if ndim(sorted_sequence) != 1:
        raise TensorShapeError("searchsorted takes a sorted array of one axis.")
    before = (less if side == "left" else less_equal)(sorted_sequence, expand_dims(values, -1))
    count = sum_(cast(before, "float32"), -1)
    return Tensor("stop", (count,), None, count.shape, "i")


def digitize(x: Any, bins: Any) -> Any:
    """Return in which of the bins, given by their ascending limits, numbers are."""
    return searchsorted(bins, x, "right") if is_traced(x, bins) else np.digitize(x, bins)


def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return the number below which there is the share ``q`` of the elements over axes, of all by default."""
    if not is_traced(x):
        return np.quantile(x, q, axis=axis, method=method, keepdims=keepdims)  # type: ignore[call-overload]
    axes = axes_of(axis, x.ndim)
    kept = [k for k in range(x.ndim) if k not in axes]
    for place, k in enumerate(kept):
        x = moveaxis(x, k, place)
    target = tuple(1 if k in axes else x.shape[kept.index(k)] for k in range(x.ndim) if keepdims or k not in axes)
    rows = sort(reshape(x, (*x.shape[: len(kept)], -1)))
    found = [reshape(_between(rows, float(one), method), target) for one in np.ravel(q)]
    return found[0] if not np.ndim(q) else concatenate([expand_dims(one, 0) for one in found], 0)


def _between(rows: Any, q: float, method: str) -> Any:
    """Return the quantile of sorted rows; NaN where a row has one, which is its last element."""
    place = q * (rows.shape[-1] - 1)
    low, high = math.floor(place), math.ceil(place)
    if method == "linear":
        share = place - low
    elif method in ("lower", "higher", "midpoint", "nearest"):
        share = {"lower": 0.0, "higher": 1.0, "midpoint": 0.5, "nearest": float(round(place) - low)}[method]
    else:
        raise TensorShapeError(f"quantile takes the methods linear, lower, higher, midpoint and nearest, got {method!r}.")
    first, second, last = rows[..., low], rows[..., high], rows[..., -1]
    inside = add(first, multiply(subtract(second, first), share)) if 0 < share < 1 else (second if share else first)
    return where(not_equal(last, last), last, inside)


def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """Return :func:`quantile` of a share in percent."""
    if not is_traced(x):
        return np.percentile(x, q, axis=axis, method=method, keepdims=keepdims)  # type: ignore[call-overload]
    return quantile(x, np.divide(q, 100), axis, method, keepdims)


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle of the sorted elements over axes, of all by default."""
    return quantile(x, 0.5, axis, "linear", keepdims) if is_traced(x) else np.median(x, axis=axis, keepdims=keepdims)


def isin(x1: Any, x2: Any) -> Any:
    """Return where elements of x1 are among those of x2."""
    if not is_traced(x1, x2):
        return np.isin(x1, x2)
    return greater(sum_(cast(equal(expand_dims(x1, -1), reshape(as_tensor(x2), (-1,))), "float32"), -1), 0)
