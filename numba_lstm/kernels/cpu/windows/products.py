"""Products of the windows of an image with packed weights: rows are read where they are, without a copy of each window."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.intrinsics import product_of_rows
from ..gemm.layout import NUMBA, ColumnLayout, VectorGeometry
from ..gemm.microkernel import INDEX, TILE_ROWS, tile_height
from ..gemm.operands import Matrix, RowProduct, Weights, takes
from ..runtime import thread_pool
from ..runtime.task import KernelCall, Task, parallel_for
from ..simd.vector import data
from .geometry import Rows, Taps

Array = npt.NDArray[Any]


class TapProduct(NamedTuple):
    """A sum of products, one for each of ``n1 * n2`` taps, which are steps apart in the rows and in the weights."""

    first: RowProduct
    n1: Any
    n2: Any
    x1: Any
    x2: Any
    w1: Any
    w2: Any


@takes(Matrix, TapProduct, Matrix)
def _tap_rows(tile, start: Matrix, taps: TapProduct, z: Matrix):
    """Emit ``z = start + sum over the taps of x W``. The accumulators stay in registers."""
    b, w = tile.builder, INDEX(tile.B * tile.vector.n)
    rows, terms, weights = taps.first

    def tap(i, j) -> None:
        x_at = b.add(rows.at, b.add(b.mul(i, taps.x1), b.mul(j, taps.x2)))
        w_at = b.add(weights.at, b.add(b.mul(i, taps.w1), b.mul(j, taps.w2)))
        tile.multiply(RowProduct(Matrix(rows.p, x_at, rows.rows), terms, Weights(weights.p, w_at, weights.blocks)), INDEX(1), w)

    tile.load(*start, w)
    tile.repeat(taps.n1, lambda i: tile.repeat(taps.n2, lambda j: tap(i, j)))
    tile.store(*z, w)


tap_rows = product_of_rows(_tap_rows)


@cache
def _window_product(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = b + sum over taps of x W``: W in blocks, C vectors in the last."""
    B, V, w = geometry.B, geometry.V, geometry.w

    def window_product(
        x,  # the first element of the first row
        W, b,  # weights of K rows, and the bias, packed in blocks
        out,  # rows, written; no other array
        blocks, K,  # full blocks, and rows of W
        terms, n1, n2, x1, x2,  # of the taps in x
        w_first, w1, w2,  # row of W of the first tap, and rows from tap to tap
        size2, xa, xb, xc,  # rows (a, b, c) of x, with size2 numbers b
        out_first, oa, ob, oc,  # the rows of out that they give
        outer0, outer1, inner0, inner1,  # the numbers a * size2 + b, and c
    ):  # fmt: skip
        x_, W_, b_, o_, columns = data(x), data(W), data(b), data(out), out.shape[1]
        for q in range(blocks + (1 if C > 0 else 0)):
            block = w if q < blocks else C * V
            weights = Weights(W_, q * w * K + w_first * block, 0)
            for outer in range(outer0, outer1):
                at, to = outer // size2 * xa + outer % size2 * xb, out_first + outer // size2 * oa + outer % size2 * ob
                inner, tiles = inner0, (inner1 - inner0 + TILE_ROWS - 1) // TILE_ROWS
                while inner < inner1:
                    n = tile_height(inner1 - inner, tiles)
                    first = RowProduct(Matrix(x_, at + inner * xc, xc), terms, weights)
                    arguments = (
                        Matrix(b_, q * w, 0), TapProduct(first, n1, n2, x1, x2, w1 * block, w2 * block),
                        Matrix(o_, (to + inner * oc) * columns + q * w, oc * columns),
                    )  # fmt: skip
                    if q < blocks:
                        tap_rows(n, B, B, B, V, arguments)
                    else:
                        tap_rows(n, C, C, C, V, arguments)
                    inner += n
                    tiles -= 1

    name = f"window_product_{geometry.dtype}x{V}_{C}"
    return kernel(window_product, name, NUMBA[geometry.dtype], "x1 f1 f1 f2" + 22 * " i")


class TapWeights(NamedTuple):
    """Packed weights: their rows, the row of the first tap, and the rows from tap to tap."""

    packed: Array
    K: int
    first: int
    steps: tuple[int, int]


def first_element(x: Array) -> Array:
    """Return the first element of x as a view (1,), which stands for all of x in a kernel."""
    return x[(0,) * (x.ndim - 1)][:1]


def window_products(
    x: Array,
    taps: Taps,
    weights: TapWeights,
    bias: Array,
    out: Array,
    rows: Rows,
    layout: ColumnLayout,
    geometry: VectorGeometry,
    out_first: int = 0,
) -> Task:
    """Return the task of ``out = bias + sum over taps of x W``. It splits the rows among threads where that pays.

    ``out`` (M, padded) has the rows from ``out_first`` on.
    """
    (a, b, c), run = rows.sizes, _window_product(geometry, layout.C)
    multiplications = a * b * c * taps.sizes[0] * taps.sizes[1] * taps.terms * layout.n
    outer = a * b > c
    fixed = (
        *(layout.full, weights.K, taps.terms, *taps.sizes, *taps.x, weights.first, *weights.steps),
        *(b, *rows.x, out_first, *rows.out),
    )

    def call(_: int, range_: tuple[int, int]) -> KernelCall:
        ranges = (*range_, 0, c) if outer else (0, a * b, *range_)
        return KernelCall(run, first_element(x), weights.packed, bias, out, *fixed, *ranges, references=x)

    along = a * b if outer else c
    return parallel_for(along, thread_pool.num_splits(multiplications, along), call)
