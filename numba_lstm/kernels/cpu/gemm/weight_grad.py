"""Gradients of weights: ``a^T dz`` over all steps, split so that no two threads add to the same sum.

The order of each sum depends on shapes alone: partial sums of ``CHAIN`` rows of the tape, one after another, in each of the
groups (:mod:`.batch_groups`), then the sum of the groups. With several groups a thread reads the rows that it has written.

A kernel packs ``CHAIN`` rows by ``MAX_PACKED_COLUMNS`` columns of a at a time, tile by tile (:mod:`.pack_rows`), which stay in
the L2 cache while all blocks of dz are multiplied by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy.typing as npt

from ....gates import COUNT
from ..compiler.cpu_info import HOST
from ..compiler.jit import kernel
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, allocate_slab
from ..runtime.task import KernelCall, ParallelFor, partition
from ..simd.vector import data, offset
from .backward import outer_rows, outer_rows_prefetch_shared
from .batch_groups import Group, splits_per_group
from .layout import NUMBA, PanelLayout, VectorGeometry, column_layout
from .microkernel import TILE_ROWS, tile_height
from .operands import Blocks, Matrix
from .pack_rows import SPARE, Runs, pack_rows, store_units

Array = npt.NDArray[Any]

#: Rows that a tile adds before it stores its sums, and columns of a that are packed at a time: 128 KB in float32, or 256.
CHAIN = 512
MAX_PACKED_COLUMNS = 120 if HOST.wide else 60

#: Whether tiles prefetch the next rows of dz and of the sums. With vectors of 32 bytes the backward pass took 0.99 to 1.02
#: times as long with it.
PREFETCH = HOST.wide


@cache
def _gate_columns(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of blocks q0 .. q1 of rows k_first .. k_last of ``a^T dz``. The tail's block has C vectors."""
    V, G, B, w, panel = geometry.V, geometry.G, geometry.B, geometry.w, COUNT * geometry.V
    v, copied, prefetching = C * V // COUNT, -(-TILE_ROWS // V) * V, PREFETCH

    def gate_columns(
        a,  # (rows, K), any stride of the rows
        dz,  # the tape's panels
        packed, sums,  # scratch: packed columns of a, and partial sums (K, 4 V) of a panel with padding
        out,  # (K, 4H): holds the partial sums of the other panels; no other array
        H, full, panel_stride,  # units, full panels, elements between panels of dz
        q0, q1, k_first, k_last,  # blocks of columns, and rows of out
        M, run, run_stride,  # rows to sum over, which come in runs of ``run`` in a, run_stride elements apart
        a_first, dz_first,  # first row of a and of dz
    ):  # fmt: skip
        K = out.shape[0]
        a_rows, out_rows, whole = a.strides[0] // a.itemsize, COUNT * H, H // V
        end = (a.shape[0] - 1) * a_rows + K
        a_, d_, p_, s_, o_ = data(a), data(dz), data(packed), data(sums), data(out)
        for m in range(0, M, CHAIN):
            steps = min(CHAIN, M - m)
            for k0 in range(k_first, k_last, MAX_PACKED_COLUMNS):
                k1 = min(k_last, k0 + MAX_PACKED_COLUMNS)
                pack_rows(Runs(a_, a_first * a_rows, a_rows, run, run_stride, end), m, steps, k0, k1, p_, copied, V)
                for q in range(q0, q1):
                    p, g = q // G, q % G
                    # the next block of dz, of the same rows or of the next ones
                    block, row = (q + 1 if q + 1 < q1 else q0), m if q + 1 < q1 or k1 < k_last else m + steps
                    next_width, column = (panel, block % G * w) if block // G < full else (COUNT * v, 0)
                    next_dz = block // G * panel_stride + (dz_first + row) * next_width + column
                    k, all_tiles = k0, (k1 - k0 + TILE_ROWS - 1) // TILE_ROWS
                    tiles = all_tiles
                    while k < k1:
                        n = tile_height(k1 - k, tiles)
                        if p < whole:
                            z_, to, rows, vectors = o_, k * out_rows + g * B * H + p * V, out_rows, H
                        else:
                            z_, to, rows, vectors = s_, (k * G + g) * w, G * w, V
                        dz_rows = panel if p < full else COUNT * v
                        at = p * panel_stride + (dz_first + m) * dz_rows + g * w
                        arguments = (
                            Matrix(p_, (k - k0) * steps, n), Blocks(d_, at, dz_rows, 0), steps,
                            Blocks(z_, to, rows, vectors), 1 if m == 0 else 0,
                        )  # fmt: skip
                        if p < full and prefetching:
                            outer_rows_prefetch_shared(n, B, B, B, V, (next_dz, all_tiles - tiles, all_tiles, arguments))
                        elif p < full:
                            outer_rows(n, B, B, B, V, arguments)
                        else:
                            outer_rows(n, C, C, C, V, arguments)
                        k += n
                        tiles -= 1
        for q in range(max(q0, whole * G), q1):
            lanes, first, gates = (V, q % G * B, B) if q // G < full else (v, 0, COUNT)
            for k in range(k_first, k_last):
                store_units(offset(s_, k * G * w + first * V), lanes, offset(o_, k * out_rows + first * H), H, gates, V)

    name = f"gate_columns_{geometry.dtype}x{V}_{C}"
    return kernel(gate_columns, name, NUMBA[geometry.dtype], "x2 f1 f1 f1 f2" + 12 * " i")


