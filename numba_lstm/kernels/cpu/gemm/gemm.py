"""Products of all rows of a batch with packed weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy.typing as npt

from ..compiler.cpu_info import HOST
from ..compiler.jit import kernel
from ..runtime import thread_pool
from ..runtime.strides import distances
from ..runtime.task import KernelCall, ParallelFor, Task, parallel_for, partition
from ..simd.vector import data
from .backward import gate_rows, single_columns
from .batch_groups import Group, parts_of_each
from .forward import affine_rows, affine_rows_that_ask
from .layout import NUMBA, Columns, Panels, Shape
from .microkernel import HEIGHT, height

Product = Callable[[npt.NDArray[Any]], Task]

#: Bytes of weights from which on tiles ask for them before they need them. Processors with vectors of 64 bytes have large
#: second-level caches, and third ones so far away that a core reads them at a fifth of its speed: 30 GB/s of 140.
VERY_FAR = (1280 if HOST.wide else 4096) * 1024


@cache
def affine(shape: Shape, C: int, far: bool = False) -> Any:
    """``out = b + x W``: W in blocks, C vectors in the last. Rows are (outer, inner) pairs, tiles run along inner.

    x and out are told apart by what a step along outer and inner is in each, so that views need no copy: see :func:`runs`.
    Of weights that are ``far`` each tile asks for its share of the next block.
    """
    B, V, w, chunk = shape.B, shape.V, shape.w, shape.chunk

    def affine_product(x, W, b, out, blocks, D, x_outer, x_inner, out_outer, out_inner, outer0, outer1, inner0, inner1):
        x_, W_, b_, o_ = data(x), data(W), data(b), data(out)
        for q in range(blocks + (1 if C > 0 else 0)):
            block = w if q < blocks else C * V
            for outer in range(outer0, outer1):
                for k in range(0, D, chunk):
                    inner, tiles, terms = inner0, (inner1 - inner0 + HEIGHT - 1) // HEIGHT, min(chunk, D - k)
                    all_tiles, number = tiles * (outer1 - outer0), tiles * (outer - outer0)
                    while inner < inner1:
                        n = height(inner1 - inner, tiles)
                        to = outer * out_outer + inner * out_inner + q * w
                        arguments = (
                            b_ if k == 0 else o_, q * w if k == 0 else to, 0 if k == 0 else out_inner,
                            x_, outer * x_outer + inner * x_inner + k, x_inner, terms, W_, q * w * D + k * block, 0,
                            o_, to, out_inner,
                        )  # fmt: skip
                        if q < blocks and far:
                            beyond = w * D if q + 1 < blocks else 0
                            affine_rows_that_ask(n, B, B, B, V, (beyond, number, all_tiles, *arguments))
                        elif q < blocks:
                            affine_rows(n, B, B, B, V, arguments)
                        else:
                            affine_rows(n, C, C, C, V, arguments)
                        inner += n
                        tiles -= 1
                        number += 1

    return kernel(affine_product, f"affine_{shape.dtype}x{V}_{C}{int(far)}", NUMBA[shape.dtype], "x3 f1 f1 f2" + 10 * " i")


def runs(x: npt.NDArray[Any], columns: int) -> tuple[int, int, int, int, int, int]:
    """``(outer, inner, x_outer, x_inner, out_outer, out_inner)``: the longest even runs of rows of x (T, N, D).

    ``out`` is (T * N, columns). Steps that follow on are one run; else the runs go along the longer of N and T.
    """
    T, N, _ = x.shape
    steps, rows, _ = distances(x)
    if T == 1 or N == 1 or steps == N * rows:
        return 1, T * N, 0, steps if N == 1 else rows, 0, columns
    if N >= T:
        return T, N, steps, rows, N * columns, columns
    return N, T, rows, steps, columns, N * columns


def product_like(kernel_: Any, like: npt.NDArray[Any], W: Any, b: Any, out: npt.NDArray[Any], blocks: int) -> Product:
    """An :func:`affine` kernel over all rows of an x (T, N, D) that lies ``like`` this one, in parts if worth it."""
    outer, inner, *steps = runs(like, out.shape[1])
    D, (M, columns) = like.shape[2], out.shape
    along = inner if outer == 1 else outer

    def of(x: npt.NDArray[Any]) -> Task:
        def call(_: int, span: tuple[int, int]) -> KernelCall:
            ranges = (0, 1, *span) if outer == 1 else (*span, 0, inner)
            return KernelCall(kernel_, x, W, b, out, blocks, D, *steps, *ranges)

        return parallel_for(along, thread_pool.num_splits(M * D * columns, along), call)

    return of


@cache
def through_gates(shape: Shape, C: int, few: int) -> Any:
    """``out = dz W^T`` for rows of out (M, columns): dz as the tape holds it, W transposed in blocks.

    The last blocks have C vectors, and ``few`` single columns. Rows come in runs t0 .. t1, of each of which m0 .. m1 are done.
    Run t begins with row ``first + t * run`` of dz and ``out_first + t * out_run`` of out.
    """
    B, V, w, panel = shape.B, shape.V, shape.w, 4 * shape.V

    def through_gates_product(dz, W, out, H, lanes, blocks, panels, t0, t1, m0, m1, first, run, out_first, out_run):
        columns = out.shape[1]
        whole, rest, K = H // V, H % V, 4 * H
        dz_, W_, o_ = data(dz), data(W), data(out)
        in_vectors = blocks + (1 if C > 0 else 0)
        for q in range(in_vectors + (1 if few > 0 else 0)):
            column = q * w if q < in_vectors else blocks * w + C * V
            for t in range(t0, t1):
                m, tiles = m0, (m1 - m0 + HEIGHT - 1) // HEIGHT
                while m < m1:
                    n, row = height(m1 - m, tiles), first + t * run + m
                    arguments = (
                        dz_, row * panel, panels, whole, whole * panels + row * 4 * lanes, lanes, rest, W_, column * K,
                    )  # fmt: skip
                    z = (o_, (out_first + t * out_run + m) * columns + column, columns)
                    if q < blocks:
                        gate_rows(n, B, B, B, V, arguments + (K,) + z + (1,))
                    elif q < in_vectors:
                        gate_rows(n, C, C, C, V, arguments + (K,) + z + (1,))
                    else:
                        single_columns(n, few, few, B, V, arguments + z)
                    m += n
                    tiles -= 1

    return kernel(
        through_gates_product, f"through_gates_{shape.dtype}x{V}_{C}_{few}", NUMBA[shape.dtype], "f1 f1 f2" + 12 * " i"
    )


def through_gates_tasks(
    dz: Any, W: Any, out: npt.NDArray[Any], shape: Shape, cut: Panels, to: Columns, apart: int, of_rows: Sequence[Group] = ()
) -> list[Task]:
    """What makes ``dz W^T`` in out (M, padded): dz as the tape holds it, in groups, W transposed in blocks ``to`` columns."""
    M = len(out)
    run, how = through_gates(shape, to.C, to.few), (cut.H, cut.lanes, to.full, apart)
    parts = thread_pool.num_splits(M * to.n * cut.gates, M)
    if len(of_rows) <= 1:
        return [parallel_for(M, parts, lambda _, rows: KernelCall(run, dz, W, out, *how, 0, 1, *rows, 0, 0, 0, 0))]
    each, calls = parts_of_each(parts, of_rows), []
    for group in of_rows:
        T, rows, places = group.size.T, group.rows, (group.begins, group.rows, group.first, group.size.N)
        for part in range(each):
            of_part = (*partition(T, part, each), 0, rows) if each <= T else (0, T, *partition(rows, part, each))
            calls.append(KernelCall(run, dz, W, out, *how, *of_part, *places))
    return [ParallelFor(calls)] if parts > 1 else [*calls]
