"""Sums over arrays, columns and the lanes of a warp, in an order that depends on the sizes alone."""

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
CHUNK = 16 * THREADS  #: elements that a block sums
WARPS = THREADS // WARP

THREADS_PER_COLUMN, COLUMNS_PER_BLOCK, ROWS_PER_BLOCK = 4, 32, 512  #: of a block that sums columns


@device
def warp_sum(value):
    """Return the sum over the lanes of a warp, the same bits in each lane. All lanes must call it."""
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
    """Return the maximum over the lanes of a warp. All lanes must call it. A lane with NaN may keep it."""
    return _larger(_larger(_larger(_larger(_larger(value, 16), 8), 4), 2), 1)


@cache
def _total(dtype: str, square: bool) -> Kernel:
    @jit("x1 e1", dtype, f"total_{dtype}" + "_square" * square)
    def total(x, out):
        warp_sums = cuda.shared.array(WARPS, float64)
        thread, first = cuda.threadIdx.x, int64(cuda.blockIdx.x) * CHUNK
        thread_sum = float64(0)
        for i in range(first + thread, first + CHUNK, THREADS):
            if i < x.size:
                thread_sum += float64(x[i]) * float64(x[i]) if square else float64(x[i])
        thread_sum = warp_sum(thread_sum)
        if thread % WARP == 0:
            warp_sums[thread // WARP] = thread_sum
        cuda.syncthreads()
        if thread == 0:
            for k in range(1, WARPS):
                thread_sum += warp_sums[k]
            out[cuda.blockIdx.x] = thread_sum

    return total


def total(x: Array, square: bool = False) -> Array:
    """Sum all elements, or their squares, in float64. Returns a device array (1,), float64."""
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
    """Return the kernel of ``out[block, j] = sum of a[m, j0 + j]`` over a chunk of rows m, ``weighted`` by ``b[m, j]``."""
    number, zero = real(dtype), np.dtype(dtype).type(0)

    @jit("f2 f2 f2 i n", dtype, f"column_sums_{dtype}_{int(weighted)}")
    def column_sums(out, a, b, j0, chunk):
        shared = cuda.shared.array((THREADS_PER_COLUMN, COLUMNS_PER_BLOCK), number)
        u, lane, block = cuda.threadIdx.x, cuda.threadIdx.y, cuda.blockIdx.x
        j = cuda.blockIdx.y * COLUMNS_PER_BLOCK + u
        sum_ = zero
        if j < out.shape[1]:
            for m in range(block * chunk + lane, (block + 1) * chunk, THREADS_PER_COLUMN):
                if m < a.shape[0]:
                    sum_ += a[m, j0 + j] * b[m, j] if weighted else a[m, j0 + j]
        shared[lane, u] = sum_
        cuda.syncthreads()
        if lane == 0 and j < out.shape[1]:
            out[block, j] = (shared[0, u] + shared[1, u]) + (shared[2, u] + shared[3, u])

    return column_sums


def column_sums(a: Any, b: Any | None = None, first: int = 0, columns: int | None = None) -> Any:
    """Sum the ``columns`` from ``first`` on of ``a`` (M, C), times ``b`` (M, columns) if given, over rows: (1, columns)."""
    device_, dtype, columns = driver.current(), a.dtype.name, columns or a.shape[1]
    chunks = -(-a.shape[0] // ROWS_PER_BLOCK)
    out = device_.empty((chunks, columns), a.dtype)
    kernel, blocks = _column_sums(dtype, b is not None), -(-columns // COLUMNS_PER_BLOCK)
    device_.launch(
        kernel,
        (chunks, blocks),
        (COLUMNS_PER_BLOCK, THREADS_PER_COLUMN),
        (out, a, out if b is None else b, first, ROWS_PER_BLOCK),
    )
    if chunks == 1:
        return out
    total = device_.empty((1, columns), a.dtype)
    device_.launch(
        _column_sums(dtype, False), (1, blocks), (COLUMNS_PER_BLOCK, THREADS_PER_COLUMN), (total, out, out, 0, chunks)
    )
    return total


class Scalar:
    """A number in device memory, times a factor. ``float()`` downloads it."""

    def __init__(self, array: Array, factor: float = 1.0) -> None:
        self.array, self.factor = array, factor

    def __float__(self) -> float:
        return float(driver.current().download(self.array)[0]) * self.factor

    def times(self, factor: float) -> Scalar:
        """Return the number times ``factor``."""
        return Scalar(self.array, self.factor * factor)
