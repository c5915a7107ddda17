"""Gradients of the weights of a GRU or of a simple RNN, and of its input: products over all steps.

The order of each sum depends on shapes alone: ``CHAIN`` rows of the tape at a time, one after another. Threads split the rows
of a gradient, so that each packs its columns of x or h only once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.backward import outer_rows
from ..gemm.layout import NUMBA, VectorGeometry, vector_geometry
from ..gemm.microkernel import TILE_ROWS, tile_height
from ..gemm.operands import Blocks, Matrix
from ..gemm.pack_rows import SPARE, Runs, pack_rows
from ..gemm.weight_grad import MAX_PACKED_COLUMNS
from ..runtime import thread_pool
from ..runtime.memory import aligned
from ..runtime.task import KernelCall, ParallelFor, Task, parallel_for, partition
from ..simd.vector import data, offset
from .layout import CellLayout
from .phases import Factor, Rows, Share, product

Array = npt.NDArray[Any]

#: Rows that a tile adds before it stores its sums.
CHAIN = 128

#: Rows of a product whose operands stay in a near cache while all blocks of weights use them.
PRODUCT_ROWS = 16 * TILE_ROWS


@cache
def _outer_columns(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of rows k_first .. k_last of ``a^T dz``, dz some gates of the tape, C vectors in the last block."""
    V, B, w, copied = geometry.V, geometry.B, geometry.w, -(-TILE_ROWS // geometry.V) * geometry.V

    def rnn_outer_columns(
        a,  # (M, K), any stride of the rows
        dz,  # (M, row), the tape
        packed, ones,  # scratch: packed columns of a, and CHAIN elements
        out,  # (K, gates * padded), written; no other array but bias
        bias,  # (1, gates * padded), written: the sum of dz; or empty
        gates, last, padded, full,  # gates, of which the last one begins with column ``last``; elements, and full blocks
        k_first, k_last,  # rows of out
    ):  # fmt: skip
        (M, K), row, a_row, out_row = a.shape, dz.shape[1], a.strides[0] // a.itemsize, out.strides[0] // out.itemsize
        a_, d_, p_, o_, ones_, b_ = data(a), data(dz), data(packed), data(out), data(ones), data(bias)
        end, has_bias = (M - 1) * a_row + K, len(bias) > 0 and k_first == 0
        if has_bias:
            for i in range(min(M, CHAIN)):
                ones_[i] = 1
        for m in range(0, M, CHAIN):
            steps = min(CHAIN, M - m)
            for k0 in range(k_first, k_last, MAX_PACKED_COLUMNS):
                k1 = min(k_last, k0 + MAX_PACKED_COLUMNS)
                pack_rows(Runs(a_, 0, a_row, M, 0, end), m, steps, k0, k1, p_, copied, V)
                sums = 1 if has_bias and k0 == 0 else 0
                for block in range(gates * (full + (1 if C > 0 else 0))):
                    gate, q = block % gates, block // gates
                    to, column = gate * padded + q * w, (gate * padded if gate < gates - 1 else last) + q * w
                    k, tiles = k0, (k1 - k0 + TILE_ROWS - 1) // TILE_ROWS
                    while k < k1 + sums:  # the tile after the last one is the bias
                        n = tile_height(k1 - k, tiles) if k < k1 else 1
                        rows, target = Matrix(p_, (k - k0) * steps, n), Blocks(o_, k * out_row + to, out_row, V)
                        if k == k1:
                            rows, target = Matrix(ones_, 0, 1), Blocks(b_, to, 0, V)
                        arguments = rows, Blocks(d_, m * row + column, row, 0), steps, target, 1 if m == 0 else 0
                        if q < full:
                            outer_rows(n, B, B, B, V, arguments)
                        else:
                            outer_rows(n, C, C, C, V, arguments)
                        k += n
                        tiles -= 1

    name = f"rnn_outer_columns_{geometry.dtype}x{V}_{C}"
    return kernel(rnn_outer_columns, name, NUMBA[geometry.dtype], "x2 f2 f1 f1 y2 y2" + 6 * " i")


class OuterProduct(NamedTuple):
    """The product ``out = a^T dz`` for gates of the tape that are neighbours, but for the last of them."""

    a: Array  #: (M, K)
    gates: int
    last: int  #: index of the last gate's block in a row of the tape; the others are the first blocks
    out: Array  #: (K, gates * padded)
    bias: Array  #: (1, gates * padded): the sum of dz; or empty


def outer_products(dz: Array, products: list[OuterProduct], layout: CellLayout) -> ParallelFor:
    """Return the task of these products, which threads share."""
    run = _outer_columns(layout.geometry, layout.units.C)
    work = sum(one.a.size * one.gates for one in products) * layout.padded
    return ParallelFor([call for one in products for call in _calls(run, dz, one, layout, work)])


def _calls(run: Any, dz: Array, one: OuterProduct, layout: CellLayout, work: int) -> Iterator[KernelCall]:
    M, K = one.a.shape
    splits = min(thread_pool.num_splits(work, K), max(1, K // TILE_ROWS))
    for index in range(splits):
        first, last = partition(K, index, splits)
        packed = aligned((min(M, CHAIN) * min(last - first, MAX_PACKED_COLUMNS) + SPARE,), dz.dtype)
        ones, sizes = aligned((CHAIN,), dz.dtype), (one.gates, one.last * layout.padded, layout.padded, layout.units.full)
        yield KernelCall(run, one.a, dz, packed, ones, one.out, one.bias, *sizes, first, last)


@cache
def _rows_product(geometry: VectorGeometry) -> Any:
    """Return the kernel of ``out = dz W^T`` for rows m0 .. m1 of the tape, the sum over gates g0 .. g1."""
    V, block = geometry.V, PRODUCT_ROWS

    def rnn_rows_product(
        dz,  # (M, row), the tape
        W,  # the transpose of each gate packed
        zeros,  # (columns), what sums begin with
        out,  # (M, columns), written; no other array
        product_kernel,  # address
        H, padded, full, blocks,  # units, elements of a gate, full blocks and all blocks of out
        gates, g0, g1,  # gates in all, and those of this call
        m0, m1,  # rows
    ):  # fmt: skip
        row, columns = dz.shape[1], out.shape[1]
        for m in range(m0, m1, block):
            share = Share(full, 0, blocks, min(block, m1 - m))
            of_gates = Factor(Rows(offset(data(dz), m * row), row, padded), data(W), len(W) // gates, H)
            target = Rows(offset(data(out), m * columns), columns, 0)
            for gate in range(g0, g1):
                start = Rows(data(zeros), 0, 0) if gate == g0 else target
                product(product_kernel, start, of_gates, H, of_gates, 0, gate, target, share)

    name = f"rnn_rows_product_{geometry.dtype}x{V}"
    return kernel(rnn_rows_product, name, NUMBA[geometry.dtype], "f2 f1 f1 f2" + 10 * " i")


def rows_product(dz: Array, W: Array, zeros: Array, out: Array, kernel_: Any, sizes: tuple[int, ...]) -> Task:
    """Return the task of ``dz W^T``: ``sizes`` are the integers of the kernel before its rows."""
    run = _rows_product(vector_geometry(dz.dtype))
    splits = thread_pool.num_splits(W.size * len(out), len(out))
    return parallel_for(len(out), splits, lambda _, rows: KernelCall(run, dz, W, zeros, out, kernel_, *sizes, *rows))
