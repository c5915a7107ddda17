"""CPU: ops on arrays of any rank. Views are NumPy's, and what reads or writes elements is a task."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ...op_types import SUM, ElementwiseFormula
from ..arrays.arrays import shaped
from ..arrays.copy_tasks import copied, zeroed
from ..arrays.softmax import row_stride, softmax_slope_task, softmax_task
from ..gemm.layout import dtype_name, vector_geometry
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty
from ..runtime.strides import has_kernel_strides
from ..runtime.task import HostCall, KernelCall, ParallelFor
from ..runtime.weight_values import value_of
from .elementwise import computed, copied_elements
from .products import can_start, products
from .reductions import reduced

Array = npt.NDArray[Any]


def weight_array(weight: Weight) -> Array:
    """CPU: the value, which a plan reads where it is."""
    return value_of(weight)


def permute(x: Array, axes: Sequence[int]) -> Array:
    """CPU: NumPy's view."""
    return x.transpose(tuple(axes))


def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    """CPU: NumPy's view."""
    return np.broadcast_to(x, tuple(shape))


def take_slices(x: Array, slices: Sequence[slice]) -> Array:
    """CPU: NumPy's view."""
    return x[tuple(slices)]


def reshape_elements(x: Array, shape: Sequence[int]) -> Array:
    """CPU: a view, or a copy where there is none."""
    y = x.reshape(tuple(shape))
    return y if not x.size or np.may_share_memory(x, y) else _copy(x).reshape(tuple(shape))


def dense(x: Array) -> Array:
    """CPU: x itself if its rows are contiguous."""
    return x if has_kernel_strides(x) else _copy(x)


def _copy(x: Array) -> Array:
    out = empty(x.shape, x.dtype)
    task = copied_elements(x, out) if x.dtype.kind == "f" else HostCall(np.copyto, out, x)
    run_eagerly([] if task is None else [task])
    return out


def elementwise(formula: ElementwiseFormula, xs: Sequence[Array], dtype: str) -> Array:
    """CPU: one kernel for the formula."""
    out = empty(xs[0].shape, dtype)
    task = computed(formula, xs, out)
    run_eagerly([] if task is None else [task])
    return out


def reduce_axes(x: Array, kind: str, axes: Sequence[int]) -> Array:
    """CPU: vectors along a reduced axis or along a result, whichever is contiguous."""
    out = empty(tuple(size for axis, size in enumerate(x.shape) if axis not in axes), x.dtype)
    task = reduced(x, kind, axes, out)
    run_eagerly([] if task is None else [task])
    return out


def matrix_product(a: Array, b: Array, start: Array | None = None) -> Array:
    """CPU: the register tiles of all products."""
    leading, (M, K), N = a.shape[:-2], a.shape[-2:], b.shape[-1]
    if not math.prod((*leading, M, K, N)):
        out = empty((*leading, M, N), a.dtype)
        run_eagerly([zeroed(out) if start is None else copied_elements(start, out)] if out.size else [])
        return out
    inner = leading[-1] if leading else 1
    outer = math.prod(leading[:-1])
    left, right = reshape_elements(a, (outer, inner, M, K)), reshape_elements(b, (outer, inner, K, N))
    first = None if start is None else reshape_elements(start, (outer, inner, M, N))
    if first is not None and not can_start(first, left, right):
        return elementwise(SUM, [start, matrix_product(a, b)], dtype_name(a.dtype))
    out, task = products(left, right, first)
    run_eagerly([task])
    return out.reshape(*leading, M, N)


def softmax_rows(x: Array) -> Array:
    """CPU: the sums of many rows at a time."""
    return _softmax([x], lambda out, z, step: softmax_task(z, step, out, x.shape[-1]))


def softmax_rows_backward(y: Array, dy: Array) -> Array:
    """CPU: the sums of many rows at a time."""
    return _softmax([y, dy], lambda out, *rows: softmax_slope_task(*rows, out, y.shape[-1]))


def _softmax(xs: Sequence[Array], task: Callable[..., KernelCall | ParallelFor]) -> Array:
    """Return the rows that a task computes of others and of the elements from row to row of each."""
    M, C = math.prod(xs[0].shape[:-1]), xs[0].shape[-1]
    V = vector_geometry(xs[0].dtype).V
    out = aligned((M, -(-C // V) * V), xs[0].dtype)
    rows: list[Any] = []
    for x in xs:
        step = row_stride(x)
        rows += [_copy(x), C] if step is None else [x, step]
    run_eagerly([task(out, *rows)] if out.size else [])
    return shaped(out, xs[0].shape)


def join(xs: Sequence[Array], places: Sequence[Sequence[slice]], shape: Sequence[int]) -> Array:
    """CPU: copies to slices. The result lies as what layers pass on, its first two axes swapped, so that it is not copied."""
    swapped = len(shape) > 2
    base = empty((shape[1], shape[0], *shape[2:]) if swapped else tuple(shape), xs[0].dtype)
    out = base.swapaxes(0, 1) if swapped else base
    tasks: list[Any] = [] if sum(x.size for x in xs) == out.size else [zeroed(base)]
    tasks += [copied(x, out[tuple(place)]) for x, place in zip(xs, places, strict=True)]
    run_eagerly(tasks)
    return out
