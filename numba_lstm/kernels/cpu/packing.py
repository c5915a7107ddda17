"""Weights into panels and blocks (see :mod:`.panels`): done once for each version of a weight, in its ``prepared`` forms."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...gates import COUNT
from .jit import kernel
from .memory import aligned
from .panels import NUMBA, Shape, columns, geometry, panels


@cache
def _pack_gates(shape: Shape) -> Any:
    """Rows of gate columns into blocks of panels: a vector of one gate at a time."""
    V, w = shape.V, shape.w

    def pack_gates(W, out, H, full, v):
        K = W.shape[0]
        for k in range(K):
            for p in range(full + (1 if v > 0 else 0)):
                lanes, width = (V, w) if p < full else (v, COUNT * v)
                for gate in range(COUNT):
                    at = p * COUNT * V * K + (gate * lanes // width * K + k) * width + gate * lanes % width
                    for lane in range(min(lanes, H - p * V)):
                        out[at + lane] = W[k, gate * H + p * V + lane]
                    for lane in range(H - p * V, lanes):
                        out[at + lane] = 0

    return kernel(pack_gates, f"pack_gates_{shape.dtype}x{V}", NUMBA[shape.dtype], "x2 f1 i i i")


@cache
def _pack_transposed(shape: Shape) -> Any:
    """The transpose of gate columns into blocks: output column j of a block is row j of W, its K the gates in panel order."""
    V, w = shape.V, shape.w

    def pack_transposed(W, out, H, whole, last):
        n, K = W.shape[0], COUNT * H
        blocks = n // w
        for q in range(blocks + (1 if last > 0 else 0)):
            width = w if q < blocks else last
            k = q * w * K
            for p in range(whole + 1):
                lanes = V if p < whole else H - whole * V
                for gate in range(COUNT):
                    for j in range(width):
                        row = q * w + j
                        for lane in range(lanes):
                            out[k + lane * width + j] = W[row, gate * H + p * V + lane] if row < n else 0
                    k += lanes * width

    return kernel(pack_transposed, f"pack_transposed_{shape.dtype}x{V}", NUMBA[shape.dtype], "x2 f1 i i i")


@cache
def _pack_columns(shape: Shape) -> Any:
    """A plain matrix (or, with ``transpose``, its transpose) into blocks of columns."""
    w = shape.w

    def pack_columns(W, out, last, transpose):
        K, n = (W.shape[1], W.shape[0]) if transpose else (W.shape[0], W.shape[1])
        blocks = n // w
        for q in range(blocks + (1 if last > 0 else 0)):
            width = w if q < blocks else last
            for k in range(K):
                for j in range(width):
                    column = q * w + j
                    value = W[0, 0] * 0
                    if column < n:
                        value = W[column, k] if transpose else W[k, column]
                    out[q * w * K + k * width + j] = value

    return kernel(pack_columns, f"pack_columns_{shape.dtype}x{shape.V}", NUMBA[shape.dtype], "x2 f1 i i")


def gate_panels(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """W (K, 4H), or b (4H,) as one row, packed in panels."""
    W = W.reshape(-1, W.shape[-1])
    shape = geometry(W.dtype.name)
    cut = panels(W.shape[1] // COUNT, shape.V)
    out = aligned((W.shape[0] * cut.gates,), W.dtype)
    _pack_gates(shape)(W, out, cut.H, cut.full, cut.v)
    return out


def gate_blocks_transposed(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The transpose of W (K, 4H), packed in blocks of K columns for products with dz."""
    shape = geometry(W.dtype.name)
    cut = panels(W.shape[1] // COUNT, shape.V)
    cols = columns(W.shape[0], shape)
    out = aligned((W.shape[1] * cols.padded(shape),), W.dtype)
    last = cols.padded(shape) - W.shape[0] // shape.w * shape.w
    _pack_transposed(shape)(W, out, cut.H, cut.whole, last)
    return out


def blocks(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """W (K, C), or b (C,) as one row, packed in blocks of columns."""
    return _plain(W.reshape(-1, W.shape[-1]), transpose=False)


def blocks_transposed(W: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The transpose of W (K, C), packed in blocks of K columns."""
    return _plain(W, transpose=True)


def _plain(W: npt.NDArray[Any], transpose: bool) -> npt.NDArray[Any]:
    shape = geometry(W.dtype.name)
    K, n = W.shape[::-1] if transpose else W.shape
    padded = columns(n, shape).padded(shape)
    out = aligned((K * padded,), W.dtype)
    _pack_columns(shape)(W, out, padded - n // shape.w * shape.w, int(transpose))
    return out


def zero_bias(columns_: int, dtype: Any) -> npt.NDArray[Any]:
    """A packed bias of zeros."""
    out = aligned((columns_,), dtype)
    out[...] = np.zeros((), dtype)
    return out
