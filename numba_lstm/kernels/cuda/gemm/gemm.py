"""Matrix products (GEMM) by tiles of the output, with slices of the operands in shared memory.

Every element is one sum of fused multiply-adds in the order of the inner axis, starting with the bias, for every tile size. So
the bits of a row do not depend on the other rows. The gradient of a weight (``product_tn``) is a sum over all rows of a batch,
split into chunks by its shape alone. The sums of the chunks are added in order.

A block of 256 threads computes a tile of 128 x 128 (float64: 64 x 64) if there are many tiles, otherwise a smaller block
computes one of 32 x 32. A thread computes 8 x 8 or 4 x 4 elements: with 8 x 8 it loads four vectors of four numbers for 64
multiplications, so that shared memory (128 bytes per cycle) does not limit the arithmetic.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..arrays.elementwise import flat
from ..runtime import driver
from ..runtime.compiler import Kernel, cuda, int64, jit, real, uint64
from ..runtime.launch import element, launch_elements

Array = Any


class Tile(NamedTuple):
    """The tile of a block, ``side`` squared, with slices of ``depth`` terms and ``thread_side`` squared elements per thread."""

    side: int
    depth: int
    thread_side: int

    @property
    def threads(self) -> int:
        """Threads per block."""
        return (self.side // self.thread_side) ** 2


SMALL = Tile(32, 16, 4)
LARGE = {"float32": Tile(128, 8, 8), "float64": Tile(64, 8, 4)}

MIN_LARGE_TILES = 128  #: large tiles that occupy a device, about its number of multiprocessors
MIN_CHUNK_ROWS = 256  #: smallest number of rows of a batch that a block sums
TARGET_BLOCKS = 512  #: blocks at which the number of chunks aims


def product(a: Array, b: Array, bias: Array | None = None) -> Array:
    """Return ``bias + a b`` (M, N) of (M, K) and (K, N)."""
    return _product(a, b, bias, False, False, (a.shape[0], b.shape[1], a.shape[1]))


def product_nt(a: Array, b: Array) -> Array:
    """Return ``a b^T`` (M, N) of (M, K) and (N, K)."""
    return _product(a, b, None, False, True, (a.shape[0], b.shape[0], a.shape[1]))


def product_tn(a: Array, b: Array) -> Array:
    """Return ``a^T b`` (M, N) of (K, M) and (K, N), summed over chunks of K."""
    return _product(a, b, None, True, False, (a.shape[1], b.shape[1], a.shape[0]))


def tile_for(M: int, N: int, dtype: str) -> Tile:
    """Return the large tile if the output has many, otherwise the small one."""
    large = LARGE[dtype]
    return large if _tiles(M, N, large) >= MIN_LARGE_TILES else SMALL


def chunks_for(M: int, N: int, K: int, tile: Tile) -> int:
    """Return the number of chunks into which to split a sum over the K rows of a batch."""
    return max(1, min(K // MIN_CHUNK_ROWS, TARGET_BLOCKS // _tiles(M, N, tile)))


def _tiles(M: int, N: int, tile: Tile) -> int:
    return -(-M // tile.side) * -(-N // tile.side)


def _product(a: Array, b: Array, bias: Array | None, ta: bool, tb: bool, sizes: tuple[int, int, int]) -> Array:
    device, dtype = driver.current(), a.dtype.name
    M, N, K = sizes
    tile = tile_for(M, N, dtype)
    chunks = chunks_for(M, N, K, tile) if ta else 1
    depth = -(-K // chunks // tile.depth) * tile.depth if chunks > 1 else K
    chunks = -(-K // depth)
    out = device.empty((chunks, M, N), a.dtype)
    grid = -(-M // tile.side), -(-N // tile.side), chunks  # only x may exceed 65,535: rows are many
    kernel = tile_kernel(dtype, tile, ta, tb, bias is not None)
    device.launch(kernel, grid, tile.threads, (flat(a), flat(b), out if bias is None else bias.reshape(1, 1, N), out, K, depth))
    if chunks == 1:
        return out.reshape(M, N)
    total = device.empty((M, N), a.dtype)
    launch_elements(_fold(dtype), M * N, out.reshape(chunks, M * N), flat(total))
    return total


@cache
def _fold(dtype: str) -> Kernel:
    @jit("f2 f1", dtype, f"fold_{dtype}")
    def fold(chunks, out):
        i = element()
        if i < out.size:
            total = chunks[0, i]
            for k in range(1, chunks.shape[0]):
                total += chunks[k, i]
            out[i] = total

    return fold


@cache
def tile_kernel(dtype: str, tile: Tile, ta: bool, tb: bool, biased: bool) -> Kernel:
    """Return the kernel of a product with a (``ta``) or b (``tb``) transposed. The third axis of the grid is the chunk of K."""
    number, zero = real(dtype), np.dtype(dtype).type(0)
    SIDE, DEPTH, PER_THREAD = tile
    THREADS, THREADS_ACROSS = tile.threads, SIDE // PER_THREAD
    LOADS = SIDE * DEPTH // THREADS
    PITCH = SIDE + 4  # rows of a slice start in different banks, at multiples of 16 bytes
    SLICE, OUTPUTS = DEPTH * PITCH, PER_THREAD * PER_THREAD
    name = f"product_{'t' if ta else 'n'}{'t' if tb else 'n'}_{dtype}_{SIDE}" + "_bias" * biased

    @jit("f1 f1 f3 f3 n n", dtype, name)
    def product(a, b, bias, out, K, depth):
        rows = cuda.shared.array(SLICE, number)  # [k][row]
        columns = cuda.shared.array(SLICE, number)  # [k][column]
        sums = cuda.local.array(OUTPUTS, number)
        row_values = cuda.local.array(PER_THREAD, number)
        thread = cuda.threadIdx.x
        r, c = thread // THREADS_ACROSS * PER_THREAD, thread % THREADS_ACROSS * PER_THREAD
        M, N = out.shape[1], out.shape[2]
        row0, column0 = int64(cuda.blockIdx.x) * SIDE, int64(cuda.blockIdx.y) * SIDE
        chunk = int64(cuda.blockIdx.z)
        end = (chunk + 1) * depth if (chunk + 1) * depth < K else K
        for i in range(PER_THREAD):
            for j in range(PER_THREAD):
                sums[i * PER_THREAD + j] = bias[0, 0, column0 + c + j] if biased and column0 + c + j < N else zero
        for k0 in range(chunk * depth, end, DEPTH):
            for load in range(LOADS):
                e = thread + load * THREADS
                k, m = (e // SIDE, e % SIDE) if ta else (e % DEPTH, e // DEPTH)
                inside = k0 + k < end and row0 + m < M
                index = (k0 + k) * M + row0 + m if ta else (row0 + m) * K + k0 + k
                rows[uint64(k * PITCH + m)] = a[index] if inside else zero
            for load in range(LOADS):
                e = thread + load * THREADS
                k, n = (e % DEPTH, e // DEPTH) if tb else (e // SIDE, e % SIDE)
                inside = k0 + k < end and column0 + n < N
                index = (column0 + n) * K + k0 + k if tb else (k0 + k) * N + column0 + n
                columns[uint64(k * PITCH + n)] = b[index] if inside else zero
            cuda.syncthreads()
            for k in range(DEPTH):
                for i in range(PER_THREAD):
                    row_values[i] = rows[uint64(k * PITCH + r + i)]
                for j in range(PER_THREAD):
                    column_value = columns[uint64(k * PITCH + c + j)]
                    for i in range(PER_THREAD):
                        sums[i * PER_THREAD + j] = cuda.fma(row_values[i], column_value, sums[i * PER_THREAD + j])
            cuda.syncthreads()
        for i in range(PER_THREAD):
            for j in range(PER_THREAD):
                if row0 + r + i < M and column0 + c + j < N:
                    out[chunk, row0 + r + i, column0 + c + j] = sums[i * PER_THREAD + j]

    return product
