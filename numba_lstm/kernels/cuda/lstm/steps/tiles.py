"""Products of one step: tiles of a few rows by a few units, one chain of additions an output.

A step has few rows, so a block takes 16 rows by 16 columns, and a thread two rows of one column. What a tile reads goes through
shared memory, ``DEPTH`` terms at a time; beyond the edges it is zero.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...device_math.dot_products import dot, four, gate_dots
from ...runtime.compiler import cuda, device, real, uint64

ROWS, COLUMNS, DEPTH = 16, 16, 32  #: of a block's tile; terms in shared memory
HEIGHT = 2  #: rows of a thread
THREADS = COLUMNS * ROWS // HEIGHT

#: Rows in shared memory are apart by four numbers more, so that threads side by side meet different banks.
PITCH = DEPTH + 4


def grid(rows: int, columns: int) -> tuple[int, int]:
    """The blocks that cover an array."""
    return -(-rows // ROWS), -(-columns // COLUMNS)


@device
def place():
    """``n0, j0, r, u``: where the block's tile begins, and in it a thread's first row and its column."""
    thread = cuda.threadIdx.x
    return cuda.blockIdx.x * ROWS, cuda.blockIdx.y * COLUMNS, thread // COLUMNS * HEIGHT, thread % COLUMNS


@cache
def gate_tile(dtype: str, own: bool, transposed: bool = False) -> Any:
    """``gate_tile(sums, a, B, factors, n0, j0)``: to ``sums[4 r + g]`` each ``a[n, k] B[k, g H + j]``, k in order.

    ``transposed`` takes ``a[k, n]``. With ``own`` factors, a is first multiplied by ``factors[g, row % their rows, column]``.
    """
    number, zero = real(dtype), np.dtype(dtype).type(0)
    size, kinds = ROWS * PITCH, 4 if own else 1
    shared_rows, shared_weights = kinds * size, 4 * DEPTH * COLUMNS

    @device
    def gate_tile(sums, a, B, factors, n0, j0):
        rows = cuda.shared.array(shared_rows, number)  # [gate][row][k]
        weights = cuda.shared.array(shared_weights, number)  # [k][unit][gate]
        thread = cuda.threadIdx.x
        first, u = thread // COLUMNS * HEIGHT, thread % COLUMNS
        M, C = a.shape
        K, H = B.shape[0], B.shape[1] // 4
        for k0 in range(0, K, DEPTH):
            cuda.syncthreads()
            for i in range(thread, ROWS * DEPTH, THREADS):
                if transposed:
                    r, k = i % ROWS, i // ROWS
                    row, column = k0 + k, n0 + r
                else:
                    r, k = i // DEPTH, i % DEPTH
                    row, column = n0 + r, k0 + k
                inside = row < M and column < C
                value = a[row, column] if inside else zero
                for g in range(kinds):
                    at = uint64(g * size + r * PITCH + k)
                    rows[at] = value * factors[g, row % factors.shape[1], column] if own and inside else value
            for i in range(thread, DEPTH * COLUMNS, THREADS):
                k, j = k0 + i // COLUMNS, j0 + i % COLUMNS
                inside = k < K and j < H
                for g in range(4):
                    weights[uint64(4 * i + g)] = B[k, g * H + j] if inside else zero
            cuda.syncthreads()
            for k in range(0, DEPTH, 4):
                w = 4 * (k * COLUMNS + u)
                w0, w1 = four(weights, uint64(w)), four(weights, uint64(w + 4 * COLUMNS))
                w2, w3 = four(weights, uint64(w + 8 * COLUMNS)), four(weights, uint64(w + 12 * COLUMNS))
                for r in range(HEIGHT):
                    at = (first + r) * PITCH + k
                    ai = af = ag = ao = four(rows, uint64(at))
                    if own:
                        af, ag = four(rows, uint64(size + at)), four(rows, uint64(2 * size + at))
                        ao = four(rows, uint64(3 * size + at))
                    gate_dots(sums, 4 * r, ai, af, ag, ao, w0, w1, w2, w3)

    return gate_tile


@cache
def column_tile(dtype: str, transposed: bool, segments: int, own: bool) -> Any:
    """``column_tile(sums, a, B, factors, n0, j0)``: ``sums[r]`` becomes the sum over k of ``a[n, k] B[k, j]``.

    ``transposed`` takes ``B[j, k]``. The chain of each of the ``segments`` of k starts at zero, and they are added in order;
    with ``own`` factors each is first multiplied by ``factors[segment, n % rows of factors, j]``.
    """
    number, zero = real(dtype), np.dtype(dtype).type(0)
    shared_rows, shared_columns = ROWS * PITCH, COLUMNS * PITCH

    @device
    def column_tile(sums, a, B, factors, n0, j0):
        rows = cuda.shared.array(shared_rows, number)  # [row][k]
        columns = cuda.shared.array(shared_columns, number)  # [column][k]
        part = cuda.local.array(HEIGHT, number)
        thread = cuda.threadIdx.x
        first, u = thread // COLUMNS * HEIGHT, thread % COLUMNS
        N, C = a.shape[0], B.shape[0] if transposed else B.shape[1]
        length = a.shape[1] // segments
        for r in range(HEIGHT):
            sums[r] = zero
        for s in range(segments):
            for r in range(HEIGHT):
                part[r] = zero
            for k0 in range(0, length, DEPTH):
                cuda.syncthreads()
                for i in range(thread, ROWS * DEPTH, THREADS):
                    n, k = n0 + i // DEPTH, k0 + i % DEPTH
                    rows[uint64(i // DEPTH * PITCH + i % DEPTH)] = a[n, s * length + k] if n < N and k < length else zero
                for i in range(thread, COLUMNS * DEPTH, THREADS):
                    if transposed:
                        j, k = i // DEPTH, i % DEPTH
                    else:
                        j, k = i % COLUMNS, i // COLUMNS
                    value = zero
                    if j0 + j < C and k0 + k < length:
                        at = s * length + k0 + k
                        value = B[j0 + j, at] if transposed else B[at, j0 + j]
                    columns[uint64(j * PITCH + k)] = value
                cuda.syncthreads()
                for k in range(0, DEPTH, 4):
                    weight = four(columns, uint64(u * PITCH + k))
                    for r in range(HEIGHT):
                        part[r] = dot(part[r], four(rows, uint64((first + r) * PITCH + k)), weight)
            for r in range(HEIGHT):
                n, j = n0 + first + r, j0 + u
                if own:
                    factor = factors[s, n % factors.shape[1], j] if n < N and j < C else zero
                    part[r] *= factor
                sums[r] += part[r]

    return column_tile
