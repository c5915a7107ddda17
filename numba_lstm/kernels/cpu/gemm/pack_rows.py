"""Packs columns of rows as tiles for :mod:`.weight_grad`: neighbours in a tile's row are neighbours in memory."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..compiler.jit import inlined
from ..simd.vector import load, store
from .microkernel import TILE_ROWS, tile_height

#: Spare elements after packed columns: packing copies whole vectors that hold a tile's row of ``TILE_ROWS``.
SPARE = 16


class Runs(NamedTuple):
    """Rows of p in runs of ``rows`` rows that are ``row`` elements apart. Runs begin ``stride`` elements apart.

    The first run begins with element ``at``; no element from ``end`` on may be read.
    """

    p: Any
    at: Any
    row: Any
    rows: Any
    stride: Any
    end: Any


@inlined
def pack_rows(runs, m0, steps, k0, k1, packed, copied, V):
    """Pack columns k0 .. k1 of ``steps`` rows from row m0 on as tiles: for each tile its n columns, row after row.

    Each copy has ``copied`` elements, whole vectors, and the next row overwrites the excess.
    """
    a, at, a_rows, run, run_stride, end = runs
    k, tiles = k0, (k1 - k0 + TILE_ROWS - 1) // TILE_ROWS
    while k < k1:
        n = tile_height(k1 - k, tiles)
        to = (k - k0) * steps
        m, row = 0, m0 % run
        begins = at + m0 // run * run_stride + k
        while m < steps:
            first = begins + row * a_rows
            rows = min(run - row, steps - m)
            inside = rows
            if first + (rows - 1) * a_rows + copied > end:
                inside = max(0, (end - copied - first) // a_rows + 1)
            for i in range(inside):
                for j in range(0, copied, V):
                    store(packed, to + (m + i) * n + j, load(a, first + i * a_rows + j, V))
            for i in range(inside, rows):
                for j in range(n):
                    packed[to + (m + i) * n + j] = a[first + i * a_rows + j]
            m, row, begins = m + rows, 0, begins + run_stride
        k += n
        tiles -= 1


@inlined
def store_units(sums, lanes, out, H, gates, V):
    """Store the sums of some gates of a panel with padding, ``lanes`` lanes each, to a row of H units a gate."""
    whole = H // V
    for gate in range(gates):
        for lane in range(H - whole * V):
            out[gate * H + whole * V + lane] = sums[gate * lanes + lane]
