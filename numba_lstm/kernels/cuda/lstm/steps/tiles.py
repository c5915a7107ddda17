"""Products of one step by small tiles, with one sum in fixed order for each output.

A step has few rows, so a block computes 16 rows by 16 columns, and a thread two rows of one column. The operands go through
shared memory, ``DEPTH`` terms at a time, with zeros beyond the edges.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...device_math.dot_products import dot, gate_dots, load4
from ...runtime.compiler import cuda, device, real, uint64

ROWS, COLUMNS, DEPTH = 16, 16, 32  #: of the tile of a block, and terms in shared memory
ROWS_PER_THREAD = 2
THREADS = COLUMNS * ROWS // ROWS_PER_THREAD

#: Rows in shared memory are padded by four numbers, so that neighbouring threads use different banks.
PITCH = DEPTH + 4


def grid(rows: int, columns: int) -> tuple[int, int]:
    """Return the grid of blocks that covers an array."""
    return -(-rows // ROWS), -(-columns // COLUMNS)


@device
def tile_position():
    """Return ``n0, j0, r, u``: the first row and column of the tile, and in it the first row and the column of the thread."""
    thread = cuda.threadIdx.x
    return cuda.blockIdx.x * ROWS, cuda.blockIdx.y * COLUMNS, thread // COLUMNS * ROWS_PER_THREAD, thread % COLUMNS


@cache
def gate_tile(dtype: str, gate_dropout: bool, transposed: bool = False) -> Any:
    """Return ``gate_tile(sums, a, B, factors, n0, j0)``, which adds all ``a[n, k] B[k, g H + j]`` to ``sums[4 r + g]``.

    ``transposed`` reads ``a[k, n]``. ``gate_dropout`` multiplies a by ``factors[g, row % rows of factors, column]``.
    """
    number, zero = real(dtype), np.dtype(dtype).type(0)
    size, copies = ROWS * PITCH, 4 if gate_dropout else 1
    shared_rows, shared_weights = copies * size, 4 * DEPTH * COLUMNS

    @device
    def gate_tile(sums, a, B, factors, n0, j0):
        rows = cuda.shared.array(shared_rows, number)  # [gate][row][k]
        weights = cuda.shared.array(shared_weights, number)  # [k][unit][gate]
        thread = cuda.threadIdx.x
        first, u = thread // COLUMNS * ROWS_PER_THREAD, thread % COLUMNS
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
                for g in range(copies):
                    offset = uint64(g * size + r * PITCH + k)
                    rows[offset] = value * factors[g, row % factors.shape[1], column] if gate_dropout and inside else value
            for i in range(thread, DEPTH * COLUMNS, THREADS):
                k, j = k0 + i // COLUMNS, j0 + i % COLUMNS
                inside = k < K and j < H
                for g in range(4):
                    weights[uint64(4 * i + g)] = B[k, g * H + j] if inside else zero
            cuda.syncthreads()
            for k in range(0, DEPTH, 4):
                w = 4 * (k * COLUMNS + u)
                w0, w1 = load4(weights, uint64(w)), load4(weights, uint64(w + 4 * COLUMNS))
                w2, w3 = load4(weights, uint64(w + 8 * COLUMNS)), load4(weights, uint64(w + 12 * COLUMNS))
                for r in range(ROWS_PER_THREAD):
                    offset = (first + r) * PITCH + k
                    ai = af = ag = ao = load4(rows, uint64(offset))
                    if gate_dropout:
                        af, ag = load4(rows, uint64(size + offset)), load4(rows, uint64(2 * size + offset))
                        ao = load4(rows, uint64(3 * size + offset))
                    gate_dots(sums, 4 * r, ai, af, ag, ao, w0, w1, w2, w3)

    return gate_tile


@cache
def column_tile(dtype: str, transposed: bool, segments: int, gate_dropout: bool) -> Any:
    """Return ``column_tile(sums, a, B, factors, n0, j0)``, which sets ``sums[r]`` to the sum over k of ``a[n, k] B[k, j]``.

    ``transposed`` reads ``B[j, k]``. Each of the ``segments`` of k is a sum from zero, and the segments are added in order.
    ``gate_dropout`` multiplies each by ``factors[segment, n % rows of factors, j]``.
    """
    number, zero = real(dtype), np.dtype(dtype).type(0)
    shared_rows, shared_columns = ROWS * PITCH, COLUMNS * PITCH

    @device
    def column_tile(sums, a, B, factors, n0, j0):
        rows = cuda.shared.array(shared_rows, number)  # [row][k]
        columns = cuda.shared.array(shared_columns, number)  # [column][k]
        segment_sums = cuda.local.array(ROWS_PER_THREAD, number)
        thread = cuda.threadIdx.x
        first, u = thread // COLUMNS * ROWS_PER_THREAD, thread % COLUMNS
        N, C = a.shape[0], B.shape[0] if transposed else B.shape[1]
        length = a.shape[1] // segments
        for r in range(ROWS_PER_THREAD):
            sums[r] = zero
        for s in range(segments):
            for r in range(ROWS_PER_THREAD):
                segment_sums[r] = zero
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
                        offset = s * length + k0 + k
                        value = B[j0 + j, offset] if transposed else B[offset, j0 + j]
                    columns[uint64(j * PITCH + k)] = value
                cuda.syncthreads()
                for k in range(0, DEPTH, 4):
                    weight = load4(columns, uint64(u * PITCH + k))
                    for r in range(ROWS_PER_THREAD):
                        segment_sums[r] = dot(segment_sums[r], load4(rows, uint64((first + r) * PITCH + k)), weight)
            for r in range(ROWS_PER_THREAD):
                n, j = n0 + first + r, j0 + u
                if gate_dropout:
                    factor = factors[s, n % factors.shape[1], j] if n < N and j < C else zero
                    segment_sums[r] *= factor
                sums[r] += segment_sums[r]

    return column_tile
