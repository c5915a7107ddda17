"""Ops of the reference on arrays of any rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...op_types import ElementwiseFormula, Weight

Array = npt.NDArray[Any]

#: What NumPy's name does not say.
_FUNCTIONS: dict[str, Any] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
    "erfc": np.vectorize(math.erfc, otypes=[np.float64]),
}


def weight_array(weight: Weight) -> Array:
    """The value."""
    return weight.value


def permute(x: Array, axes: Sequence[int]) -> Array:
    """NumPy's transpose."""
    return x.transpose(tuple(axes))


def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    """NumPy's function."""
    return np.broadcast_to(x, tuple(shape))


def take_slices(x: Array, slices: Sequence[slice]) -> Array:
    """NumPy's indexing."""
    return x[tuple(slices)]


def reshape_elements(x: Array, shape: Sequence[int]) -> Array:
    """NumPy's reshape."""
    return x.reshape(tuple(shape))


def dense(x: Array) -> Array:
    """The array itself: the reference takes any strides."""
    return x


def elementwise(formula: ElementwiseFormula, xs: Sequence[Array], dtype: str) -> Array:
    """Line by line."""
    values: dict[str, Any] = {f"x{k}": x.astype(dtype) for k, x in enumerate(xs)}
    values |= {f"c{k}": np.dtype(dtype).type(value) for k, value in enumerate(formula.constants)}
    *lines, result = formula.text.split("\n")
    for line in lines:
        name, call = line.split(" = ")
        operation, operands = call.rstrip(")").split("(")
        function = _FUNCTIONS.get(operation) or getattr(np, operation)
        with np.errstate(all="ignore"):
            values[name] = _typed(function(*(values[operand] for operand in operands.split(", "))), dtype)
    return np.array(np.broadcast_to(values[result], xs[0].shape), dtype)


def _typed(y: Any, dtype: str) -> Any:
    """Return numbers in ``dtype``, and truth values as they are."""
    return y if y.dtype.kind == "b" else y.astype(dtype, copy=False)


def reduce_axes(x: Array, kind: str, axes: Sequence[int]) -> Array:
    """NumPy's reductions."""
    axes = tuple(axes)
    if kind in ("sum", "max", "min"):
        return np.asarray(getattr(np, kind)(x, axis=axes))
    others = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose(*others, *axes).reshape(*(x.shape[axis] for axis in others), -1)
    return np.asarray(getattr(np, kind)(rows, axis=-1)).astype(x.dtype)


def matrix_product(a: Array, b: Array, start: Array | None = None) -> Array:
    """A sum of products, without BLAS."""
    product = np.einsum("...mk,...kn->...mn", a, b)
    return product if start is None else start + product


def softmax_rows(x: Array) -> Array:
    """As it reads."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_rows_backward(y: Array, dy: Array) -> Array:
    """As it reads."""
    return y * (dy - (y * dy).sum(axis=-1, keepdims=True))


def row_order(x: Array) -> Array:
    """NumPy's stable order."""
    return np.argsort(x, axis=-1, kind="stable").astype(x.dtype)


def _places(indices: Array, n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return indices from 0 on, and where there are such elements."""
    wrapped = np.where(indices < 0, indices + n, indices)
    exist = (wrapped >= 0) & (wrapped < n)
    return np.where(exist, wrapped, 0).astype(np.intp), exist


def take_elements(x: Array, indices: Array) -> Array:
    """NumPy's function, and NaN."""
    places, exist = _places(indices, x.shape[-1])
    return np.where(exist, np.take_along_axis(x, places, axis=-1), np.nan).astype(x.dtype)


def add_elements(dy: Array, indices: Array, n: int) -> Array:
    """Row by row."""
    places, exist = _places(indices, n)
    out = np.zeros((*dy.shape[:-1], n), dy.dtype)
    for row in np.ndindex(*dy.shape[:-1]):
        np.add.at(out[row], places[row], np.where(exist[row], dy[row], 0))
    return out


def join(xs: Sequence[Array], places: Sequence[Sequence[slice]], shape: Sequence[int]) -> Array:
    """Assignments to slices."""
    out = np.zeros(tuple(shape), xs[0].dtype)
    for x, place in zip(xs, places, strict=True):
        out[tuple(place)] = x
    return out
