"""Memory layouts of the weights, gates and states of a GRU or of a simple RNN, and the packing of weights.

Each gate has its units in blocks of columns of its own (:func:`..gemm.layout.gradient_column_layout`), with padding to whole
vectors. So one product kernel multiplies rows by the weights of any gate, and pointwise kernels read whole vectors.

=====================  ==================================================================================
packed W, U            per gate: D or H rows of its columns in blocks
transposed W, U        per gate: H rows of D or H columns in blocks
rows of the tape       the gates z, r and g, and q: the share of h in g, or r * h before its product; or g alone
packed bias            a row of the tape: what the sums of its columns begin with
=====================  ==================================================================================
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ...specs import RNNSpec
from ..gemm import pack
from ..gemm.layout import ColumnLayout, VectorGeometry, gradient_column_layout, vector_geometry
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from ..runtime.task import HostCall, KernelCall, ParallelFor

Array = npt.NDArray[Any]

#: Index of q among the blocks of a row of the tape, whose first blocks are the gates.
Q = 3


class CellLayout(NamedTuple):
    """The layout of a cell of H units and ``gates`` gates, whose rows have ``blocks`` blocks of ``padded`` elements."""

    geometry: VectorGeometry
    units: ColumnLayout
    gates: int
    blocks: int

    @property
    def H(self) -> int:
        """Number of units."""
        return self.units.n

    @property
    def padded(self) -> int:
        """Elements of a gate in a row, and of a row of h: units in whole vectors."""
        return self.units.block_columns(self.geometry)

    @property
    def row(self) -> int:
        """Elements of a row of the tape."""
        return self.blocks * self.padded


@cache
def cell_layout(spec: RNNSpec, H: int, dtype: np.dtype[Any]) -> CellLayout:
    """Return the layout of a cell of H units."""
    geometry = vector_geometry(dtype)
    return CellLayout(geometry, columns(H, geometry), spec.gates, Q + 1 if spec.gated else 1)


def columns(n: int, geometry: VectorGeometry) -> ColumnLayout:
    """Return the layout of n columns in whole vectors."""
    return gradient_column_layout(n, geometry, 1)


def packed_gates(weight: Weight, gates: int) -> Array:
    """Return the columns of each gate of W (K, GH), packed in blocks: (G, elements of a gate)."""
    return pack.packed(weight, f"cpu.rnn_{gates}", partial(_pack_gates, gates=gates))  # type: ignore[no-any-return]


def transposed_gates(weight: Weight, gates: int) -> Array:
    """Return the transpose of the columns of each gate of W (K, GH), packed in blocks of its K columns."""
    return pack.packed(weight, f"cpu.rnn_{gates}_transposed", partial(_pack_gates, gates=gates, transposed=True))  # type: ignore[no-any-return]


def _pack_gates(W: Array, gates: int, transposed: bool = False) -> Array:
    geometry, H = vector_geometry(W.dtype), W.shape[1] // gates
    K, n = (H, len(W)) if transposed else (len(W), H)
    layout = columns(n, geometry)
    out, run = aligned((gates, K * layout.padded(geometry)), W.dtype), pack.column_packing(geometry)
    last = layout.padded(geometry) - n // geometry.w * geometry.w  # columns of the block that is not whole, with padding
    calls = [KernelCall(run, W[:, gate * H : (gate + 1) * H], out[gate], last, int(transposed)) for gate in range(gates)]
    is_parallel = gates > 1 and thread_pool.num_splits(W.size * pack.COST, gates) > 1
    run_eagerly([ParallelFor(calls)] if is_parallel else calls)
    return out


def packed_bias(bias: Weight | None, layout: CellLayout, spec: RNNSpec, dtype: Any) -> Array:
    """Return the row of the tape that sums begin with."""
    if bias is None:
        return pack.zero_bias(layout.row, dtype)
    make = partial(_pack_bias, layout=layout, reset_after=spec.gated and spec.reset_after)
    return pack.packed(bias, f"cpu.rnn_row_{layout.blocks}", make)  # type: ignore[no-any-return]


def _pack_bias(b: Array, layout: CellLayout, reset_after: bool) -> Array:
    out = aligned((layout.row,), b.dtype)
    run_eagerly([HostCall(_fill_bias, b, layout, reset_after, out)])
    return out


def _fill_bias(b: Array, layout: CellLayout, reset_after: bool, out: Array) -> None:
    row = out.reshape(layout.blocks, layout.padded)
    row[...] = 0
    by_gate = b.reshape(-1, layout.gates, layout.H)
    row[: layout.gates, : layout.H] = by_gate[0]
    if reset_after:
        row[: Q - 1, : layout.H] += by_gate[1, : Q - 1]
        row[Q, : layout.H] = by_gate[1, Q - 1]
