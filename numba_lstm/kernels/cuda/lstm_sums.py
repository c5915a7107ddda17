"""Sums in an order that shapes alone decide: over a block's threads, and over the rows of columns."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from . import driver
from .compiler import cuda, device, jit, real, uint64

THREADS = 128  #: of a block that takes a whole row
HALF = THREADS // 2

LANES, WIDTH = 4, 32  #: of a block that adds up columns: threads a column, and columns
CHUNK = 512  #: rows that one block adds up


@cache
def block_sum(dtype: str) -> Any:
    """``block_sum(value)``: the sum over the :data:`THREADS` of a block, by halves; all threads have to call it."""
    number = real(dtype)

    @device
    def block_sum(value):
        shared = cuda.shared.array(THREADS, number)
        thread = cuda.threadIdx.x
        cuda.syncthreads()
        shared[uint64(thread)] = value
        cuda.syncthreads()
        half = HALF
        while half > 0:
            if thread < half:
                shared[uint64(thread)] += shared[uint64(thread + half)]
            cuda.syncthreads()
            half //= 2
        return shared[uint64(0)]

    return block_sum


@cache
def _column_sums(dtype: str, weighted: bool) -> Any:
    """``out[block, j]``: of a chunk of rows m the sum of ``a[m, j0 + j]``, ``weighted`` by ``b[m, j]``."""
    number, zero = real(dtype), np.dtype(dtype).type(0)

    @jit("f2 f2 f2 i n", dtype, f"lstm_column_sums_{dtype}_{int(weighted)}")
    def column_sums(out, a, b, j0, chunk):
        shared = cuda.shared.array((LANES, WIDTH), number)
        u, lane, part = cuda.threadIdx.x, cuda.threadIdx.y, cuda.blockIdx.x
        j = cuda.blockIdx.y * WIDTH + u
        sum_ = zero
        if j < out.shape[1]:
            for m in range(part * chunk + lane, (part + 1) * chunk, LANES):
                if m < a.shape[0]:
                    sum_ += a[m, j0 + j] * b[m, j] if weighted else a[m, j0 + j]
        shared[lane, u] = sum_
        cuda.syncthreads()
        if lane == 0 and j < out.shape[1]:
            out[part, j] = (shared[0, u] + shared[1, u]) + (shared[2, u] + shared[3, u])

    return column_sums


def column_sums(a: Any, b: Any | None = None, first: int = 0, columns: int | None = None) -> Any:
    """The sums over all rows of ``a`` (M, C), times ``b`` (M, columns) where given, from column ``first`` on: (1, columns)."""
    device, dtype, columns = driver.current(), a.dtype.name, columns or a.shape[1]
    chunks = -(-a.shape[0] // CHUNK)
    out = device.empty((chunks, columns), a.dtype)
    kernel, blocks = _column_sums(dtype, b is not None), -(-columns // WIDTH)
    device.launch(kernel, (chunks, blocks), (WIDTH, LANES), (out, a, out if b is None else b, first, CHUNK))
    if chunks == 1:
        return out
    total = device.empty((1, columns), a.dtype)
    device.launch(_column_sums(dtype, False), (1, blocks), (WIDTH, LANES), (total, out, out, 0, chunks))
    return total
