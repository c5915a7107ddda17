"""Products of many pairs of matrices, of any strides: each right matrix is packed in blocks of columns, then multiplied.

The rows of the left matrices are read where they are, so a transposed matrix needs no copy.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiler.jit import inlined, kernel
from ..gemm.intrinsics import product_of_rows
from ..gemm.layout import NUMBA, VectorGeometry, column_layout, vector_geometry
from ..gemm.microkernel import INDEX, TILE_ROWS, tile_height
from ..gemm.operands import Matrix, RowProduct, Weights, takes
from ..runtime import thread_pool
from ..runtime.memory import aligned, empty
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, ParallelFor, parallel_for
from ..simd.reductions import row_dot
from ..simd.transpose import transpose
from ..simd.vector import data, load, offset, store

Array = npt.NDArray[Any]


@product_of_rows
@takes(int, RowProduct, Matrix, int)
def strided_rows(tile, step, x: RowProduct, z: Matrix, first):
    """Emit ``z = x W`` (``first`` is not 0) or ``z += x W`` for rows x whose elements are ``step`` apart."""
    w = INDEX(tile.B * tile.vector.n)
    tile.load(*z, w)
    tile.clear(first)
    tile.multiply(x, step, w)
    tile.store(*z, w)


@inlined
def _pack(W, at, row, column, K, columns, width, to, o, V):
    """Pack ``columns`` columns of a matrix (K, n), of steps ``row`` and ``column``, as K rows of ``width`` elements."""
    for j in range(0, width, V):
        if column == 1 and j + V <= columns:
            for k in range(K):
                store(o, to + k * width + j, load(W, at + k * row + j, V))
        elif row == 1 and j + V <= columns:
            for k in range(0, K - K % V, V):
                transpose(offset(W, at + j * column + k), column, offset(o, to + k * width + j), width, V)
            for k in range(K - K % V, K):
                for lane in range(V):
                    o[to + k * width + j + lane] = W[at + k * row + (j + lane) * column]
        else:
            for k in range(K):
                for lane in range(j, j + V):
                    o[to + k * width + lane] = W[at + k * row + lane * column] if lane < columns else 0


@cache
def _products(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of the products ``pair0 .. pair1``, of rows m0 .. m1, with C vectors in the last block of columns."""
    B, V, w, chunk = geometry.B, geometry.V, geometry.w, geometry.chunk

    def batched_products(
        a, b,  # the first elements of the left and of the right matrices
        out,  # (pairs, M, padded), written
        packed,  # scratch: a block of columns of a right matrix
        table,  # sizes (outer, inner, K, N), then strides: outer, inner, row, column, of a and of b
        pair0, pair1, m0, m1,
    ):  # fmt: skip
        a_, b_, o_, p_ = data(a), data(b), data(out), data(packed)
        M, padded = out.shape[1], out.shape[2]
        inner, K, N = table[0, 1], table[0, 2], table[0, 3]
        blocks = N // w if C > 0 else (N + w - 1) // w
        for pair in range(pair0, pair1):
            first_a = pair // inner * table[1, 0] + pair % inner * table[1, 1]
            first_b = pair // inner * table[2, 0] + pair % inner * table[2, 1]
            for q in range(blocks + (1 if C > 0 else 0)):
                width = w if q < blocks else C * V
                _pack(b_, first_b + q * w * table[2, 3], table[2, 2], table[2, 3], K, N - q * w, width, 0, p_, V)
                for k in range(0, K, chunk):
                    m, tiles, terms = m0, (m1 - m0 + TILE_ROWS - 1) // TILE_ROWS, min(chunk, K - k)
                    while m < m1:
                        n = tile_height(m1 - m, tiles)
                        rows = Matrix(a_, first_a + m * table[1, 2] + k * table[1, 3], table[1, 2])
                        product = RowProduct(rows, terms, Weights(p_, k * width, 0))
                        z = Matrix(o_, (pair * M + m) * padded + q * w, padded)
                        if q < blocks:
                            strided_rows(n, B, B, B, V, (table[1, 3], product, z, 1 if k == 0 else 0))
                        else:
                            strided_rows(n, C, C, C, V, (table[1, 3], product, z, 1 if k == 0 else 0))
                        m += n
                        tiles -= 1

    return kernel(
        batched_products, f"batched_products_{geometry.dtype}x{V}_{C}", NUMBA[geometry.dtype], "x1 x1 f3 f1 n2 i i i i"
    )


@cache
def _row_dots(geometry: VectorGeometry) -> Any:
    """Return the kernel of products with a single column whose elements, as those of a row, are neighbours."""
    V = geometry.V

    def row_dots(a, b, out, lanes, table, pair0, pair1, m0, m1):
        a_, b_, o_, l_ = data(a), data(b), data(out), data(lanes)
        M, inner, K = out.shape[1], table[0, 1], table[0, 2]
        for pair in range(pair0, pair1):
            first_a = pair // inner * table[1, 0] + pair % inner * table[1, 1]
            first_b = pair // inner * table[2, 0] + pair % inner * table[2, 1]
            for m in range(m0, m1):
                at = first_a + m * table[1, 2]
                o_[pair * M + m] = row_dot(offset(a_, at), offset(b_, first_b), K, l_, V)

    return kernel(row_dots, f"row_dots_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "x1 x1 f3 f1 n2 i i i i")


def products(a: Array, b: Array) -> tuple[Array, KernelCall | ParallelFor]:
    """Return an array (outer, inner, M, N) and the task that writes ``a @ b`` to it.

    a is (outer, inner, M, K), b (outer, inner, K, N), both of any strides and with elements.
    """
    (outer, inner, M, K), N = a.shape, b.shape[-1]
    geometry = vector_geometry(a.dtype)
    layout, dots = column_layout(N, geometry), N == 1 and element_strides(a)[3] == 1 and element_strides(b)[2] == 1
    padded = 1 if dots else layout.padded(geometry)
    out = aligned((outer * inner, M, padded), a.dtype)
    table = np.array([[outer, inner, K, N], element_strides(a), element_strides(b)], np.int64)
    run, pairs = _row_dots(geometry) if dots else _products(geometry, layout.C), outer * inner
    arrays = a[0, 0, 0, :1], b[0, 0, 0, :1], out

    def call(_: int, part: tuple[int, int]) -> KernelCall:
        ranges = (0, 1, *part) if pairs == 1 else (*part, 0, M)
        return KernelCall(run, *arrays, empty(K * geometry.w, a.dtype), table, *ranges)

    along = M if pairs == 1 else pairs
    task = parallel_for(along, thread_pool.num_splits(pairs * M * K * padded, along), call)
    return out.reshape(outer, inner, M, padded)[..., :N], task
