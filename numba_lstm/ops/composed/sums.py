"""Sums, products and norms over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..elementwise import absolute, cast, divide, less, maximum, multiply, not_equal, power, sqrt, square, subtract
from ..products import dot, matmul
from ..reducing import max as max_
from ..reducing import mean, one_hot
from ..reducing import min as min_
from ..reducing import sum as sum_
from ..shaping import axes_of, concatenate, moveaxis, ndim, reshape, shape, squeeze
from ..tensor import TensorShapeError, UntraceableError, as_tensor, is_traced


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Return the product over axes, of all elements by default."""
    if not is_traced(x):
        return np.prod(x, axis=axis, keepdims=keepdims, dtype=dtype)
    axes = axes_of(axis, x.ndim)
    kept = [k for k in range(x.ndim) if k not in axes]
    target = tuple(1 if k in axes else n for k, n in enumerate(x.shape) if keepdims or k not in axes)
    for place, k in enumerate(kept):
        x = moveaxis(x, k, place)
    rows = reshape(x, (*x.shape[: len(kept)], -1))
    while rows.shape[-1] > 1:  # halves, so that the depth is the logarithm
        half = rows.shape[-1] // 2
        product = multiply(rows[..., :half], rows[..., half : 2 * half])
        rows = concatenate([product, rows[..., 2 * half :]], -1) if rows.shape[-1] % 2 else product
    return reshape(rows, target)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the sums of the elements so far along an axis, by default of all elements."""
    if not is_traced(x):
        return np.cumsum(x, axis=axis, dtype=dtype)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    last = moveaxis(x, axis, -1)
    rows = reshape(last, (-1, last.shape[-1]))
    return moveaxis(reshape(matmul(rows, np.tri(rows.shape[-1]).T), last.shape), -1, axis)


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """Return the number of elements over axes that are not 0."""
    return sum_(cast(not_equal(x, 0), "float32"), axis) if is_traced(x) else np.count_nonzero(x, axis=axis)


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Return the mean over axes, with weights in the shape of x or of the one axis."""
    if weights is None:
        return mean(x, axis)
    if not is_traced(x, weights):
        return np.average(x, axis=axis, weights=weights)
    factors = as_tensor(weights)
    if factors.ndim != ndim(x):
        at = axes_of(axis, ndim(x))[0]
        factors = reshape(factors, tuple(n if k == at else 1 for k, n in enumerate(shape(x))))
    factors = multiply(cast(factors, "float32"), np.ones(shape(x)))
    return divide(sum_(multiply(x, factors), axis), sum_(factors, axis))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the norm of vectors over axes: the root of the sum of squares by default, else of order ``ord``.

    Tensors have vector norms, and of matrices that of Frobenius, ``"fro"``.
    """
    if not is_traced(x):
        return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)
    axes = axes_of(axis, x.ndim)
    if ord in (None, "fro") or (ord == 2 and len(axes) == 1):
        return sqrt(sum_(square(x), axis, keepdims))
    if len(axes) > 1 or isinstance(ord, str):
        raise UntraceableError(f"norm takes one axis for ord={ord!r} of tensors. Give axis, or leave ord out.")
    if ord in (np.inf, -np.inf):
        return (max_ if ord > 0 else min_)(absolute(x), axis, keepdims)
    if ord == 0:
        return sum_(cast(not_equal(x, 0), "float32"), axis, keepdims)
    total = sum_(absolute(x) if ord == 1 else power(absolute(x), float(ord)), axis, keepdims)
    return total if ord == 1 else power(total, 1.0 / ord)


def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """Return x divided by its norm over an axis, which is at least ``epsilon``, 1e-7 by default."""
    smallest = 1e-7 if epsilon is None else epsilon
    if order == 2:
        return divide(x, sqrt(maximum(sum_(square(x), axis, True), smallest**2)))
    return divide(x, maximum(norm(x, order, axis, True), smallest))


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Return the mean and the variance over axes."""
    center = mean(x, axes, True)
    variance = mean(square(subtract(x, center)), axes, keepdims)
    return center if keepdims else squeeze(center, tuple(axes_of(axes, ndim(x)))), variance


def outer(x1: Any, x2: Any) -> Any:
    """Return the products of all pairs of elements, as a matrix."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


def inner(x1: Any, x2: Any) -> Any:
    """Return the sum product over the last axis of each."""
    if not is_traced(x1, x2):
        return np.inner(x1, x2)
    a, b = as_tensor(x1), as_tensor(x2)
    return multiply(a, b) if not a.ndim or not b.ndim else dot(a, b if b.ndim == 1 else moveaxis(b, -1, -2))


def vdot(x1: Any, x2: Any) -> Any:
    """Return the sum of the products of all elements."""
    return sum_(multiply(reshape(x1, (-1,)), reshape(x2, (-1,))))


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Return where the score of a label is among the ``k`` largest of its row."""
    scores = predictions if is_traced(predictions) else np.asarray(predictions)
    chosen = sum_(multiply(scores, one_hot(targets, scores.shape[-1])), -1, True)
    return less(sum_(cast(less(chosen, scores), "float32"), -1), k)


def multi_hot(inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """Return 1 at all of the indices of a row, which is the last axis, and 0 elsewhere."""
    if num_classes is None or sparse or axis not in (-1, ndim(inputs) - 1):
        raise TensorShapeError(f"multi_hot takes num_classes, axis=-1 and sparse=False, got {num_classes}, {axis}, {sparse}.")
    return max_(one_hot(inputs, num_classes, dtype=dtype), axis=-2)
