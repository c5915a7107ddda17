"""Softmax of rows and its gradient: each sum adds the elements of a row in their order.

A vector has one element of each of V rows, so that the sums of V rows are one chain of additions.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy.typing as npt

from ...axes import merged_axes
from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name, vector_geometry
from ..runtime import thread_pool
from ..runtime.memory import aligned
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, ParallelFor, parallel_for
from ..simd.arithmetic import select
from ..simd.partial import load_first
from ..simd.transpose import transpose, transpose_part
from ..simd.vector import data, load, offset, splat, store
from ..simd.vmath import exp
from .copy_tasks import three_axes

Array = npt.NDArray[Any]

#: Cost of an element of a softmax and of its gradient, in multiplications.
COST, GRADIENT_COST = 24, 8


@inlined
def softmax_row(z, y, at, C, padded, V):
    """Compute the softmax of C elements from ``at`` on, padded to whole vectors."""
    largest = z[at]
    for c in range(1, C):
        if not z[at + c] <= largest:  # NaN is the largest of all
            largest = z[at + c]
    for c in range(0, padded, V):
        store(y, at + c, exp(load(z, at + c, V) - splat(z, largest, V)))
    total = y[at]
    for c in range(1, C):
        total += y[at + c]
    for c in range(0, padded, V):
        store(y, at + c, load(y, at + c, V) / splat(z, total, V))


@inlined
def _part(p, at, left, V):
    """Up to V of the ``left`` elements from ``at`` on, and zeros in the other lanes."""
    return load(p, at, V) if left >= V else load_first(p, at, left, V)


@inlined
def _columns(p, step, rows, columns, square, V):
    """Write up to V columns of rows that are ``step`` apart to ``square``, each as one vector."""
    if rows >= V and columns >= V:
        transpose(p, step, square, V, V)
    else:
        transpose_part(p, step, rows, min(columns, V), square, V, V)


@cache
def _value(dtype: str) -> Any:
    V = vector_geometry(dtype).V

    def softmax_value(
        z, y,  # the first element of rows z, and rows y (M, padded), which may be z
        square, z_row, C,  # scratch, the stride of z's rows, and columns
        m0, m1,  # rows
    ):  # fmt: skip
        z_, y_, s_, padded = data(z), data(y), data(square), y.shape[1]
        lanes = offset(s_, V * V)
        for m in range(m0, m1, V):
            rows, z_at, y_at = min(V, m1 - m), m * z_row, m * padded
            largest = total = splat(z_, 0.0, V)
            for c in range(0, C, V):
                _columns(offset(z_, z_at + c), z_row, rows, C - c, s_, V)
                for k in range(min(V, C - c)):
                    x = load(s_, k * V, V)
                    largest = x if c + k == 0 else select(x <= largest, largest, x)
            store(lanes, 0, largest)
            for r in range(rows):
                for c in range(0, padded, V):
                    x = _part(z_, z_at + r * z_row + c, C - c, V)
                    store(y_, y_at + r * padded + c, exp(x - splat(z_, lanes[r], V)))
            for c in range(0, C, V):
                _columns(offset(y_, y_at + c), padded, rows, V, s_, V)
                for k in range(min(V, C - c)):
                    x = load(s_, k * V, V)
                    total = x if c + k == 0 else total + x
            store(lanes, 0, total)
            for r in range(rows):
                for at in range(y_at + r * padded, y_at + (r + 1) * padded, V):
                    store(y_, at, load(y_, at, V) / splat(z_, lanes[r], V))

    return kernel(softmax_value, f"softmax_value_{dtype}", NUMBA[dtype], "x1 f2 f1 i i i i")


@cache
def _slope(dtype: str) -> Any:
    V = vector_geometry(dtype).V

    def softmax_slope(
        y, dy, dz,  # the first elements of rows y and dy, and rows dz (M, padded), which may be dy
        square, y_row, dy_row, C,  # scratch, the strides of y's and dy's rows, and columns
        m0, m1,  # rows
    ):  # fmt: skip
        y_, d_, z_, s_, padded = data(y), data(dy), data(dz), data(square), dz.shape[1]
        lanes = offset(s_, V * V)
        for m in range(m0, m1, V):
            rows, total = min(V, m1 - m), splat(y_, 0.0, V)
            for c in range(0, C, V):
                for r in range(rows):
                    values = _part(y_, (m + r) * y_row + c, C - c, V)
                    store(s_, r * V, values * _part(d_, (m + r) * dy_row + c, C - c, V))
                transpose(s_, V, s_, V, V)
                for k in range(min(V, C - c)):
                    x = load(s_, k * V, V)
                    total = x if c + k == 0 else total + x
            store(lanes, 0, total)
            for r in range(rows):
                for c in range(0, padded, V):
                    slopes = _part(d_, (m + r) * dy_row + c, C - c, V) - splat(y_, lanes[r], V)
                    store(z_, (m + r) * padded + c, _part(y_, (m + r) * y_row + c, C - c, V) * slopes)

    return kernel(softmax_slope, f"softmax_slope_{dtype}", NUMBA[dtype], "x1 x1 f2 f1 i i i i i")


def row_stride(x: Array) -> int | None:
    """Return the elements from row to row of x (..., C), None where rows are not evenly spaced."""
    if three_axes(x) is None:
        return None
    loops = merged_axes(x.shape[:-1], [element_strides(x)[:-1]])
    return loops[0][1] if len(loops) == 1 else None


def softmax_task(z: Array, z_row: int, y: Array, C: int) -> KernelCall | ParallelFor:
    """Return the task that writes the softmax of rows of C elements, ``z_row`` apart from the first of z on, to rows y."""
    dtype, M = dtype_name(y.dtype), len(y)
    run, first = _value(dtype), _first(z)

    def call(_: int, rows: tuple[int, int]) -> KernelCall:
        return KernelCall(run, first, y, _scratch(y.dtype), z_row, C, *rows, references=z)

    return parallel_for(M, thread_pool.num_splits(M * C * COST, M), call)


def softmax_slope_task(y: Array, y_row: int, dy: Array, dy_row: int, dz: Array, C: int) -> KernelCall | ParallelFor:
    """Return the task that writes ``y (dy - sum(y dy))`` of rows of C elements to rows dz."""
    dtype, M = dtype_name(dz.dtype), len(dz)
    run, firsts = _slope(dtype), (_first(y), _first(dy))

    def call(_: int, rows: tuple[int, int]) -> KernelCall:
        return KernelCall(run, *firsts, dz, _scratch(dz.dtype), y_row, dy_row, C, *rows, references=(y, dy))

    return parallel_for(M, thread_pool.num_splits(M * C * GRADIENT_COST, M), call)


def _first(x: Array) -> Array:
    """Return the first element of x as a view (1,), which stands for its address; nothing of an empty array."""
    return x[(0,) * (x.ndim - 1)][:1] if x.size else x.reshape(-1)


def _scratch(dtype: Any) -> Array:
    V = vector_geometry(dtype).V
    return aligned((V * V + V,), dtype)
