"""Weights into panels and blocks (see :mod:`.panels`): done once for each version of a weight, in its ``prepared`` forms."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import Weight
from ..compiler.jit import kernel
from ..runtime import thread_pool
from ..runtime.deferred_array import DeferredArray
from ..runtime.memory import aligned
from ..runtime.task import KernelCall, parallel_for
from ..simd.vector import data, load, offset, store, transpose
from .layout import NUMBA, Columns, Panels, Shape, columns, geometry, panels

#: What an element costs, in multiplications: it is read and written in another order.
COST = 32


@cache
def _pack_gates(shape: Shape) -> Any:
    """Rows k0 .. k1 of gate columns into blocks of panels: a vector of one gate at a time, the last panel's lane by lane."""
    V, w, panel = shape.V, shape.w, COUNT * shape.V

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

    return kernel(pack_gates, f"pack_gates_{shape.dtype}x{V}", NUMBA[shape.dtype], "x2 f1 i i i i i")


@cache
def _pack_transposed(shape: Shape) -> Any:
    """Blocks q0 .. q1 of the transpose of gate columns: output column j is row j of W, its K the gates in panel order.

    Behind the blocks of w columns come a block of ``last`` (0: none) and ``few`` single columns, whose vectors along K are side
    by side; there K counts the padding of the last panel too, ``lanes_of_last`` units for each gate, as zeros.
    """
    V, w = shape.V, shape.w

    def pack_transposed(W, out, H, last, few, lanes_of_last, q0, q1):
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
        if few > 0 and q1 > blocks + (1 if last > 0 else 0):
            first = blocks * w + last
            at = first * K
            for p in range((H + V - 1) // V):
                lanes = V if p < whole else lanes_of_last
                for k in range(0, COUNT * lanes, V):
                    for row in range(first, first + few):
                        for lane in range(k, k + V):
                            unit = p * V + lane % lanes
                            o_[at] = W_[row * columns + lane // lanes * H + unit] if row < n and unit < H else 0
                            at += 1

    return kernel(pack_transposed, f"pack_transposed_{shape.dtype}x{V}", NUMBA[shape.dtype], "x2 f1 i i i i i i")


@cache
def _pack_columns(shape: Shape) -> Any:
    """A plain matrix (or, with ``transposed``, its transpose) into blocks of columns."""
    w = shape.w

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

    return kernel(pack_columns, f"pack_columns_{shape.dtype}x{shape.V}", NUMBA[shape.dtype], "x2 f1 i i")


def deferred_gate_panels(W: npt.NDArray[Any]) -> DeferredArray:
    """W (K, 4H), or b (4H,) as one row, packed in panels."""
    W = W.reshape(-1, W.shape[-1])
    shape = geometry(W.dtype)
    cut = panels(W.shape[1] // COUNT, shape.V)
    out = aligned((W.shape[0] * cut.gates,), W.dtype)
    run, K = _pack_gates(shape), len(W)
    task = parallel_for(K, _parts(W, K), lambda _, rows: KernelCall(run, W, out, cut.H, cut.full, cut.v, *rows))
    return DeferredArray(out, (task,))


def _parts(W: npt.NDArray[Any], most: int) -> int:
    return thread_pool.num_splits(W.size * COST, most)


def gate_panels(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """:func:`deferred_gate_panels`, filled."""
    return deferred_gate_panels(W).compute()


def gate_bias(bias: Weight | None, cut: Panels, dtype: Any) -> npt.NDArray[Any]:
    """The packed bias, zeros for none: the start of every chain."""
    return zero_bias(cut.gates, dtype) if bias is None else bias.prepared("cpu.panels", gate_panels)


def peephole_panels(V: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The peephole (3, H) in panels of units by its three gates."""
    cut = panels(V.shape[1], geometry(V.dtype).V)
    out = aligned((3 * cut.padded,), V.dtype)
    padded = np.zeros((3, cut.padded), V.dtype)
    padded[:, : cut.H] = V
    inside = cut.full * cut.V
    out[: 3 * inside] = padded[:, :inside].reshape(3, cut.full, cut.V).transpose(1, 0, 2).reshape(-1)
    out[3 * inside :] = padded[:, inside:].reshape(-1)
    return out


def peephole_gradient(shares: npt.NDArray[Any], cut: Panels) -> npt.NDArray[Any]:
    """The peephole's gradient (3, H) from the rows' shares of it in panels, added up in the order of the rows."""
    rows = shares.size // (3 * cut.padded)
    inside = cut.full * cut.V
    whole = shares[: 3 * rows * inside].reshape(cut.full, rows, 3, cut.V).sum(axis=1).transpose(1, 0, 2).reshape(3, inside)
    last = shares[3 * rows * inside :].reshape(rows, 3, cut.v).sum(axis=0)
    return np.concatenate([whole, last], axis=1)[:, : cut.H]


def deferred_gate_blocks_transposed(W: npt.NDArray[Any], cols: Columns | None = None) -> DeferredArray:
    """The transpose of W (K, 4H), packed in blocks of K columns for products with dz; ``cols`` may leave a few single."""
    shape = geometry(W.dtype)
    cut = panels(W.shape[1] // COUNT, shape.V)
    cols = cols or columns(len(W), shape)
    last = cols.inside(shape) - len(W) // shape.w * shape.w
    out = aligned((W.shape[1] * cols.inside(shape) + cols.few * COUNT * (cut.whole * cut.V + cut.lanes),), W.dtype)
    run, few = _pack_transposed(shape), cols.few
    task = parallel_for(
        cols.blocks, _parts(W, cols.blocks), lambda _, span: KernelCall(run, W, out, cut.H, last, few, cut.lanes, *span)
    )
    return DeferredArray(out, (task,))


def gate_blocks_transposed(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """:func:`deferred_gate_blocks_transposed`, filled."""
    return deferred_gate_blocks_transposed(W).compute()


def gate_columns_transposed(weight: Weight, cols: Columns) -> npt.NDArray[Any]:
    """The prepared transpose of a weight (K, 4H) with its columns cut so."""
    form = f"cpu.transposed_{cols.C}_{cols.few}"  # the weight's shape and dtype say the rest
    return weight.prepared(form, lambda W: deferred_gate_blocks_transposed(W, cols).compute())


def deferred_blocks(W: npt.NDArray[Any]) -> DeferredArray:
    """W (K, C), or b (C,) as one row, packed in blocks of columns."""
    return _plain(W.reshape(-1, W.shape[-1]), transposed=False)


def blocks(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """:func:`deferred_blocks`, filled."""
    return deferred_blocks(W).compute()


def deferred_blocks_transposed(W: npt.NDArray[Any]) -> DeferredArray:
    """The transpose of W (K, C), packed in blocks of K columns."""
    return _plain(W, transposed=True)


def blocks_transposed(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """:func:`deferred_blocks_transposed`, filled."""
    return deferred_blocks_transposed(W).compute()


def _plain(W: npt.NDArray[Any], transposed: bool) -> DeferredArray:
    shape = geometry(W.dtype)
    K, n = W.shape[::-1] if transposed else W.shape
    padded = columns(n, shape).padded(shape)
    out = aligned((K * padded,), W.dtype)
    return DeferredArray(out, (KernelCall(_pack_columns(shape), W, out, padded - n // shape.w * shape.w, int(transposed)),))


def zero_bias(columns_: int, dtype: Any) -> npt.NDArray[Any]:
    """A packed bias of zeros."""
    out = aligned((columns_,), dtype)
    out[...] = np.zeros((), dtype)
    return out
