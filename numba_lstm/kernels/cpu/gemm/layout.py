"""Memory layouts of weights, gates and states: one register tile computes i, f, g and o of the same units.

A *panel* is V units (the lanes of a vector) by 4 gates. Its 4 V columns are computed in G *blocks* of w = 4 V / G columns: in
one block where registers allow it (AVX-512, NEON: G = 1), else in two halves, i|f and g|o. The units that are left over go
to a narrower last panel, the *tail*, of v = V/4 or V/2 units and a single block, or to a padded panel if they need more.

=====================  ====================================================================================
packed W (D, 4H)       per block: D rows of the block's columns; blocks in order, the tail's last
packed U (H, 4H)       the same with H rows
packed b (4H,)         the same with one row
gates of the tape      per panel: T * N rows of 4 V (tail: 4 v), gate-major; one group of rows after another
transposed U, W        per block of w output columns: all 4 H rows in the panels' order
remainder columns      after those blocks: for each vector of rows, the vector of each column
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

#: Maximum number of rows of z that wait for one call of a pointwise kernel: enough for dependent instructions to overlap.
MAX_PENDING_ROWS = 66

#: Bytes of packed weights that stay in the L1 cache while all rows use them.
L1_SHARE = 16 * 1024

#: Bytes of packed weights that one tile uses before the next tile of rows does. Where a block is four vectors of 64 bytes,
#: ``L1_SHARE`` is 64 terms, too few to make up for a tile's prologue and epilogue, and the L2 cache delivers the weights of a
#: term in half of the term's time.
CHUNK_BYTES = 128 * 1024 if HOST.wide else L1_SHARE

NUMBA = {"float32": types.float32, "float64": types.float64}


@dataclass(frozen=True)
class VectorGeometry:
    """The vector geometry of a dtype: lanes V, blocks G of a panel, vectors B and columns w of a block."""

    dtype: str
    V: int
    G: int

    @property
    def B(self) -> int:
        """Number of vectors of a block."""
        return COUNT // self.G

    @property
    def w(self) -> int:
        """Number of columns of a block."""
        return self.B * self.V

    @property
    def row_unroll(self) -> int:
        """Number of panels that a single row computes in one product: at least eight accumulators hide the latency of fma.

        Where eight suffice, more panels would leave less of the weights in L1 for a step that iterates over them in reverse.
        """
        return 2 if self.G == 2 or HOST.wide else 4

    @property
    def scratch(self) -> int:
        """Elements of the scratch of z for a pointwise kernel: ``MAX_PENDING_ROWS`` rows of a panel, or panels of few rows."""
        return MAX_PENDING_ROWS * COUNT * self.V

    @property
    def chunk(self) -> int:
        """Number of terms that a tile accumulates before the next tile of rows does."""
        return CHUNK_BYTES // (self.w * np.dtype(self.dtype).itemsize)

    @property
    def prefetch_chunk(self) -> int:
        """The chunk where few tiles share the prefetches of weights that exceed L2: it stays in the L1 cache."""
        return L1_SHARE // (self.w * np.dtype(self.dtype).itemsize)


@cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return the name of a dtype. NumPy computes it at every call, which takes longer than a small kernel."""
    return dtype.name


@cache
def vector_geometry(dtype: np.dtype[Any] | str) -> VectorGeometry:
    """Return the vector geometry of a dtype on this host."""
    dtype = np.dtype(dtype)
    return VectorGeometry(dtype.name, HOST.lanes(dtype.itemsize), 1 if HOST.registers >= 32 else 2)


@dataclass(frozen=True)
class PanelLayout:
    """H units in ``full`` panels of V lanes and a tail of v lanes (0: none). The last panel may hold padding."""

    H: int
    V: int
    full: int
    v: int

    @property
    def padded(self) -> int:
        """Number of units with padding: the stride of a row of h or c."""
        return self.full * self.V + self.v

    @property
    def C(self) -> int:
        """Number of vectors of the tail's block (0: no tail)."""
        return COUNT * self.v // self.V

    @property
    def gates(self) -> int:
        """Number of columns of all gates with padding: the stride of a row of z."""
        return COUNT * self.padded

    @property
    def whole(self) -> int:
        """Number of panels without padding."""
        return self.H // self.V

    @property
    def rest(self) -> int:
        """Number of units of the panel after the whole ones (0: there is none)."""
        return self.H % self.V

    @property
    def lanes(self) -> int:
        """Number of lanes of the panel that holds the rest."""
        return self.v or self.V


@cache
def panel_layout(H: int, V: int) -> PanelLayout:
    """Return the layout of H units in panels."""
    full, rest = divmod(H, V)
    if rest == 0:
        return PanelLayout(H, V, full, 0)
    v = next((n for n in (V // 4, V // 2) if n >= rest), V)
    return PanelLayout(H, V, full, v) if v < V else PanelLayout(H, V, full + 1, 0)


def pointwise_lanes(layout: PanelLayout, several: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the lanes of a row and the rows of a vector in the pointwise kernels of full panels and of the last panel.

    A vector holds ``several`` rows of the tail, or one. Where the last panel is the only one, both are its own.
    """
    v = layout.v or layout.V
    last = v, layout.V // v if several else 1
    return (layout.V, 1) if layout.full else last, last


@dataclass(frozen=True)
class ColumnLayout:
    """n columns in ``full`` blocks of w, a narrower block of ``C`` vectors (0: none), and ``remainder`` single columns.

    The end may hold padding: up to w - 1 columns of the last block, or one of four remainder columns.
    """

    n: int
    full: int
    C: int
    remainder: int = 0

    @property
    def blocks(self) -> int:
        """Number of blocks in all; the remainder columns are one of them."""
        return self.full + (self.C > 0) + (self.remainder > 0)

    def block_columns(self, geometry: VectorGeometry) -> int:
        """Return the number of columns before the remainder columns, with padding."""
        return self.full * geometry.w + self.C * geometry.V

    def padded(self, geometry: VectorGeometry) -> int:
        """Return the stride of a row. No product writes what follows the remainder columns in their vector."""
        return self.block_columns(geometry) + (geometry.V if self.remainder else 0)


@cache
def column_layout(n: int, geometry: VectorGeometry) -> ColumnLayout:
    """Return the layout of n columns in blocks.

    A last block has 1, 2 or B vectors, since the kernels of streams have code for each of these and read C at run time.
    """
    full, rest = divmod(n, geometry.w)
    C = -(-rest // geometry.V)
    return ColumnLayout(n, full, C) if C <= 2 and C < geometry.B else ColumnLayout(n, full + 1, 0)


@cache
def gradient_column_layout(n: int, geometry: VectorGeometry, rows: int) -> ColumnLayout:
    """Return the layout of the n columns of a product of ``rows`` rows of dz, with up to V/4 remainder columns.

    A vector of columns costs as much for one column as for V. A remainder column costs a Vth of that, and the sum over its
    lanes. A single row gains nothing, since its additions depend on each other. A last block may have any number of vectors.
    Pack a weight and multiply by it in the same layout.
    """
    whole, rest = divmod(n, geometry.V)
    remainder = next((remainder for remainder in (1, 2, 4) if remainder >= rest), geometry.V)
    if rows == 1 or rest == 0 or remainder > geometry.V // 4:
        whole, remainder = whole + (rest > 0), 0
    return ColumnLayout(n, whole // geometry.B, whole % geometry.B, remainder)
