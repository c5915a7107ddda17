"""Gradients of x with few features: a lane of a vector is a position, where else it would be a feature.

With C features, vectors of V features would have V - C empty lanes. So dz is transposed to planes: a plane has one feature at
all positions (h, n, w), with zeros around it. An element of dx is a sum over taps and features of planes, and a tap is a
number of positions further. The order of a sum is that of :func:`.convolution.input_gradient`, and so are its bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

import numpy.typing as npt

from ...specs import WindowSpec
from ..arrays.copy_tasks import copied
from ..compiler.jit import kernel
from ..gemm.intrinsics import product_of_rows
from ..gemm.layout import NUMBA, VectorGeometry, dtype_name, vector_geometry
from ..gemm.microkernel import INDEX, TILE_ROWS, tile_height
from ..gemm.operands import Matrix, RowProduct, Weights, takes
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty, stride
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, Task, parallel_for
from ..simd.transpose import transpose, transpose_part
from ..simd.vector import data, offset, splat, store
from .filters import Filters
from .products import first_element

Array = npt.NDArray[Any]


def has_few_features(C: int, window: WindowSpec, dtype: Any) -> bool:
    """Return whether positions fill vectors better than C features do, and all positions have the same taps."""
    return 2 * C <= vector_geometry(dtype).V and prod(window.strides) == 1


@cache
def _planes(geometry: VectorGeometry) -> Any:
    """Return the kernel that writes the features f0 .. f1 of rows to planes, with zeros around them."""
    V = geometry.V

    def feature_planes(
        x,  # the first element of the first row
        out,  # planes, written: one for each feature, a multiple of V, with V spare elements or more
        F, outers, inners, row,  # features, numbers of rows, and elements from row to row
        before, gap,  # zeros before the first row, and after each ``inners`` rows
        f0, f1,
    ):  # fmt: skip
        x_, o_, S = data(x), data(out), out.shape[1]
        nothing = splat(o_, 0.0, V)
        for f in range(f0, f1):
            for at in range(0, before, V):
                store(o_, f * S + at, nothing)
        for outer in range(outers):
            at, to = outer * inners * row, before + outer * (inners + gap)
            for f in range(f0, f1, V):
                for c in range(0, inners, V):
                    if F - f >= V and inners - c >= V:
                        transpose(offset(x_, at + c * row + f), row, offset(o_, f * S + to + c), S, V)
                    else:
                        rows, columns = min(V, inners - c), min(V, F - f)
                        transpose_part(offset(x_, at + c * row + f), row, rows, columns, offset(o_, f * S + to + c), S, V)
                for k in range(f, f + V):
                    for c in range(to + inners, to + inners + gap, V):
                        store(o_, k * S + c, nothing)
        end = before + outers * (inners + gap)
        for f in range(f0, f1):
            for at in range(end, S - V + 1, V):
                store(o_, f * S + at, nothing)
            for at in range(max(end, S - V), S):
                o_[f * S + at] = 0

    return kernel(feature_planes, f"feature_planes_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "x1 f2" + 8 * " i")


@product_of_rows
@takes(Matrix, int, int, int, int, int, Weights, int, Matrix)
def plane_rows(tile, a: Matrix, terms, n1, n2, x1, x2, planes: Weights, S, z: Matrix):
    """Emit ``z = sum over taps and planes of a x``, for taps that are steps apart in the planes, which are S elements apart."""
    b = tile.builder

    def tap(i, j) -> None:
        rows = Matrix(a.p, b.add(a.at, b.mul(b.add(b.mul(i, n2), j), terms)), a.rows)
        weights = Weights(planes.p, b.add(planes.at, b.add(b.mul(i, x1), b.mul(j, x2))), planes.blocks)
        tile.multiply(RowProduct(rows, terms, weights), INDEX(1), S)

    tile.repeat(n1, lambda i: tile.repeat(n2, lambda j: tap(i, j)))
    tile.store(*z, INDEX(tile.B * tile.vector.n))


@cache
def _product(geometry: VectorGeometry) -> Any:
    """Return the kernel that computes the positions p0 .. p1 of all planes of out, in blocks."""
    B, V, w = geometry.B, geometry.V, geometry.w

    def plane_product(a, x, out, terms, n1, n2, x1, x2, p0, p1):
        a_, x_, o_, (C, K), S = data(a), data(x), data(out), a.shape, x.shape[1]
        for p in range(p0 * w, p1 * w, w):
            c, tiles = 0, (C + TILE_ROWS - 1) // TILE_ROWS
            while c < C:
                n = tile_height(C - c, tiles)
                rows, z = Matrix(a_, c * K, K), Matrix(o_, c * out.shape[1] + p, out.shape[1])
                plane_rows(n, B, B, B, V, (rows, terms, n1, n2, x1, x2, Weights(x_, p, 0), S, z))
                c += n
                tiles -= 1

    return kernel(plane_product, f"plane_product_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "f2 f2 f2" + 7 * " i")


@cache
def _rows(dtype: str) -> Any:
    """Return the kernel that copies planes to rows of features, without the ``gap`` after the rows of each number."""

    def rows_of_planes(x, out, inners, gap, outer0, outer1):
        x_, o_, C, S = data(x), data(out), out.shape[1], x.shape[1]
        for outer in range(outer0, outer1):
            at, to = outer * (inners + gap), outer * inners * C
            for i in range(inners):
                for c in range(C):
                    o_[to + i * C + c] = x_[c * S + at + i]

    return kernel(rows_of_planes, f"rows_of_planes_{dtype}", NUMBA[dtype], "f2 f2 i i i i")


def _reversed_taps(W: Array) -> Array:
    """Return a kernel (taps, C, F) as rows (C, taps * F), with its taps in reverse."""
    taps, C, F = W.shape
    out = aligned((C, taps * F), W.dtype)
    run_eagerly([copied(W[::-1].transpose(1, 0, 2), out.reshape(C, taps, F))])
    return out


def _row_distance(x: Array) -> int | None:
    """Return the elements from row to row of x (H, N, W, C), None unless all rows are equally far apart."""
    axes = [(n, step) for n, step in zip(x.shape[:3], element_strides(x)[:3], strict=True) if n > 1]
    if not axes:
        return x.shape[3]
    distance = row = axes[-1][1]
    for n, step in reversed(axes):
        if step != distance:
            return None
        distance *= n
    return row


def few_features_gradient(filters: Filters, window: WindowSpec, shape: Sequence[int], dz: Array) -> Array:
    """Return dx (H, N, W, C) for x of this padded shape and rows dz (H', N, W', F), where :func:`has_few_features`."""
    geometry, (H, N, W, C), F = vector_geometry(dz.dtype), shape, filters.size
    V, w, (h, _, w_, _) = geometry.V, geometry.w, dz.shape
    top, left = ((size - 1) * d for size, d in zip(window.size, window.dilation, strict=True))
    line = w_ + 2 * left  # positions of a row along W
    positions = H * N * line  # of dx, and so many of dz from the first tap on
    blocks = -(-positions // w)
    planes = aligned((-(-F // V) * V, stride(blocks * w + top * N * line + left + 2 * V, dz.dtype)), dz.dtype)
    out, dx = aligned((C, stride(blocks * w, dz.dtype)), dz.dtype), aligned((H * N * W, C), dz.dtype)
    row = _row_distance(dz)
    if row is None:
        source, dz, row = dz, empty(dz.shape, dz.dtype), F
        run_eagerly([copied(source, dz)])
    rows = (h * N, w_, row) if left else (1, h * N * w_, row)
    before = top * N * line + left
    make, first, weights = _planes(geometry), first_element(dz), filters.packed("cpu.reversed_taps", _reversed_taps)
    taps = (F, *window.size, window.dilation[0] * N * line, window.dilation[1])
    tasks: list[Task] = [
        parallel_for(
            len(planes) // V,
            thread_pool.num_splits(F * h * N * w_ * 8, len(planes) // V),
            lambda _, f: KernelCall(make, first, planes, F, *rows, before, 2 * left, f[0] * V, f[1] * V, references=dz),
        ),
        parallel_for(
            blocks,
            thread_pool.num_splits(positions * C * F * prod(window.size), blocks),
            lambda _, p: KernelCall(_product(geometry), weights, planes, out, *taps, *p),
        ),
        KernelCall(_rows(dtype_name(dz.dtype)), out, dx, W, line - W, 0, H * N),
    ]
    run_eagerly(tasks)
    return dx.reshape(H, N, W, C)
