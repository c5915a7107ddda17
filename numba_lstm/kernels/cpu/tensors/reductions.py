"""Reductions over any axes, as tasks. Threads share the results, so that the order of a sum depends on the sizes alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy.typing as npt

from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name, vector_geometry
from ..runtime import thread_pool
from ..runtime.memory import empty
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, ParallelFor, parallel_for
from ..simd.partial import store_first
from ..simd.reductions import lanes_sum
from ..simd.strided import load_padded, load_strided
from ..simd.vector import data, splat
from .elementwise import first_element, loop_table

Array = npt.NDArray[Any]

_EXTREMES = {"max": 0, "min": 1, "argmax": 2, "argmin": 3}


@inlined
def _offset(index, table, axes):
    """The offset of an element by its index in the order of the first ``axes`` axes of a table of sizes and strides."""
    at = 0
    for axis in range(axes - 1, -1, -1):
        at += index % table[0, axis] * table[1, axis]
        index = index // table[0, axis]
    return at


@inlined
def _count(table, axes):
    """The number of elements of the first ``axes`` axes."""
    n = 1
    for axis in range(axes):
        n *= table[0, axis]
    return n


@cache
def _row_sums(dtype: str) -> Any:
    """Vectors run along the last reduced axis, and their lanes are added at the end."""
    V = vector_geometry(dtype).V

    def row_sums(x, out, kept, reduced, scratch, first, last):
        x_, o_, s_ = data(x), data(out), data(scratch)
        outer, axes = kept.shape[1], reduced.shape[1] - 1
        rows, columns, step = _count(reduced, axes), reduced[0, axes], reduced[1, axes]
        for m in range(first, last):
            start, total = _offset(m, kept, outer), splat(x_, 0.0, V)
            for row in range(rows):
                at = start + _offset(row, reduced, axes)
                for i in range(0, columns, V):
                    total = total + load_padded(x_, at + i * step, step, min(V, columns - i), s_, V)
            o_[m] = lanes_sum(s_, total, V)

    return kernel(row_sums, f"row_sums_{dtype}x{V}", NUMBA[dtype], "x1 f1 n2 n2 f1 i i")


@cache
def _column_sums(dtype: str) -> Any:
    """Vectors run along the last axis that stays: each lane is a result."""
    V = vector_geometry(dtype).V

    def column_sums(x, out, kept, reduced, scratch, first, last):
        x_, o_, s_ = data(x), data(out), data(scratch)
        outer, terms = kept.shape[1] - 1, _count(reduced, reduced.shape[1])
        columns, step, axes = kept[0, outer], kept[1, outer], reduced.shape[1]
        blocks = (columns + V - 1) // V
        for block in range(first, last):
            m, i = block // blocks, block % blocks * V
            count = min(V, columns - i)
            start, total = _offset(m, kept, outer) + i * step, splat(x_, 0.0, V)
            for term in range(terms):
                at = start + _offset(term, reduced, axes)
                total = total + load_strided(x_, at, step, count, s_, V)
            store_first(o_, m * columns + i, total, count)

    return kernel(column_sums, f"column_sums_{dtype}x{V}", NUMBA[dtype], "x1 f1 n2 n2 f1 i i")


@cache
def _extremes(dtype: str) -> Any:
    """One element after the other, the first of equals."""

    def extremes(x, out, kept, reduced, kind, first, last):
        x_, o_ = data(x), data(out)
        outer, axes = kept.shape[1], reduced.shape[1]
        terms = _count(reduced, axes)
        for m in range(first, last):
            start = _offset(m, kept, outer)
            best, index = x_[start], 0
            for term in range(1, terms):
                value = x_[start + _offset(term, reduced, axes)]
                larger = value > best if kind % 2 == 0 else value < best
                if larger or (value != value and best == best):
                    best, index = value, term
            o_[m] = best
            if kind >= 2:
                o_[m] = index

    return kernel(extremes, f"extremes_{dtype}", NUMBA[dtype], "x1 f1 n2 n2 i i i")


def reduced(x: Array, kind: str, axes: Sequence[int], out: Array) -> KernelCall | ParallelFor | None:
    """Return the task that reduces x over ``axes`` to the C-ordered ``out``; None if ``out`` has no elements."""
    if out.size == 0:
        return None
    steps, dtype = element_strides(x), dtype_name(x.dtype)
    others = [axis for axis in range(x.ndim) if axis not in axes]
    kept = loop_table([x.shape[axis] for axis in others], [[steps[axis] for axis in others]])
    table = loop_table([x.shape[axis] for axis in axes], [[steps[axis] for axis in axes]])
    arrays = first_element(x), out.reshape(-1), kept, table
    along, V = out.size, vector_geometry(dtype).V
    if kind in _EXTREMES:
        run = _extremes(dtype)
        last: Any = _EXTREMES[kind]
    elif table[1, -1] == 1 or kept[1, -1] != 1:
        run, last = _row_sums(dtype), None
    else:
        run, last = _column_sums(dtype), None
        along = out.size // int(kept[0, -1]) * -(-int(kept[0, -1]) // V)

    def call(_: int, part: tuple[int, int]) -> KernelCall:
        return KernelCall(run, *arrays, empty(V, x.dtype) if last is None else last, *part)

    return parallel_for(along, thread_pool.num_splits(x.size, along), call)
