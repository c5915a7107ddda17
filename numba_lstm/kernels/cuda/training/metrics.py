"""Metrics: elementwise, or with one warp per row for an argmax. Sums are in float64."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...specs import LossSpec, MetricSpec
from ..arrays.arrays import matrix
from ..arrays.elementwise import cast, empty_like, flat
from ..arrays.sums import FULL, Scalar, total, warp_sum
from ..runtime import driver
from ..runtime.compiler import Kernel, cuda, device, jit
from ..runtime.launch import WARP, element, lane, launch_elements, launch_rows, row
from .losses import loss

Array = Any


def _element_metric(spec: MetricSpec, dtype: str) -> Any:
    real = np.dtype(dtype).type
    zero, one, threshold = real(0), real(1), real(spec.threshold)
    functions = {
        "mean_squared_error": lambda y, target: (y - target) * (y - target),
        "mean_absolute_error": lambda y, target: abs(y - target),
        "binary_accuracy": lambda y, target: one if (one if y > threshold else zero) == target else zero,
    }
    return device(functions[spec.name])


@cache
def _elements(spec: MetricSpec, dtype: str, weighted: bool) -> Kernel:
    metric_of = _element_metric(spec, dtype)

    @jit("f2 f2 f1 f2", dtype, f"metric_{spec.name}_{dtype}" + "_weighted" * weighted)
    def elements(y, target, weight, out):
        i = element()
        if i < y.size:
            m, k = i // y.shape[1], i % y.shape[1]
            value = metric_of(y[m, k], target[m, k])
            out[m, k] = weight[m] * value if weighted else value

    return elements


@device
def _before(a, i, b, j):
    """Return whether a at index i precedes b at j in an argmax: larger, or equal and first. NaN is largest, as in NumPy."""
    if (a != a) != (b != b):
        return a != a
    return a > b or (i < j if (a == b or a != a) else False)


@device
def _argmax(y, m):
    """Return the argmax of a row, the first of equals, in every lane of a warp."""
    best, index = y[m, 0], 0
    for k in range(lane(), y.shape[1], WARP):
        if _before(y[m, k], k, best, index):
            best, index = y[m, k], k
    shift = 16
    while shift > 0:
        other, other_index = cuda.shfl_xor_sync(FULL, best, shift), cuda.shfl_xor_sync(FULL, index, shift)
        if _before(other, other_index, best, index):
            best, index = other, other_index
        shift //= 2
    return index


@cache
def _rows(dtype: str, sparse: bool, weighted: bool) -> Kernel:
    zero, one = np.dtype(dtype).type(0), np.dtype(dtype).type(1)
    name = f"metric_{'sparse_' * sparse}categorical_accuracy_{dtype}" + "_weighted" * weighted

    @jit(f"f2 {'n1' if sparse else 'f2'} f1 f1", dtype, name)
    def rows(y, target, weight, out):
        m = row()
        if m < y.shape[0]:
            label = target[m] if sparse else _argmax(target, m)
            value = one if _argmax(y, m) == label else zero
            if lane() == 0:
                out[m] = weight[m] * value if weighted else value

    return rows


@cache
def _top_k(dtype: str, sparse: bool, weighted: bool, k: int) -> Kernel:
    zero, one, infinity = (np.dtype(dtype).type(number) for number in (0, 1, np.inf))
    name = f"metric_{'sparse_' * sparse}top_{k}_{dtype}" + "_weighted" * weighted

    @jit(f"f2 {'n1' if sparse else 'f2'} f1 f1", dtype, name)
    def rows(y, target, weight, out):
        m = row()
        if m < y.shape[0]:
            label = target[m] if sparse else _argmax(target, m)
            known = label >= 0 and label < y.shape[1]
            chosen = y[m, label if known else 0]
            larger = 0
            for c in range(lane(), y.shape[1], WARP):
                larger += 1 if y[m, c] > chosen else 0
            larger = warp_sum(larger)
            value = one if known and larger < k and abs(chosen) < infinity else zero
            if lane() == 0:
                out[m] = weight[m] * value if weighted else value

    return rows


def metric(y: Array, target: Array, spec: MetricSpec | LossSpec, *, weight: Array | None = None) -> tuple[Any, Any]:
    """Total and count stay in device memory until ``float()`` reads them."""
    dtype, C = y.dtype.name, y.shape[-1]
    rows, weights = y.size // C, y if weight is None else weight
    if isinstance(spec, LossSpec):
        result: Any = loss(y, target, spec, weight=weight, gradient=False)[0].times(rows)
    elif spec.name.endswith("categorical_accuracy"):
        sparse, values = spec.name.startswith("sparse_"), driver.current().empty(rows, y.dtype)
        labels = flat(cast(target, np.int64)) if sparse else matrix(target)
        options = dtype, sparse, weight is not None
        kernel = _top_k(*options, spec.k) if "top_k" in spec.name else _rows(*options)
        launch_rows(kernel, rows, matrix(y), labels, flat(weights), values)
        result = Scalar(total(values))
    else:
        values = empty_like(y)
        kernel = _elements(spec, dtype, weight is not None)
        launch_elements(kernel, y.size, matrix(y), matrix(target), flat(weights), matrix(values))
        result = Scalar(total(values), 1 / C)
    return result, float(rows) if weight is None else Scalar(total(weight))
