"""Gradients of weights: ``a^T dz`` over all steps, split so that threads never share a sum.

The order of each sum depends on shapes alone: chains of ``CHAIN`` rows of the tape, one after another, in each of its groups
(:mod:`.groups`), then the sum of the groups. Where there are several, a thread reads what it has written itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy.typing as npt

from ....gates import COUNT
from ..compiler.cpu_info import HOST
from ..compiler.jit import inlined, kernel
from ..runtime import thread_pool
from ..runtime.deferred_array import DeferredArray
from ..runtime.memory import aligned, together
from ..runtime.task import KernelCall, ParallelFor, partition
from ..simd.vector import data, load, offset, store
from .backward import outer_rows, outer_rows_that_ask
from .batch_groups import Group, parts_of_each
from .layout import NUMBA, Panels, Shape, columns
from .microkernel import HEIGHT, height

Array = npt.NDArray[Any]

#: Rows that a tile adds before its sums go to memory, and columns of a that are packed together: 128 KB in float32, or 256.
CHAIN = 512
WIDE = 120 if HOST.wide else 60

#: Whether tiles ask for what comes next of dz and of the sums. With vectors of 32 bytes the backward pass took 0.99 to 1.02
#: times as long by it.
ASKING = HOST.wide

#: Elements to spare behind packed columns: vectors are copied that hold a tile's row of ``HEIGHT``.
SPARE = 16


@inlined
def pack_rows(a, at, a_rows, run, runs_apart, m0, end, steps, k0, k1, packed, wide, V):
    """Columns k0 .. k1 of ``steps`` rows of a from row m0 on, as tiles: for each tile its n columns, row after row.

    Rows come in runs of ``run``, which begin ``runs_apart`` elements from each other, the first at ``at``; a ends at ``end``.
    ``wide`` elements are copied at once, whole vectors, and the next row overwrites what was too much.
    """
    k, tiles = k0, (k1 - k0 + HEIGHT - 1) // HEIGHT
    while k < k1:
        n = height(k1 - k, tiles)
        to = (k - k0) * steps
        m, row = 0, m0 % run
        begins = at + m0 // run * runs_apart + k
        while m < steps:
            first = begins + row * a_rows
            rows = min(run - row, steps - m)
            inside = rows
            if first + (rows - 1) * a_rows + wide > end:
                inside = max(0, (end - wide - first) // a_rows + 1)
            for i in range(inside):
                for j in range(0, wide, V):
                    store(packed, to + (m + i) * n + j, load(a, first + i * a_rows + j, V))
            for i in range(inside, rows):
                for j in range(n):
                    packed[to + (m + i) * n + j] = a[first + i * a_rows + j]
            m, row, begins = m + rows, 0, begins + runs_apart
        k += n
        tiles -= 1


@cache
def _gate_columns(shape: Shape, C: int) -> Any:
    """Blocks q0 .. q1 of rows k_first .. k_last of ``a^T dz`` for dz as the tape holds it, C vectors in the tail's block.

    M rows of both go by: of a in runs, see :func:`pack_rows`, the first of which begins with row ``a_first``; of dz from row
    ``dz_first`` on.

    A part of a, ``CHAIN`` rows by ``WIDE`` columns, is packed tile by tile and stays in the second-level cache while all blocks
    of dz meet it. Sums are in their places in ``out`` all the time, but those of a panel with padding, which wait in ``sums``.
    """
    V, G, B, w, panel = shape.V, shape.G, shape.B, shape.w, COUNT * shape.V
    v, copied, asking = C * V // COUNT, -(-HEIGHT // V) * V, ASKING

    def gate_columns(a, dz, packed, sums, out, H, full, panels, q0, q1, k_first, k_last, M, run, runs_apart, a_first, dz_first):
        K = out.shape[0]
        a_rows, out_rows, whole = a.strides[0] // a.itemsize, COUNT * H, H // V
        end = (a.shape[0] - 1) * a_rows + K
        a_, d_, p_, s_, o_ = data(a), data(dz), data(packed), data(sums), data(out)
        for m in range(0, M, CHAIN):
            steps = min(CHAIN, M - m)
            for k0 in range(k_first, k_last, WIDE):
                k1 = min(k_last, k0 + WIDE)
                pack_rows(a_, a_first * a_rows, a_rows, run, runs_apart, m, end, steps, k0, k1, p_, copied, V)
                for q in range(q0, q1):
                    p, g = q // G, q % G
                    # what comes next of dz: of the same rows, or of the next ones
                    block, row = (q + 1 if q + 1 < q1 else q0), m if q + 1 < q1 or k1 < k_last else m + steps
                    following = block // G * panels
                    following += (dz_first + row) * panel + block % G * w if block // G < full else (dz_first + row) * COUNT * v
                    k, all_tiles = k0, (k1 - k0 + HEIGHT - 1) // HEIGHT
                    tiles = all_tiles
                    while k < k1:
                        n = height(k1 - k, tiles)
                        if p < whole:
                            z_, to, rows, vectors = o_, k * out_rows + g * B * H + p * V, out_rows, H
                        else:
                            z_, to, rows, vectors = s_, (k * G + g) * w, G * w, V
                        dz_rows = panel if p < full else COUNT * v
                        at = p * panels + (dz_first + m) * dz_rows + g * w
                        from_, first = (k - k0) * steps, 1 if m == 0 else 0
                        arguments = (p_, from_, n, d_, at, dz_rows, 0, steps, z_, to, rows, vectors, first)
                        if p < full and asking:
                            outer_rows_that_ask(n, B, B, B, V, (following, all_tiles - tiles, all_tiles, *arguments))
                        elif p < full:
                            outer_rows(n, B, B, B, V, arguments)
                        else:
                            outer_rows(n, C, C, C, V, arguments)
                        k += n
                        tiles -= 1
        for q in range(max(q0, whole * G), q1):
            lanes, first, gates = (V, q % G * B, B) if q // G < full else (v, 0, COUNT)
            for k in range(k_first, k_last):
                for c in range(gates):
                    for lane in range(H - whole * V):
                        out[k, (first + c) * H + whole * V + lane] = sums[k * G * w + first * V + c * lanes + lane]

    name = f"gate_columns_{shape.dtype}x{V}_{C}"
    return kernel(gate_columns, name, NUMBA[shape.dtype], "x2 f1 f1 f1 f2" + 12 * " i")


@cache
def _total(dtype: str) -> Any:
    def total(more, out):
        o_ = data(out)
        for g in range(more.shape[0]):
            m_ = offset(data(more), g * out.size)
            for i in range(out.size):
                o_[i] += m_[i]

    return kernel(total, f"total_{dtype}", NUMBA[dtype], "f3 f2")


def gate_gradient(a: Array, dz: Array, shape: Shape, cut: Panels, stride: int, of_rows: Sequence[Group] = ()) -> DeferredArray:
    """``a^T dz`` (K, 4H) for rows a (M, K) and dz as the tape holds it, in groups of rows, panels ``stride`` apart."""
    M, K = a.shape
    out, more = together(a.dtype, (K, COUNT * cut.H), (max(0, len(of_rows) - 1), K, COUNT * cut.H))
    run, row = _gate_columns(shape, cut.C), a.strides[0] // a.itemsize
    each = [(M, M, 0, 0, 0)]
    if len(of_rows) > 1:
        each = [(group.rows * group.size.T, group.rows, group.size.N * row, group.first, group.begins) for group in of_rows]
    parts = thread_pool.num_splits(M * K * cut.gates, COUNT * cut.H * K)
    spans = _spans(cut, shape, K, parts_of_each(parts, of_rows))
    calls = []
    for into, rows in zip([out, *more], each, strict=True):
        for span_ in spans:
            scratch = (min(rows[0], CHAIN) * min(K, WIDE) + SPARE,), (K * COUNT * shape.V if cut.rest else 0,)
            own = together(a.dtype, *scratch)
            calls.append(KernelCall(run, a, dz, *own, into, cut.H, cut.full, stride, *span_, *rows))
    sums = (KernelCall(_total(shape.dtype), more, out),) if len(more) else ()
    return DeferredArray(out, (*((ParallelFor(calls),) if parts > 1 and len(calls) > 1 else calls), *sums))


def _spans(cut: Panels, shape: Shape, K: int, parts: int) -> list[tuple[int, int, int, int]]:
    """``(first block, last, first row, last)`` of so many parts, or fewer, of the gradients (K, 4H).

    Threads have whole rows of blocks, where they come out even: three blocks are cut along K, for two threads.
    """
    blocks = cut.full * shape.G + (cut.v > 0)
    widths = [shape.B] * (cut.full * shape.G) + [-(-COUNT * cut.v // shape.V)] * (cut.v > 0)

    def share(across: int) -> float:
        """What of all the slowest has where the blocks are cut in so many, and K in what that leaves of the parts."""
        most = max(sum(widths[slice(*partition(blocks, i, across))]) for i in range(across))
        return most / sum(widths) * max(-(-K // (parts // across)), HEIGHT) / K

    ways: list[int] = []
    while not ways:
        ways = [n for n in range(1, min(parts, blocks) + 1) if parts % n == 0 and parts // n <= max(1, K // HEIGHT)]
        parts -= 0 if ways else 1
    across = min(reversed(ways), key=share)
    down = parts // across
    return [(*partition(blocks, i, across), *partition(K, j, down)) for i in range(across) for j in range(down)]


@cache
def _plain_columns(shape: Shape, C: int) -> Any:
    """``out = a^T dz`` for plain rows: all blocks of columns, C vectors in the last."""
    V, B, w = shape.V, shape.B, shape.w

    def plain_columns(a, dz, out, blocks):
        M, K, columns = a.shape[0], out.shape[0], out.shape[1]
        a_rows = a.strides[0] // a.itemsize
        a_, d_, o_ = data(a), data(dz), data(out)
        for q in range(blocks + (1 if C > 0 else 0)):
            for m in range(0, M, CHAIN):
                k, tiles, steps = 0, (K + HEIGHT - 1) // HEIGHT, min(CHAIN, M - m)
                while k < K:
                    n = height(K - k, tiles)
                    arguments = (
                        a_, m * a_rows + k, a_rows, d_, m * columns + q * w, columns, 0, steps,
                        o_, k * columns + q * w, columns, V, 1 if m == 0 else 0,
                    )  # fmt: skip
                    if q < blocks:
                        outer_rows(n, B, B, B, V, arguments)
                    else:
                        outer_rows(n, C, C, C, V, arguments)
                    k += n
                    tiles -= 1

    return kernel(plain_columns, f"plain_columns_{shape.dtype}x{V}_{C}", NUMBA[shape.dtype], "x2 f2 f2 i")


def plain_gradient(a: Array, dz: Array, C: int, shape: Shape) -> DeferredArray:
    """``a^T dz`` (K, C) for rows a (M, K) and rows dz (M, padded)."""
    out, cut = aligned((a.shape[1], dz.shape[1]), a.dtype), columns(C, shape)
    return DeferredArray(out[:, :C], (KernelCall(_plain_columns(shape, cut.C), a, dz, out, cut.full),))
