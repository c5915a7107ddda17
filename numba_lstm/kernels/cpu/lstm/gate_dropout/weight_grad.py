"""Gradients of weights with dropout factors per gate (recurrent dropout), which are the same at every step.

``dW_k = (a * factors_k)^T dz_k`` for each gate k. A tile holds the vectors of one gate in neighbouring panels, so that it reads
one element of a for all of them, as without factors. The rows of a are packed once; each gate multiplies them by its packed
factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMNoise
from ...arrays.copy_tasks import contiguous
from ...compiler.jit import inlined, kernel
from ...gemm.backward import outer_rows
from ...gemm.batch_groups import Group
from ...gemm.layout import NUMBA, PanelLayout, VectorGeometry
from ...gemm.microkernel import TILE_ROWS, tile_height
from ...gemm.operands import Blocks, Matrix
from ...gemm.pack_rows import SPARE, Runs, pack_rows
from ...gemm.weight_grad import MAX_PACKED_COLUMNS, gate_gradient
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import aligned
from ...runtime.task import KernelCall, parallel_for
from ...simd.vector import data, load, offset, store

Array = npt.NDArray[Any]

#: Rows that a tile adds before it stores its sums: of each row it reads half a cache line of two panels, 128 bytes.
CHAIN = 128


@inlined
def multiply(packed, dropout_factors, at, row, N, k0, k1, steps, product, V):
    """Multiply columns k0 .. k1 of ``steps`` packed rows by the packed factors of N rows, cyclically from ``row`` on.

    It stores whole vectors; the next ones overwrite the excess.
    """
    k, tiles = k0, (k1 - k0 + TILE_ROWS - 1) // TILE_ROWS
    while k < k1:
        n = tile_height(k1 - k, tiles)
        to, from_, m, first = (k - k0) * steps, at + (k - k0) * N, 0, row
        while m < steps:
            rows = min(N - first, steps - m)
            for j in range(0, rows * n, V):
                factors = load(dropout_factors, from_ + first * n + j, V)
                store(product, to + m * n + j, load(packed, to + m * n + j, V) * factors)
            m, first = m + rows, 0
        k += n
        tiles -= 1


@cache
def _pack_dropout_factors(geometry: VectorGeometry) -> Any:
    """Return the kernel that packs the factors of all gates as tiles, as :func:`.pack_rows` packs N rows."""
    V, copied = geometry.V, -(-TILE_ROWS // geometry.V) * geometry.V

    def pack_dropout_factors(dropout_factors, packed):
        N, K = dropout_factors.shape[1], dropout_factors.shape[2]
        for gate in range(COUNT):
            for k0 in range(0, K, MAX_PACKED_COLUMNS):
                to, k1 = offset(data(packed), (gate * K + k0) * N), min(K, k0 + MAX_PACKED_COLUMNS)
                pack_rows(Runs(data(dropout_factors), gate * N * K, K, N, 0, COUNT * N * K), 0, N, k0, k1, to, copied, V)

    return kernel(pack_dropout_factors, f"pack_dropout_factors_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "f3 f1")


@cache
def _per_gate_columns(geometry: VectorGeometry) -> Any:
    """Return the kernel of panels p0 .. p1 of all gates."""
    V, B, panel, copied = geometry.V, geometry.B, COUNT * geometry.V, -(-TILE_ROWS // geometry.V) * geometry.V

    def per_gate_columns(
        a,  # (M, K), any stride of the rows
        dz,  # the tape's panels
        dropout_factors, N,  # the factors of N rows, packed; they repeat every N rows of a
        packed, sums,  # scratch: packed columns of a and their products with factors; sums (K, 4 V) of a panel with padding
        out,  # (K, 4H): holds the partial sums of the other panels; no other array
        H, full, lanes, panel_stride,  # units, full panels, lanes of the last panel, elements between panels of dz
        p0, p1,  # panels
    ):  # fmt: skip
        M, K = a.shape[0], out.shape[0]
        a_rows, out_rows, whole = a.strides[0] // a.itemsize, COUNT * H, H // V
        a_, d_, s_, o_ = data(a), data(dz), data(sums), data(out)
        plain_, p_, f_ = data(packed[0]), data(packed[1]), data(dropout_factors)
        for m in range(0, M, CHAIN):
            steps, first = min(CHAIN, M - m), 1 if m == 0 else 0
            for k0 in range(0, K, MAX_PACKED_COLUMNS):
                k1 = min(K, k0 + MAX_PACKED_COLUMNS)
                pack_rows(Runs(a_, 0, a_rows, M, 0, (M - 1) * a_rows + K), m, steps, k0, k1, plain_, copied, V)
                for gate in range(COUNT):
                    multiply(plain_, f_, (gate * K + k0) * N, m % N, N, k0, k1, steps, p_, V)
                    p = p0
                    while p < p1:
                        k, tiles = k0, (k1 - k0 + TILE_ROWS - 1) // TILE_ROWS
                        full_block = p + B <= min(p1, whole)
                        dz_rows = panel if p < full else COUNT * lanes
                        at = p * panel_stride + m * dz_rows + gate * (dz_rows // COUNT)
                        while k < k1:
                            n = tile_height(k1 - k, tiles)
                            if p < whole:
                                z_, to, rows = o_, k * out_rows + gate * H + p * V, out_rows
                            else:
                                z_, to, rows = s_, k * panel + gate * V, panel
                            columns, sums_ = Matrix(p_, (k - k0) * steps, n), Blocks(z_, to, rows, V)
                            if full_block:
                                outer_rows(n, B, B, 1, V, (columns, Blocks(d_, at, panel, panel_stride), steps, sums_, first))
                            else:
                                outer_rows(n, 1, 1, 1, V, (columns, Blocks(d_, at, dz_rows, 0), steps, sums_, first))
                            k += n
                            tiles -= 1
                        p += B if full_block else 1
        if p1 > whole:
            for k in range(K):
                for gate in range(COUNT):
                    for lane in range(H - whole * V):
                        out[k, gate * H + whole * V + lane] = sums[k * panel + gate * V + lane]

    name = f"per_gate_columns_{geometry.dtype}x{V}"
    return kernel(per_gate_columns, name, NUMBA[geometry.dtype], "x2 f1 f1 i f2 f1 f2 i i i i i i")


def per_gate_gradient(
    a: Array, dropout_factors: Array, dz: Array, geometry: VectorGeometry, layout: PanelLayout, panel_stride: int
) -> Array:
    """Return ``(a * dropout_factors)^T dz`` (K, 4H) for rows a (M, K), and dz as the tape holds it.

    ``dropout_factors`` (4, N, K) apply to each N rows.
    """
    (M, K), N = a.shape, dropout_factors.shape[1]
    out = aligned((K, COUNT * layout.H), a.dtype)
    tiles = aligned((dropout_factors.size + SPARE,), a.dtype)
    run_eagerly([KernelCall(_pack_dropout_factors(geometry), contiguous(dropout_factors), tiles)])
    run = _per_gate_columns(geometry)
    num_panels = layout.full + (layout.v > 0)
    splits = thread_pool.num_splits(M * K * layout.gates, num_panels)

    def call(_: int, panels: tuple[int, int]) -> KernelCall:
        packed = aligned((2, min(M, CHAIN) * min(K, MAX_PACKED_COLUMNS) + SPARE), a.dtype)
        sums = aligned((K * COUNT * geometry.V if layout.rest else 0,), a.dtype)
        return KernelCall(run, a, dz, tiles, N, packed, sums, out, layout.H, layout.full, layout.lanes, panel_stride, *panels)

    run_eagerly([parallel_for(num_panels, splits, call)])
    return out


def weight_gradients(
    rows: Array,
    D: int,
    dz: Array,
    noise: LSTMNoise,
    tape_layout: tuple[VectorGeometry, PanelLayout, int],
    groups: Sequence[Group],
) -> tuple[Array, Array, Array]:
    """Return dU, dW and db for rows ``[h | x | 1]`` in groups; one product computes all three without factors per gate."""
    _, layout, _ = tape_layout
    h, x1, x = rows[:, : layout.H], rows[:, layout.padded : layout.padded + D + 1], rows[:, layout.padded : layout.padded + D]
    if noise.inputs is None and noise.recurrent is None:
        return split_gradients(gate_gradient(rows[:, : layout.padded + D + 1], dz, *tape_layout, groups), layout)
    if noise.recurrent is None:
        dU = gate_gradient(h, dz, *tape_layout)
    else:
        dU = per_gate_gradient(h, noise.recurrent, dz, *tape_layout)
    if noise.inputs is None:
        dW1 = gate_gradient(x1, dz, *tape_layout)
        return dU, dW1[:-1], dW1[-1]
    return dU, per_gate_gradient(x, noise.inputs, dz, *tape_layout), gate_gradient(x1[:, D:], dz, *tape_layout)[0]


def split_gradients(all_: Array, layout: PanelLayout) -> tuple[Array, Array, Array]:
    """Return dU, dW and db from the product of rows ``[h | x | 1]`` with dz."""
    return all_[: layout.H], all_[layout.padded : -1], all_[-1]
