"""Packs weights into panels and blocks (:mod:`.layout`), once for each version of a weight, as its ``prepared`` forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import Weight
from ..compiler.jit import kernel
from ..runtime import recording, thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from ..runtime.task import HostCall, KernelCall, parallel_for
from ..simd.transpose import transpose
from ..simd.vector import data, load, offset, store
from .layout import NUMBA, ColumnLayout, PanelLayout, VectorGeometry, column_layout, panel_layout, vector_geometry

#: Cost of packing an element, in multiplications: it is read and written in different orders.
COST = 32


@cache
def _pack_gates(geometry: VectorGeometry) -> Any:
    """Packs rows k0 .. k1 of gate columns into blocks of panels: a vector of one gate at a time, the last panel by lanes."""
    V, w, panel = geometry.V, geometry.w, COUNT * geometry.V

    def pack_gates(W, out, H, full, v, k0, k1):
        K, columns = W.shape[0], W.strides[0] // W.itemsize
        W_, o_ = data(W), data(out)
        whole = H // V
        for k in range(k0, k1):
            for gate in range(COUNT):
                for p in range(whole):
                    at = p * panel * K + gate * V // w * K * w + gate * V % w
                    store(o_, at + k * w, load(W_, k * columns + gate * H + p * V, V))
        lanes, width = (v, COUNT * v) if v > 0 else (V, w)
        for p in range(whole, full + (1 if v > 0 else 0)):
            for k in range(k0, k1):
                for gate in range(COUNT):
                    at = p * panel * K + (gate * lanes // width * K + k) * width + gate * lanes % width
                    for lane in range(lanes):
                        unit = p * V + lane
                        o_[at + lane] = W_[k * columns + gate * H + unit] if unit < H else 0

    return kernel(pack_gates, f"pack_gates_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "x2 f1 i i i i i")


@cache
def _pack_transposed(geometry: VectorGeometry) -> Any:
    """Packs blocks q0 .. q1 of the transpose of gate columns: output column j is row j of W, its K the gates in panel order.

    After the blocks of w columns come a block of ``last`` columns (0: none) and ``remainder`` columns. The vectors of remainder
    columns along K are interleaved. Their K includes the padding of the last panel, ``lanes_of_last`` units of each gate, as
    zeros.
    """
    V, w = geometry.V, geometry.w

    def pack_transposed(W, out, H, last, remainder, lanes_of_last, q0, q1):
        n, K, columns = W.shape[0], COUNT * H, W.strides[0] // W.itemsize
        W_, o_ = data(W), data(out)
        blocks, whole = n // w, H // V
        for q in range(q0, min(q1, blocks + (1 if last > 0 else 0))):
            width = w if q < blocks else last
            k = q * w * K
            for p in range(whole + 1):
                lanes = V if p < whole else H - whole * V
                for gate in range(COUNT):
                    for j in range(0, width, V):
                        row = q * w + j
                        source = row * columns + gate * H + p * V
                        if lanes == V and row + V <= n:
                            transpose(offset(W_, source), columns, offset(o_, k + j), width, V)
                        else:
                            for i in range(V):
                                for lane in range(lanes):
                                    o_[k + lane * width + j + i] = W_[source + i * columns + lane] if row + i < n else 0
                    k += lanes * width
        if remainder > 0 and q1 > blocks + (1 if last > 0 else 0):
            first = blocks * w + last
            at = first * K
            for p in range((H + V - 1) // V):
                lanes = V if p < whole else lanes_of_last
                for k in range(0, COUNT * lanes, V):
                    for row in range(first, first + remainder):
                        for lane in range(k, k + V):
                            unit = p * V + lane % lanes
                            o_[at] = W_[row * columns + lane // lanes * H + unit] if row < n and unit < H else 0
                            at += 1

    return kernel(pack_transposed, f"pack_transposed_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "x2 f1 i i i i i i")


@cache
def column_packing(geometry: VectorGeometry) -> Any:
    """Packs a plain matrix, or its transpose where ``transposed`` is 1, into blocks of columns."""
    w = geometry.w

    def pack_columns(W, out, last, transposed):
        K, n = (W.shape[1], W.shape[0]) if transposed else (W.shape[0], W.shape[1])
        blocks = n // w
        for q in range(blocks + (1 if last > 0 else 0)):
            width = w if q < blocks else last
            for k in range(K):
                at = q * w * K + k * width
                for j in range(min(width, n - q * w)):
                    out[at + j] = W[q * w + j, k] if transposed else W[k, q * w + j]
                for j in range(n - q * w, width):
                    out[at + j] = 0

    return kernel(pack_columns, f"pack_columns_{geometry.dtype}x{geometry.V}", NUMBA[geometry.dtype], "x2 f1 i i")


def packed(weight: Weight, form: str, make: Callable[[npt.NDArray[Any]], Any]) -> Any:
    """Return a packed form of a weight, ``make(weight.value)``, which is made once for each version of the weight.

    Where a plan of training is recorded, its tasks make the form, once for the plan.
    """
    active = recording.active()
    if active is None:
        return weight.prepared(form, make)
    active.weights[id(weight)] = weight
    if not active.packs:
        with recording.pause():
            return weight.prepared(form, make)
    key = id(weight), form
    if key not in active.packed:
        active.packed[key] = make(weight.value)
    return active.packed[key]


def gate_panels(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return W (K, 4H), or b (4H,) as one row, packed in panels."""
    W = W.reshape(-1, W.shape[-1])
    geometry = vector_geometry(W.dtype)
    layout = panel_layout(W.shape[1] // COUNT, geometry.V)
    out = aligned((W.shape[0] * layout.gates,), W.dtype)
    run, K = _pack_gates(geometry), len(W)
    pack = lambda _, rows: KernelCall(run, W, out, layout.H, layout.full, layout.v, *rows)  # noqa: E731
    run_eagerly([parallel_for(K, _num_splits(W, K), pack)])
    return out


def _num_splits(W: npt.NDArray[Any], limit: int) -> int:
    return thread_pool.num_splits(W.size * COST, limit)


def gate_bias(bias: Weight | None, layout: PanelLayout, dtype: Any) -> npt.NDArray[Any]:
    """Return the packed bias, zeros for none: the initial value of every accumulation."""
    return zero_bias(layout.gates, dtype) if bias is None else packed(bias, "cpu.panels", gate_panels)


def peephole_panels(V: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the peephole (3, H) in panels of units by its three gates."""
    layout = panel_layout(V.shape[1], vector_geometry(V.dtype).V)
    out = aligned((3 * layout.padded,), V.dtype)
    run_eagerly([HostCall(_pack_peephole, V, layout, out)])
    return out


def _pack_peephole(V: npt.NDArray[Any], layout: PanelLayout, out: npt.NDArray[Any]) -> None:
    padded = np.zeros((3, layout.padded), V.dtype)
    padded[:, : layout.H] = V
    inside = layout.full * layout.V
    out[: 3 * inside] = padded[:, :inside].reshape(3, layout.full, layout.V).transpose(1, 0, 2).reshape(-1)
    out[3 * inside :] = padded[:, inside:].reshape(-1)


def peephole_gradient(row_gradients: npt.NDArray[Any], layout: PanelLayout) -> npt.NDArray[Any]:
    """Return the peephole's gradient (3, H): the sum of the rows' gradients, in panels, in the order of the rows."""
    out = aligned((3, layout.H), row_gradients.dtype)
    run_eagerly([HostCall(_sum_peephole, row_gradients, layout, out)])
    return out


def _sum_peephole(row_gradients: npt.NDArray[Any], layout: PanelLayout, out: npt.NDArray[Any]) -> None:
    rows = row_gradients.size // (3 * layout.padded)
    inside = layout.full * layout.V
    by_panel = row_gradients[: 3 * rows * inside].reshape(layout.full, rows, 3, layout.V).sum(axis=1)
    whole = by_panel.transpose(1, 0, 2).reshape(3, inside)
    last = row_gradients[3 * rows * inside :].reshape(rows, 3, layout.v).sum(axis=0)
    out[...] = np.concatenate([whole, last], axis=1)[:, : layout.H]


def gate_blocks_transposed(W: npt.NDArray[Any], outputs: ColumnLayout | None = None) -> npt.NDArray[Any]:
    """Return the transpose of W (K, 4H), packed in blocks of its K columns as ``outputs`` says, for products with dz."""
    geometry = vector_geometry(W.dtype)
    layout = panel_layout(W.shape[1] // COUNT, geometry.V)
    outputs = outputs or column_layout(len(W), geometry)
    last = outputs.block_columns(geometry) - len(W) // geometry.w * geometry.w
    remainder = outputs.remainder
    size = W.shape[1] * outputs.block_columns(geometry) + remainder * COUNT * (layout.whole * layout.V + layout.lanes)
    out, run = aligned((size,), W.dtype), _pack_transposed(geometry)
    pack = lambda _, blocks: KernelCall(run, W, out, layout.H, last, remainder, layout.lanes, *blocks)  # noqa: E731
    run_eagerly([parallel_for(outputs.blocks, _num_splits(W, outputs.blocks), pack)])
    return out


def gate_columns_transposed(weight: Weight, outputs: ColumnLayout) -> npt.NDArray[Any]:
    """Return the packed transpose of a weight (K, 4H) in this column layout."""
    form = f"cpu.transposed_{outputs.C}_{outputs.remainder}"  # the weight's shape and dtype say the rest
    return packed(weight, form, lambda W: gate_blocks_transposed(W, outputs))


def blocks(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return W (K, C), or b (C,) as one row, packed in blocks of columns."""
    return _plain(W.reshape(-1, W.shape[-1]), transposed=False)


def blocks_transposed(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the transpose of W (K, C), packed in blocks of K columns."""
    return _plain(W, transposed=True)


def _plain(W: npt.NDArray[Any], transposed: bool) -> npt.NDArray[Any]:
    geometry = vector_geometry(W.dtype)
    K, n = W.shape[::-1] if transposed else W.shape
    padded = column_layout(n, geometry).padded(geometry)
    out = aligned((K * padded,), W.dtype)
    run_eagerly([KernelCall(column_packing(geometry), W, out, padded - n // geometry.w * geometry.w, int(transposed))])
    return out


def zero_bias(n: int, dtype: Any) -> npt.NDArray[Any]:
    """Return a packed bias of zeros."""
    out = aligned((n,), dtype)
    out[...] = np.zeros((), dtype)
    return out
