"""Gradients of convolution kernels: ``x^T dz`` for each tap, summed over the rows in their order."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.backward import outer_rows
from ..gemm.layout import NUMBA, ColumnLayout, VectorGeometry
from ..gemm.microkernel import TILE_ROWS, tile_height
from ..gemm.operands import Blocks, Matrix
from ..runtime import thread_pool
from ..runtime.memory import aligned
from ..runtime.task import KernelCall, Task, parallel_for
from ..simd.vector import data
from .geometry import Rows, Taps
from .products import first_element

Array = npt.NDArray[Any]

#: Rows that a tile adds before it stores its sums. The rows of dz for a block of columns stay in the L1 cache while all taps
#: are multiplied by them.
CHAIN = 96


@cache
def _tap_gradient(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of rows k0 .. k1 of ``out = sum over rows of x^T dz``: all blocks of columns, C vectors in the last."""
    V, B, w = geometry.V, geometry.B, geometry.w

    def tap_gradient(
        x,  # the first element of the first row
        dz,  # rows
        out,  # (taps * terms, columns of dz): rows k0 .. k1 are written
        blocks, terms, n2, x1, x2,  # full blocks, and the taps in x
        outers, size2, inners, xa, xb, xc,  # rows (a, b, c) of x: numbers a * size2 + b, and c
        za, zb, zc,  # the rows of dz for them
        k0, k1,  # the rows of out
    ):  # fmt: skip
        columns = out.shape[1]
        x_, d_, o_ = data(x), data(dz), data(out)
        for q in range(blocks + (1 if C > 0 else 0)):
            for outer in range(outers):
                at, row = outer // size2 * xa + outer % size2 * xb, outer // size2 * za + outer % size2 * zb
                for c in range(0, inners, CHAIN):
                    steps, k = min(CHAIN, inners - c), k0
                    dz_rows = Blocks(d_, (row + c * zc) * columns + q * w, zc * columns, 0)
                    while k < k1:
                        tap, left = k // terms, min(k1 - k, terms - k % terms)
                        n = tile_height(left, (left + TILE_ROWS - 1) // TILE_ROWS)
                        first = at + c * xc + tap // n2 * x1 + tap % n2 * x2 + k % terms
                        arguments = (
                            Matrix(x_, first, xc), dz_rows, steps,
                            Blocks(o_, k * columns + q * w, columns, V), 1 if outer + c == 0 else 0,
                        )  # fmt: skip
                        if q < blocks:
                            outer_rows(n, B, B, B, V, arguments)
                        else:
                            outer_rows(n, C, C, C, V, arguments)
                        k += n

    name = f"tap_gradient_{geometry.dtype}x{V}_{C}"
    return kernel(tap_gradient, name, NUMBA[geometry.dtype], "x1 f2 f2" + 16 * " i")


def tap_gradient(
    x: Array, dz: Array, taps: Taps, rows: Rows, layout: ColumnLayout, geometry: VectorGeometry
) -> tuple[Array, Task]:
    """Return the gradient (taps * terms, padded) of the weights, for rows dz (M, padded), and the task that computes it."""
    K, (a, b, c) = taps.sizes[0] * taps.sizes[1] * taps.terms, rows.sizes
    out, run = aligned((K, dz.shape[1]), dz.dtype), _tap_gradient(geometry, layout.C)
    fixed = layout.full, taps.terms, taps.sizes[1], *taps.x, a * b, b, c, *rows.x, *rows.out

    def call(_: int, range_: tuple[int, int]) -> KernelCall:
        return KernelCall(run, first_element(x), dz, out, *fixed, *range_, references=x)

    splits = thread_pool.num_splits(a * b * c * K * layout.n, -(-K // TILE_ROWS))
    return out, parallel_for(K, splits, call)