@cache
def _total(dtype: str) -> Any:
    def total(more, out):
        o_ = data(out)
        for g in range(more.shape[0]):
            m_ = offset(data(more), g * out.size)
            for i in range(out.size):
                o_[i] += m_[i]

    return kernel(total, f"total_{dtype}", NUMBA[dtype], "f3 f2")


def gate_gradient(
    a: Array, dz: Array, geometry: VectorGeometry, layout: PanelLayout, panel_stride: int, groups: Sequence[Group] = ()
) -> Array:
    """Return ``a^T dz`` (K, 4H) for rows a (M, K) and dz as the tape holds it, in groups, panels ``panel_stride`` apart."""
    M, K = a.shape
    out, more = allocate_slab(a.dtype, (K, COUNT * layout.H), (max(0, len(groups) - 1), K, COUNT * layout.H))
    run, row = _gate_columns(geometry, layout.C), a.strides[0] // a.itemsize
    rows_of_groups = [(M, M, 0, 0, 0)]
    if len(groups) > 1:
        rows_of_groups = [
            (group.rows * group.size.T, group.rows, group.size.N * row, group.first, group.begins) for group in groups
        ]
    splits = thread_pool.num_splits(M * K * layout.gates, COUNT * layout.H * K)
    block_ranges = _block_ranges(layout, geometry, K, splits_per_group(splits, groups))
    calls = []
    for into, rows in zip([out, *more], rows_of_groups, strict=True):
        for block_range in block_ranges:
            scratch = (
                (min(rows[0], CHAIN) * min(K, MAX_PACKED_COLUMNS) + SPARE,),
                (K * COUNT * geometry.V if layout.rest else 0,),
            )
            buffers = allocate_slab(a.dtype, *scratch)
            calls.append(KernelCall(run, a, dz, *buffers, into, layout.H, layout.full, panel_stride, *block_range, *rows))
    sums = (KernelCall(_total(geometry.dtype), more, out),) if len(more) else ()
    run_eagerly([*((ParallelFor(calls),) if splits > 1 and len(calls) > 1 else calls), *sums])
    return out


def _block_ranges(layout: PanelLayout, geometry: VectorGeometry, K: int, splits: int) -> list[tuple[int, int, int, int]]:
    """Return ``(first block, last, first row, last)`` of up to ``splits`` equal shares of the gradients (K, 4H).

    Blocks are split first, and K where blocks do not split evenly: two threads split three blocks along K.
    """
    blocks = layout.full * geometry.G + (layout.v > 0)
    widths = [geometry.B] * (layout.full * geometry.G) + [-(-COUNT * layout.v // geometry.V)] * (layout.v > 0)

    def slowest_share(across: int) -> float:
        """Return the slowest thread's share of the work with ``across`` splits of the blocks and the other splits of K."""
        slowest = max(sum(widths[slice(*partition(blocks, i, across))]) for i in range(across))
        return slowest / sum(widths) * max(-(-K // (splits // across)), TILE_ROWS) / K

    divisors: list[int] = []
    while not divisors:
        divisors = [n for n in range(1, min(splits, blocks) + 1) if splits % n == 0 and splits // n <= max(1, K // TILE_ROWS)]
        splits -= 0 if divisors else 1
    across = min(reversed(divisors), key=slowest_share)
    down = splits // across
    return [(*partition(blocks, i, across), *partition(K, j, down)) for i in range(across) for j in range(down)]


@cache
def _plain_columns(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = a^T dz`` for plain rows: all blocks of columns, C vectors in the last."""
    V, B, w = geometry.V, geometry.B, geometry.w

    def plain_columns(a, dz, out, blocks):
        M, K, columns = a.shape[0], out.shape[0], out.shape[1]
        a_rows = a.strides[0] // a.itemsize
        a_, d_, o_ = data(a), data(dz), data(out)
        for q in range(blocks + (1 if C > 0 else 0)):
            for m in range(0, M, CHAIN):
                k, tiles, steps = 0, (K + TILE_ROWS - 1) // TILE_ROWS, min(CHAIN, M - m)
                while k < K:
                    n = tile_height(K - k, tiles)
                    arguments = (
                        Matrix(a_, m * a_rows + k, a_rows), Blocks(d_, m * columns + q * w, columns, 0), steps,
                        Blocks(o_, k * columns + q * w, columns, V), 1 if m == 0 else 0,
                    )  # fmt: skip
                    if q < blocks:
                        outer_rows(n, B, B, B, V, arguments)
                    else:
                        outer_rows(n, C, C, C, V, arguments)
                    k += n
                    tiles -= 1

    return kernel(plain_columns, f"plain_columns_{geometry.dtype}x{V}_{C}", NUMBA[geometry.dtype], "x2 f2 f2 i")


def plain_gradient(a: Array, dz: Array, C: int, geometry: VectorGeometry) -> Array:
    """Return ``a^T dz`` (K, C) for rows a (M, K) and rows dz (M, padded)."""
    out, layout = aligned((a.shape[1], dz.shape[1]), a.dtype), column_layout(C, geometry)
    run_eagerly([KernelCall(_plain_columns(geometry, layout.C), a, dz, out, layout.full)])
    return out[:, :C]
