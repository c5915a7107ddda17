"""Matrix products: tiles of the output, whose operands go through shared memory in slices.

Every element is one chain of fused multiply-adds in the order of the inner axis, begun with the bias, whatever the tile: so a
row's bits do not depend on the other rows. A weight's gradient (``product_tn``) is a sum over all rows of a batch, cut into
chunks by its shape alone; the sums of chunks are added in their order.

A block of 256 threads makes a tile of 128 x 128 (float64: 64 x 64) where there are many of them, else a smaller block one
of 32 x 32. A thread makes 8 x 8 or 4 x 4 elements: with 8 x 8 it loads four times four numbers for 64 multiplications, so that
shared memory (128 bytes a cycle) keeps up with the arithmetic.
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
    """A block's part of the output, ``side`` squared; slices of operands are ``depth`` deep, a thread makes ``own`` squared."""

    side: int
    depth: int
    own: int

    @property
    def threads(self) -> int:
        """Of a block."""
        return (self.side // self.own) ** 2


SMALL = Tile(32, 16, 4)
LARGE = {"float32": Tile(128, 8, 8), "float64": Tile(64, 8, 4)}

MANY = 128  #: large tiles that keep a device busy: about as many as it has multiprocessors
CHUNK = 256  #: rows of a batch that a block adds up at least
BLOCKS = 512  #: that chunks aim at


def product(a: Array, b: Array, bias: Array | None = None) -> Array:
    """``bias + a b``: (M, K) and (K, N) to (M, N)."""
    return _product(a, b, bias, False, False, (a.shape[0], b.shape[1], a.shape[1]))


def product_nt(a: Array, b: Array) -> Array:
    """``a b^T``: (M, K) and (N, K) to (M, N)."""
    return _product(a, b, None, False, True, (a.shape[0], b.shape[0], a.shape[1]))


def product_tn(a: Array, b: Array) -> Array:
    """``a^T b``: (K, M) and (K, N) to (M, N), K in chunks."""
    return _product(a, b, None, True, False, (a.shape[1], b.shape[1], a.shape[0]))


def tile_for(M: int, N: int, dtype: str) -> Tile:
    """The large tile where there are many of it."""
    large = LARGE[dtype]
    return large if _tiles(M, N, large) >= MANY else SMALL


def chunks_for(M: int, N: int, K: int, tile: Tile) -> int:
    """Into how many chunks a sum over the K rows of a batch is cut."""
    return max(1, min(K // CHUNK, BLOCKS // _tiles(M, N, tile)))


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
    grid = -(-N // tile.side), -(-M // tile.side), chunks
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
    def fold(parts, out):
        i = element()
        if i < out.size:
            total = parts[0, i]
            for k in range(1, parts.shape[0]):
                total += parts[k, i]
            out[i] = total

    return fold


@cache
def tile_kernel(dtype: str, tile: Tile, ta: bool, tb: bool, biased: bool) -> Kernel:
    """A product with either operand transposed (a ``ta``, b ``tb``); blocks of the grid's third axis take a chunk of K each."""
    number, zero = real(dtype), np.dtype(dtype).type(0)
    SIDE, DEPTH, OWN = tile
    THREADS, ACROSS = tile.threads, SIDE // OWN
    LOADS = SIDE * DEPTH // THREADS
    PITCH = SIDE + 4  # rows of a slice begin in different banks, at multiples of 16 bytes
    SLICE, OUTPUTS = DEPTH * PITCH, OWN * OWN
    name = f"product_{'t' if ta else 'n'}{'t' if tb else 'n'}_{dtype}_{SIDE}" + "_bias" * biased

    @jit("f1 f1 f3 f3 n n", dtype, name)
    def product(a, b, bias, out, K, depth):
        rows = cuda.shared.array(SLICE, number)  # [k][row]
        columns = cuda.shared.array(SLICE, number)  # [k][column]
        sums = cuda.local.array(OUTPUTS, number)
        of_row = cuda.local.array(OWN, number)
        thread = cuda.threadIdx.x
        r, c = thread // ACROSS * OWN, thread % ACROSS * OWN
        M, N = out.shape[1], out.shape[2]
        row0, column0 = int64(cuda.blockIdx.y) * SIDE, int64(cuda.blockIdx.x) * SIDE
        chunk = int64(cuda.blockIdx.z)
        end = (chunk + 1) * depth if (chunk + 1) * depth < K else K
        for i in range(OWN):
            for j in range(OWN):
                sums[i * OWN + j] = bias[0, 0, column0 + c + j] if biased and column0 + c + j < N else zero
        for k0 in range(chunk * depth, end, DEPTH):
            for load in range(LOADS):
                e = thread + load * THREADS
                k, m = (e // SIDE, e % SIDE) if ta else (e % DEPTH, e // DEPTH)
                inside = k0 + k < end and row0 + m < M
                place = (k0 + k) * M + row0 + m if ta else (row0 + m) * K + k0 + k
                rows[uint64(k * PITCH + m)] = a[place] if inside else zero
            for load in range(LOADS):
                e = thread + load * THREADS
                k, n = (e % DEPTH, e // DEPTH) if tb else (e // SIDE, e % SIDE)
                inside = k0 + k < end and column0 + n < N
                place = (column0 + n) * K + k0 + k if tb else (k0 + k) * N + column0 + n
                columns[uint64(k * PITCH + n)] = b[place] if inside else zero
            cuda.syncthreads()
            for k in range(DEPTH):
                for i in range(OWN):
                    of_row[i] = rows[uint64(k * PITCH + r + i)]
                for j in range(OWN):
                    of_column = columns[uint64(k * PITCH + c + j)]
                    for i in range(OWN):
                        sums[i * OWN + j] = cuda.fma(of_row[i], of_column, sums[i * OWN + j])
            cuda.syncthreads()
        for i in range(OWN):
            for j in range(OWN):
                if row0 + r + i < M and column0 + c + j < N:
                    out[chunk, row0 + r + i, column0 + c + j] = sums[i * OWN + j]

    return product
