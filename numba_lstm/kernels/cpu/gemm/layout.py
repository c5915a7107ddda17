"""Panels: how weights, gates and states are laid out so that i, f, g and o of the same units come out of one tile.

A *panel* is V units (a vector's lanes) by 4 gates. Its 4 V columns are computed in G *blocks* of w = 4 V / G columns: all
at once where registers allow (AVX-512, NEON: G = 1), in two halves i|f and g|o elsewhere. What V does not divide goes to a
narrower last panel, the *tail*, of v = V/4 or V/2 units and a single block, or to a padded panel where that is not enough.

=====================  ====================================================================================
packed W (D, 4H)       per block: D rows of the block's columns; blocks in order, the tail's last
packed U (H, 4H)       the same with H rows
packed b (4H,)         the same with one row
gates of the tape      per panel: T * N rows of 4 V (tail: 4 v), gate-major; one group of rows after another
transposed U, W        per block of w output columns: all 4 H rows in the panels' order
single columns         behind those blocks: for each vector of the rows, that of each column
=====================  ====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import types

from ....gates import COUNT
from ..compiler.cpu_info import HOST

#: Rows of z that wait for one call of a cell, at most: enough for the rows' chains of dependent instructions to overlap.
ROWS = 66

#: Bytes of packed weights that stay in the first-level cache while rows go by.
L1_SHARE = 16 * 1024

#: Bytes of packed weights after which the next rows have their turn. Where a block is four vectors of 64 bytes, ``L1_SHARE`` is
#: 64 terms, too few to make up for a tile's beginning and end, and the second-level cache gives a term's weights in half of its
#: time.
CHUNK_BYTES = 128 * 1024 if HOST.wide else L1_SHARE

NUMBA = {"float32": types.float32, "float64": types.float64}


@dataclass(frozen=True)
class Shape:
    """The vector geometry of a dtype: lanes V, groups G of a panel, vectors B and columns w of a block."""

    dtype: str
    V: int
    G: int

    @property
    def B(self) -> int:
        """Vectors of a block."""
        return COUNT // self.G

    @property
    def w(self) -> int:
        """Columns of a block."""
        return self.B * self.V

    @property
    def together(self) -> int:
        """Panels that a single row takes at once: eight chains of additions, at least, hide the latency of fma."""
        return 2 if self.G == 2 else 4

    @property
    def scratch(self) -> int:
        """Elements of the scratch where z waits for a cell: ``ROWS`` rows of a panel, or as many panels of few rows."""
        return ROWS * COUNT * self.V

    @property
    def chunk(self) -> int:
        """Terms of a chain after which the next rows have their turn."""
        return CHUNK_BYTES // (self.w * np.dtype(self.dtype).itemsize)

    @property
    def near_chunk(self) -> int:
        """The same where few tiles share the requests for far weights: so much of a block stays in the first-level cache."""
        return L1_SHARE // (self.w * np.dtype(self.dtype).itemsize)


@cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """A dtype's name; NumPy works it out anew at every call, which takes longer than a small kernel."""
    return dtype.name


@cache
def geometry(dtype: np.dtype[Any] | str) -> Shape:
    """The geometry of a dtype on this host."""
    dtype = np.dtype(dtype)
    return Shape(dtype.name, HOST.lanes(dtype.itemsize), 1 if HOST.registers >= 32 else 2)


@dataclass(frozen=True)
class Panels:
    """H units cut into ``full`` panels of V lanes and a tail of v lanes (0: none); the last of all may hold padding."""

    H: int
    V: int
    full: int
    v: int

    @property
    def padded(self) -> int:
        """Units with padding: the stride of a row of h or c."""
        return self.full * self.V + self.v

    @property
    def C(self) -> int:
        """Vectors of the tail's block (0: no tail)."""
        return COUNT * self.v // self.V

    @property
    def gates(self) -> int:
        """Columns of all gates with padding: the stride of a row of z."""
        return COUNT * self.padded

    @property
    def whole(self) -> int:
        """Panels of V real units."""
        return self.H // self.V

    @property
    def rest(self) -> int:
        """Real units of the panel after the whole ones (0: there is none)."""
        return self.H % self.V

    @property
    def lanes(self) -> int:
        """Lanes of the panel that holds the rest."""
        return self.v or self.V


@cache
def panels(H: int, V: int) -> Panels:
    """Cut H units into panels."""
    full, rest = divmod(H, V)
    if rest == 0:
        return Panels(H, V, full, 0)
    v = next((n for n in (V // 4, V // 2) if n >= rest), V)
    return Panels(H, V, full, v) if v < V else Panels(H, V, full + 1, 0)


def cell_lanes(cut: Panels, several: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """Lanes of a row and rows in a vector of the cells of whole panels and of the last one, for one row or ``several``."""
    v = cut.v or cut.V
    return (cut.V, 1), (v, cut.V // v if several else 1)


@dataclass(frozen=True)
class Columns:
    """n columns cut into ``full`` blocks of w, a narrower one of ``C`` vectors (0: none), and ``few`` single columns.

    The last of all may hold padding: up to w - 1 columns, or one of four single ones.
    """

    n: int
    full: int
    C: int
    few: int = 0

    @property
    def blocks(self) -> int:
        """Blocks in all, the single columns one of them."""
        return self.full + (self.C > 0) + (self.few > 0)

    def inside(self, shape: Shape) -> int:
        """Columns before the single ones, with padding."""
        return self.full * shape.w + self.C * shape.V

    def padded(self, shape: Shape) -> int:
        """The stride of a row. Behind single columns the rest of a vector is room that no product writes."""
        return self.inside(shape) + (shape.V if self.few else 0)


@cache
def columns(n: int, shape: Shape) -> Columns:
    """Cut n columns into blocks. A last block has 1, 2 or B vectors: streams have code for each, and find C in a program."""
    full, rest = divmod(n, shape.w)
    C = -(-rest // shape.V)
    return Columns(n, full, C) if C <= 2 and C < shape.B else Columns(n, full + 1, 0)


@cache
def gradient_columns(n: int, shape: Shape, rows: int) -> Columns:
    """Cut n columns of a product of so many ``rows`` of dz, of which up to a quarter of a vector may be left as single columns.

    A vector of the product's columns costs as much for one column as for V; by itself a column costs a Vth, and the sum over
    its lanes. A single row, whose chains of additions wait for each other, gains nothing by it. A last block may have any
    number of vectors. Whoever packs the weight and whoever multiplies by it must cut it alike.
    """
    whole, rest = divmod(n, shape.V)
    few = next((few for few in (1, 2, 4) if few >= rest), shape.V)
    if rows == 1 or rest == 0 or few > shape.V // 4:
        whole, few = whole + (rest > 0), 0
    return Columns(n, whole // shape.B, whole % shape.B, few)
