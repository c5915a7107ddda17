"""The order of the elements of rows, and elements at indices: ops and kernels. Threads share the rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall, parallel_for
from .elementwise import copied_elements

Array = npt.NDArray[Any]


@cache
def _row_order(dtype: str) -> Any:
    def row_order(
        x, out,  # (rows, n), C-ordered
        scratch,  # (2, n), indices: those that are merged, and the merged ones
        first, last,
    ):  # fmt: skip
        n = x.shape[1]
        for row in range(first, last):
            for i in range(n):
                scratch[0, i] = i
            source, width = 0, 1
            while width < n:
                for low in range(0, n, 2 * width):
                    middle, high = min(low + width, n), min(low + 2 * width, n)
                    i, j = low, middle
                    for k in range(low, high):
                        left = j >= high
                        if i < middle and j < high:
                            a, b = x[row, scratch[source, i]], x[row, scratch[source, j]]
                            left = not (b < a or (a != a and b == b))
                        if left:
                            scratch[1 - source, k] = scratch[source, i]
                            i += 1
                        else:
                            scratch[1 - source, k] = scratch[source, j]
                            j += 1
                source, width = 1 - source, 2 * width
            for i in range(n):
                out[row, i] = scratch[source, i]

    return kernel(row_order, f"row_order_{dtype}", NUMBA[dtype], "f2 f2 n2 i i")


@inlined
def _place(index, n):
    """Return an index from 0 on, or -1 where there is no such element."""
    if -n <= index < n:
        return int(index) + n if index < 0 else int(index)
    return -1


@cache
def _take_elements(dtype: str) -> Any:
    def take_elements(x, indices, out, first, last):
        for row in range(first, last):
            for k in range(indices.shape[1]):
                at = _place(indices[row, k], x.shape[1])
                out[row, k] = x[row, at] if at >= 0 else np.nan

    return kernel(take_elements, f"take_elements_{dtype}", NUMBA[dtype], "f2 f2 f2 i i")


@cache
def _add_elements(dtype: str) -> Any:
    def add_elements(dy, indices, out, first, last):
        n = out.shape[1]
        for row in range(first, last):
            for i in range(n):
                out[row, i] = 0
            for k in range(indices.shape[1]):
                at = _place(indices[row, k], n)
                if at >= 0:
                    out[row, at] += dy[row, k]

    return kernel(add_elements, f"add_elements_{dtype}", NUMBA[dtype], "f2 f2 f2 i i")


def _rows(x: Array) -> Array:
    """Return x as C-ordered rows of its last axis."""
    if not x.flags.c_contiguous:
        out = empty(x.shape, x.dtype)
        task = copied_elements(x, out)
        run_eagerly([] if task is None else [task])
        x = out
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _run(make: Callable[[str], Any], xs: tuple[Array, ...], out: Array, work: int, *, scratch: bool = False) -> None:
    """Run a kernel of rows, to whose threads ``work`` gives the operations of all."""
    if not out.size:
        return
    run = make(dtype_name(out.dtype))

    def call(_: int, part: tuple[int, int]) -> KernelCall:
        buffers = [empty((2, out.shape[1]), np.dtype(np.int64))] if scratch else []
        return KernelCall(run, *xs, out, *buffers, *part)

    run_eagerly([parallel_for(out.shape[0], thread_pool.num_splits(work, out.shape[0]), call)])


def row_order(x: Array) -> Array:
    """CPU: merge sort of indices."""
    rows = _rows(x)
    out = empty(rows.shape, x.dtype)
    _run(_row_order, (rows,), out, 8 * rows.size * max(rows.shape[1], 1).bit_length(), scratch=True)
    return out.reshape(x.shape)


def take_elements(x: Array, indices: Array) -> Array:
    """CPU: one after the other."""
    places = _rows(indices)
    out = empty(places.shape, x.dtype)
    _run(_take_elements, (_rows(x), places), out, 4 * out.size)
    return out.reshape(indices.shape)


def add_elements(dy: Array, indices: Array, n: int) -> Array:
    """CPU: one after the other."""
    places = _rows(indices)
    out = empty((places.shape[0], n), dy.dtype)
    _run(_add_elements, (_rows(dy), places), out, out.size + 4 * places.size)
    return out.reshape(*indices.shape[:-1], n)
