"""Products of all rows of a batch with packed weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy.typing as npt

from ..compiler.cpu_info import HOST
from ..compiler.jit import kernel
from ..runtime import thread_pool
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, ParallelFor, Task, parallel_for, partition
from ..simd.vector import data
from .backward import gate_rows, remainder_columns
from .batch_groups import Group, splits_per_group
from .forward import affine_rows, affine_rows_prefetch_shared
from .layout import NUMBA, ColumnLayout, PanelLayout, VectorGeometry
from .microkernel import TILE_ROWS, tile_height
from .operands import Matrix, RowProduct, TapeRows, Transposed, Weights

Product = Callable[[npt.NDArray[Any]], Task]

#: Bytes of weights that exceed the L2 cache, so that tiles prefetch them. Processors with vectors of 64 bytes have large L2
#: caches, and L3 caches that a core reads at a fifth of that speed: 30 of 140 GB/s.
L2_EXCEEDING_BYTES = (1280 if HOST.wide else 4096) * 1024


@cache
def affine(geometry: VectorGeometry, C: int, exceeds_l2: bool = False) -> Any:
    """Return the kernel of ``out = b + x W``: W in blocks, C vectors in the last. Rows are (outer, inner) pairs.

    Tiles run along inner. x and out have strides of their own along outer and inner, so that views need no copy: see
    :func:`runs`. Where the weights exceed L2 (``exceeds_l2``), each tile prefetches its share of the next block.
    """
    B, V, w, chunk = geometry.B, geometry.V, geometry.w, geometry.chunk

    def affine_product(
        x,  # any array with the rows: row (outer, inner) begins with element outer * x_outer + inner * x_inner
        W, b,  # weights of D rows, and the bias, packed in blocks
        out,  # written: row (outer, inner) begins with element outer * out_outer + inner * out_inner; no other array
        blocks, D,  # full blocks, and elements of a row of x
        x_outer, x_inner, out_outer, out_inner,  # strides in elements
        outer0, outer1, inner0, inner1,  # the rows
    ):  # fmt: skip
        x_, W_, b_, o_ = data(x), data(W), data(b), data(out)
        for q in range(blocks + (1 if C > 0 else 0)):
            block = w if q < blocks else C * V
            for outer in range(outer0, outer1):
                for k in range(0, D, chunk):
                    inner, tiles, terms = inner0, (inner1 - inner0 + TILE_ROWS - 1) // TILE_ROWS, min(chunk, D - k)
                    all_tiles, number = tiles * (outer1 - outer0), tiles * (outer - outer0)
                    while inner < inner1:
                        n = tile_height(inner1 - inner, tiles)
                        to = outer * out_outer + inner * out_inner + q * w
                        start = Matrix(b_ if k == 0 else o_, q * w if k == 0 else to, 0 if k == 0 else out_inner)
                        rows = Matrix(x_, outer * x_outer + inner * x_inner + k, x_inner)
                        product = RowProduct(rows, terms, Weights(W_, q * w * D + k * block, 0))
                        arguments = (start, product, Matrix(o_, to, out_inner))
                        if q < blocks and exceeds_l2:
                            beyond = w * D if q + 1 < blocks else 0
                            affine_rows_prefetch_shared(n, B, B, B, V, (beyond, number, all_tiles, arguments))
                        elif q < blocks:
                            affine_rows(n, B, B, B, V, arguments)
                        else:
                            affine_rows(n, C, C, C, V, arguments)
                        inner += n
                        tiles -= 1
                        number += 1

    name = f"affine_{geometry.dtype}x{V}_{C}{int(exceeds_l2)}"
    return kernel(affine_product, name, NUMBA[geometry.dtype], "x3 f1 f1 f2" + 10 * " i")


def runs(x: npt.NDArray[Any], columns: int) -> tuple[int, int, int, int, int, int]:
    """Return ``(outer, inner, x_outer, x_inner, out_outer, out_inner)``: the longest runs of evenly spaced rows of x (T, N, D).

    ``out`` is (T * N, columns). Contiguous steps are one run; else the runs go along the longer of N and T.
    """
    T, N, _ = x.shape
    steps, rows, _ = element_strides(x)
    if T == 1 or N == 1 or steps == N * rows:
        return 1, T * N, 0, steps if N == 1 else rows, 0, columns
    if N >= T:
        return T, N, steps, rows, N * columns, columns
    return N, T, rows, steps, columns, N * columns


def product_like(kernel_: Any, like: npt.NDArray[Any], W: Any, b: Any, out: npt.NDArray[Any], blocks: int) -> Product:
    """Return a function that makes the task of an :func:`affine` kernel for an x (T, N, D) with the strides of ``like``.

    The task splits the rows among threads where that pays.
    """
    outer, inner, *steps = runs(like, out.shape[1])
    D, (M, columns) = like.shape[2], out.shape
    along = inner if outer == 1 else outer

    def product_of(x: npt.NDArray[Any]) -> Task:
        def call(_: int, range_: tuple[int, int]) -> KernelCall:
            ranges = (0, 1, *range_) if outer == 1 else (*range_, 0, inner)
            return KernelCall(kernel_, x, W, b, out, blocks, D, *steps, *ranges)

        return parallel_for(along, thread_pool.num_splits(M * D * columns, along), call)

    return product_of


@cache
def gate_product(geometry: VectorGeometry, C: int, remainder: int) -> Any:
    """Return the kernel of ``out = dz W^T`` for rows of out (M, columns): dz as the tape holds it, W transposed in blocks.

    The last blocks have C vectors, and ``remainder`` columns.
    """
    B, V, w, panel = geometry.B, geometry.V, geometry.w, 4 * geometry.V

    def gate_product_loop(
        dz,  # the tape's panels
        W,  # (columns, 4H), transposed in blocks
        out,  # (M, columns), written; no other array
        H, lanes, blocks, panel_stride,  # units, lanes of the last panel, full blocks, elements between panels of dz
        t0, t1, m0, m1,  # rows m0 .. m1 of the runs t0 .. t1
        first, run, out_first, out_run,  # run t begins with row first + t * run of dz, out_first + t * out_run of out
    ):  # fmt: skip
        columns = out.shape[1]
        whole, rest, K = H // V, H % V, 4 * H
        dz_, W_, o_ = data(dz), data(W), data(out)
        in_vectors = blocks + (1 if C > 0 else 0)
        for q in range(in_vectors + (1 if remainder > 0 else 0)):
            column = q * w if q < in_vectors else blocks * w + C * V
            for t in range(t0, t1):
                m, tiles = m0, (m1 - m0 + TILE_ROWS - 1) // TILE_ROWS
                while m < m1:
                    n, row = tile_height(m1 - m, tiles), first + t * run + m
                    last_at = whole * panel_stride + row * 4 * lanes
                    rows = TapeRows(dz_, row * panel, panel_stride, whole, last_at, lanes, rest)
                    z = Matrix(o_, (out_first + t * out_run + m) * columns + column, columns)
                    if q < blocks:
                        gate_rows(n, B, B, B, V, (rows, Transposed(W_, column * K, K), z, 1))
                    elif q < in_vectors:
                        gate_rows(n, C, C, C, V, (rows, Transposed(W_, column * K, K), z, 1))
                    else:
                        remainder_columns(n, remainder, remainder, B, V, (rows, W_, column * K, z))
                    m += n
                    tiles -= 1

    return kernel(
        gate_product_loop, f"gate_product_{geometry.dtype}x{V}_{C}_{remainder}", NUMBA[geometry.dtype], "f1 f1 f2" + 12 * " i"
    )


def gate_product_tasks(
    dz: Any,
    W: Any,
    out: npt.NDArray[Any],
    geometry: VectorGeometry,
    layout: PanelLayout,
    outputs: ColumnLayout,
    panel_stride: int,
    groups: Sequence[Group] = (),
) -> list[Task]:
    """What makes ``dz W^T`` in out (M, padded): dz as the tape holds it, in groups, W transposed in blocks ``to`` columns."""
    M = len(out)
    run, sizes = gate_product(geometry, outputs.C, outputs.remainder), (layout.H, layout.lanes, outputs.full, panel_stride)
    splits = thread_pool.num_splits(M * outputs.n * layout.gates, M)
    if len(groups) <= 1:
        return [parallel_for(M, splits, lambda _, rows: KernelCall(run, dz, W, out, *sizes, 0, 1, *rows, 0, 0, 0, 0))]
    per_group, calls = splits_per_group(splits, groups), []
    for group in groups:
        T, rows, begins = group.size.T, group.rows, (group.begins, group.rows, group.first, group.size.N)
        for split in range(per_group):
            steps = partition(T, split, per_group) if per_group <= T else (0, T)
            rows_ = (0, rows) if per_group <= T else partition(rows, split, per_group)
            calls.append(KernelCall(run, dz, W, out, *sizes, *steps, *rows_, *begins))
    return [ParallelFor(calls)] if splits > 1 else [*calls]
