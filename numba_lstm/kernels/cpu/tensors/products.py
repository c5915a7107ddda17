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
from ..runtime.memory import aligned
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, ParallelFor, parallel_for
from ..simd.partial import load_first
from ..simd.reductions import row_dot
from ..simd.transpose import transpose, transpose_part
from ..simd.vector import data, load, offset, store

Array = npt.NDArray[Any]


@product_of_rows
@takes(int, Matrix, RowProduct, Matrix, int)
def strided_rows(tile, step, start: Matrix, x: RowProduct, z: Matrix, first):
    """Emit ``z = x W`` (``first`` is not 0) or ``z = start + x W`` for rows x whose elements are ``step`` apart."""
    w = INDEX(tile.B * tile.vector.n)
    tile.load(*start, w)
    tile.clear(first)
    tile.multiply(x, step, w)
    tile.store(*z, w)


@inlined
def _pack(W, at, row, column, K, columns, width, o, V):
    """Pack ``columns`` columns of a matrix (K, n), of steps ``row`` and ``column``, as K rows of ``width`` elements.

    It may write to V - 1 rows more.
    """
    for j in range(0, width, V):
        n, first = min(V, columns - j), at + j * column
        if column == 1:
            for k in range(K):
                store(o, k * width + j, load(W, first + k * row, V) if n == V else load_first(W, first + k * row, n, V))
        elif row == 1:
            for k in range(0, K, V):
                if n == V and k + V <= K:
                    transpose(offset(W, first + k), column, offset(o, k * width + j), width, V)
                else:
                    transpose_part(offset(W, first + k), column, n, min(V, K - k), offset(o, k * width + j), width, V)
        else:
            for k in range(K):
                for lane in range(V):
                    o[k * width + j + lane] = W[first + k * row + lane * column] if lane < n else 0


@cache
def _products(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of the products ``pair0 .. pair1``, of rows m0 .. m1, with C vectors in the last block of columns."""
    B, V, w, chunk = geometry.B, geometry.V, geometry.w, geometry.chunk

    def batched_products(
        a, b, start,  # the first elements of the left and of the right matrices, and of those that are added
        out,  # (pairs, M, padded), written; no other array
        packed,  # scratch: a block of columns of a right matrix
        table,  # sizes (outer, inner, K, N), then strides (outer, inner, row, column) of a, b and start: zeros for no start
        pair0, pair1, m0, m1,
    ):  # fmt: skip
        a_, b_, s_, o_, p_ = data(a), data(b), data(start), data(out), data(packed)
        M, padded = out.shape[1], out.shape[2]
        inner, K, N = table[0, 1], table[0, 2], table[0, 3]
        blocks = N // w if C > 0 else (N + w - 1) // w
        for pair in range(pair0, pair1):
            first_a = pair // inner * table[1, 0] + pair % inner * table[1, 1]
            first_b = pair // inner * table[2, 0] + pair % inner * table[2, 1]
            first_s = pair // inner * table[3, 0] + pair % inner * table[3, 1]
            for q in range(blocks + (1 if C > 0 else 0)):
                width = w if q < blocks else C * V
                _pack(b_, first_b + q * w * table[2, 3], table[2, 2], table[2, 3], K, N - q * w, width, p_, V)
                for k in range(0, K, chunk):
                    m, tiles, terms = m0, (m1 - m0 + TILE_ROWS - 1) // TILE_ROWS, min(chunk, K - k)
                    while m < m1:
                        n = tile_height(m1 - m, tiles)
                        rows = Matrix(a_, first_a + m * table[1, 2] + k * table[1, 3], table[1, 2])
                        product = RowProduct(rows, terms, Weights(p_, k * width, 0))
                        z = Matrix(o_, (pair * M + m) * padded + q * w, padded)
                        added = k == 0 and table[3, 3] > 0
                        before = Matrix(s_, first_s + m * table[3, 2] + q * w, table[3, 2]) if added else z
                        arguments = (table[1, 3], before, product, z, 1 if k == 0 and not added else 0)
                        if q < blocks:
                            strided_rows(n, B, B, B, V, arguments)
                        else:
                            strided_rows(n, C, C, C, V, arguments)
                        m += n
                        tiles -= 1

    name = f"batched_products_{geometry.dtype}x{V}_{C}"
    return kernel(batched_products, name, NUMBA[geometry.dtype], "x1 x1 x1 f3 f1 n2 i i i i")


@cache
def _row_dots(geometry: VectorGeometry) -> Any:
    """Return the kernel of products with a single column whose elements, as those of a row, are neighbours."""
    V = geometry.V

    def row_dots(a, b, _, out, lanes, table, pair0, pair1, m0, m1):
        a_, b_, o_, l_ = data(a), data(b), data(out), data(lanes)
        M, inner, K = out.shape[1], table[0, 1], table[0, 2]
        for pair in range(pair0, pair1):
            first_a = pair // inner * table[1, 0] + pair % inner * table[1, 1]
            first_b = pair // inner * table[2, 0] + pair % inner * table[2, 1]
            for m in range(m0, m1):
                at = first_a + m * table[1, 2]
                o_[pair * M + m] = row_dot(offset(a_, at), offset(b_, first_b), K, l_, V)

    return kernel(row_dots, f"row_dots_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "x1 x1 x1 f3 f1 n2 i i i i")


def _is_dots(a: Array, b: Array) -> bool:
    return b.shape[-1] == 1 and element_strides(a)[3] == 1 and element_strides(b)[2] == 1


def can_start(start: Array, a: Array, b: Array) -> bool:
    """Return whether :func:`products` can add to ``start`` (outer, inner, M, N): tiles read what its rows hold, and no more."""
    geometry, N = vector_geometry(a.dtype), start.shape[-1]
    is_whole = column_layout(N, geometry).padded(geometry) == N
    return is_whole and element_strides(start)[3] == 1 and not _is_dots(a, b)


def products(a: Array, b: Array, start: Array | None = None) -> tuple[Array, KernelCall | ParallelFor]:
    """Return an array (outer, inner, M, N) and the task that writes ``a @ b``, or ``start + a @ b``, to it.

    a is (outer, inner, M, K), b (outer, inner, K, N), both of any strides and with elements. ``start`` is one that
    :func:`can_start` accepts.
    """
    (outer, inner, M, K), N = a.shape, b.shape[-1]
    geometry = vector_geometry(a.dtype)
    layout, dots = column_layout(N, geometry), _is_dots(a, b)
    padded = 1 if dots else layout.padded(geometry)
    out = aligned((outer * inner, M, padded), a.dtype)
    added = (0, 0, 0, 0) if start is None else (*element_strides(start)[:3], 1)
    table = np.array([[outer, inner, K, N], element_strides(a), element_strides(b), added], np.int64)
    run, pairs = _row_dots(geometry) if dots else _products(geometry, layout.C), outer * inner
    arrays = (*(x[0, 0, 0, :1] for x in (a, b, a if start is None else start)), out)

    def call(_: int, part: tuple[int, int]) -> KernelCall:
        ranges = (0, 1, *part) if pairs == 1 else (*part, 0, M)
        return KernelCall(run, *arrays, aligned(((K + geometry.V) * geometry.w,), a.dtype), table, *ranges)

    along = M if pairs == 1 else pairs
    task = parallel_for(along, thread_pool.num_splits(pairs * M * K * padded, along), call)
    return out.reshape(outer, inner, M, padded)[..., :N], task
