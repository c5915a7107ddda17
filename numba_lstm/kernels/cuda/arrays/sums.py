"""Sums over whole arrays, over columns and over a warp's lanes, in orders that sizes alone decide."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..runtime import driver
from ..runtime.compiler import Kernel, cuda, device, float64, int64, jit, real
from ..runtime.launch import THREADS, WARP
from .elementwise import flat

Array = Any

FULL = 0xFFFFFFFF
CHUNK = 16 * THREADS  #: elements that a block adds up
WARPS = THREADS // WARP

PARTS, WIDTH = 4, 32  #: of a block that adds up columns: threads a column, and columns
ROWS = 512  #: rows that such a block adds up


@device
def warp_sum(value):
    """The sum over a warp's lanes, the same bits in each; all of them have to call it."""
    value += cuda.shfl_xor_sync(FULL, value, 16)
    value += cuda.shfl_xor_sync(FULL, value, 8)
    value += cuda.shfl_xor_sync(FULL, value, 4)
    value += cuda.shfl_xor_sync(FULL, value, 2)
    value += cuda.shfl_xor_sync(FULL, value, 1)
    return value


@device
def _larger(value, shift):
    other = cuda.shfl_xor_sync(FULL, value, shift)
    return other if other > value else value


@device
def warp_max(value):
    """The largest over a warp's lanes; a lane that has NaN may keep it."""
    return _larger(_larger(_larger(_larger(_larger(value, 16), 8), 4), 2), 1)


@cache
def _total(dtype: str, square: bool) -> Kernel:
    @jit("x1 e1", dtype, f"total_{dtype}" + "_square" * square)
    def total(x, out):
        parts = cuda.shared.array(WARPS, float64)
        thread, first = cuda.threadIdx.x, int64(cuda.blockIdx.x) * CHUNK
        own = float64(0)
        for i in range(first + thread, first + CHUNK, THREADS):
            if i < x.size:
                own += float64(x[i]) * float64(x[i]) if square else float64(x[i])
        own = warp_sum(own)
        if thread % WARP == 0:
            parts[thread // WARP] = own
        cuda.syncthreads()
        if thread == 0:
            for k in range(1, WARPS):
                own += parts[k]
            out[cuda.blockIdx.x] = own

    return total


def total(x: Array, square: bool = False) -> Array:
    """The sum of all elements, or of their squares, added up in float64: (1,), float64, on the device."""
    device_, x = driver.current(), flat(x)
    while True:
        blocks = -(-x.size // CHUNK)
        out = device_.empty(blocks, np.float64)
        device_.launch(_total(x.dtype.name, square), blocks, THREADS, (x, out))
        if blocks == 1:
            return out
        x, square = out, False


@cache
def _column_sums(dtype: str, weighted: bool) -> Any:
    """``out[block, j]``: of a chunk of rows m the sum of ``a[m, j0 + j]``, ``weighted`` by ``b[m, j]``."""
    number, zero = real(dtype), np.dtype(dtype).type(0)

    @jit("f2 f2 f2 i n", dtype, f"column_sums_{dtype}_{int(weighted)}")
    def column_sums(out, a, b, j0, chunk):
        shared = cuda.shared.array((PARTS, WIDTH), number)
        u, lane, part = cuda.threadIdx.x, cuda.threadIdx.y, cuda.blockIdx.x
        j = cuda.blockIdx.y * WIDTH + u
        sum_ = zero
        if j < out.shape[1]:
            for m in range(part * chunk + lane, (part + 1) * chunk, PARTS):
                if m < a.shape[0]:
                    sum_ += a[m, j0 + j] * b[m, j] if weighted else a[m, j0 + j]
        shared[lane, u] = sum_
        cuda.syncthreads()
        if lane == 0 and j < out.shape[1]:
            out[part, j] = (shared[0, u] + shared[1, u]) + (shared[2, u] + shared[3, u])

    return column_sums


def column_sums(a: Any, b: Any | None = None, first: int = 0, columns: int | None = None) -> Any:
    """The sums over all rows of ``a`` (M, C), times ``b`` (M, columns) where given, from column ``first`` on: (1, columns)."""
    device_, dtype, columns = driver.current(), a.dtype.name, columns or a.shape[1]
    chunks = -(-a.shape[0] // ROWS)
    out = device_.empty((chunks, columns), a.dtype)
    kernel, blocks = _column_sums(dtype, b is not None), -(-columns // WIDTH)
    device_.launch(kernel, (chunks, blocks), (WIDTH, PARTS), (out, a, out if b is None else b, first, ROWS))
    if chunks == 1:
        return out
    total = device_.empty((1, columns), a.dtype)
    device_.launch(_column_sums(dtype, False), (1, blocks), (WIDTH, PARTS), (total, out, out, 0, chunks))
    return total


class Scalar:
    """A number that is still on the device, times a factor; ``float()`` fetches it."""

    def __init__(self, array: Array, factor: float = 1.0) -> None:
        self._array, self._factor = array, factor

    def __float__(self) -> float:
        return float(driver.current().download(self._array)[0]) * self._factor
