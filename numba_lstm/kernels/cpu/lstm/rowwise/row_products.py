"""Products of a few rows with packed weights, as cells: loops that need whole rows call them by address.

Each takes n rows, the outputs of which are chains of additions over K in order, in tiles of up to six rows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types

from .....gates import COUNT
from ...compiler.jit import cell
from ...gemm.backward import gate_rows
from ...gemm.forward import affine_rows
from ...gemm.layout import NUMBA, Shape
from ...gemm.microkernel import HEIGHT, height


def _signature(dtype: str, pointers: int, integers: int) -> Any:
    return types.void(*(types.CPointer(NUMBA[dtype]),) * pointers, *(types.intp,) * integers)


@cache
def product_cell(shape: Shape, C: int) -> Any:
    """``out = start + x W`` for W in blocks, C vectors in the last; ``start`` may be ``out``."""
    V, B, w, chunk = shape.V, shape.B, shape.w, shape.chunk

    def row_product(start, x, W, out, start_rows, x_rows, out_rows, K, blocks, n):
        for q in range(blocks + (1 if C > 0 else 0)):
            width = w if q < blocks else C * V
            for k in range(0, K, chunk):
                r, tiles = 0, (n + HEIGHT - 1) // HEIGHT
                while r < n:
                    rows, to = height(n - r, tiles), r * out_rows + q * w
                    arguments = (
                        start if k == 0 else out, r * start_rows + q * w if k == 0 else to, start_rows if k == 0 else out_rows,
                        x, r * x_rows + k, x_rows, min(chunk, K - k), W, q * w * K + k * width, 0,
                        out, to, out_rows,
                    )  # fmt: skip
                    if q < blocks:
                        affine_rows(rows, B, B, B, V, arguments)
                    else:
                        affine_rows(rows, C, C, C, V, arguments)
                    r += rows
                    tiles -= 1

    return cell(row_product, f"row_product_{shape.dtype}x{V}_{C}", _signature(shape.dtype, 4, 6))


@cache
def gatewise_product_cell(shape: Shape, v: int) -> Any:
    """``out = start + x W`` for W in panels (v units in the tail), where each gate has rows x of its own, ``x_gates`` apart."""
    V, B, w, panel = shape.V, shape.B, shape.w, COUNT * shape.V
    lanes = v or V

    def gatewise_row_product(start, x, W, out, start_rows, x_rows, out_rows, x_gates, K, full, n):
        for p in range(full + (1 if v > 0 else 0)):
            for gate in range(COUNT):
                column = gate * V if p < full else gate * lanes
                weights = p * panel * K + (column // w * w * K + column % w if p < full else column)
                r, tiles = 0, (n + HEIGHT - 1) // HEIGHT
                while r < n:
                    rows, to = height(n - r, tiles), r * out_rows + p * panel + column
                    arguments = (
                        start, r * start_rows + p * panel + column, start_rows, x, gate * x_gates + r * x_rows, x_rows, K,
                        W, weights, 0, out, to, out_rows,
                    )  # fmt: skip
                    if p < full:
                        affine_rows(rows, 1, 1, B, V, arguments)
                    else:
                        affine_rows(rows, 1, 1, COUNT, lanes, arguments)
                    r += rows
                    tiles -= 1

    return cell(gatewise_row_product, f"gatewise_row_product_{shape.dtype}x{V}_{v}", _signature(shape.dtype, 4, 7))


@cache
def through_gate_cell(shape: Shape, C: int) -> Any:
    """``out = dz_k U_k^T`` of one gate k: dz as the tape holds it, U transposed in blocks, C vectors in the last.

    dz begins with the gate's first unit of the first row, ``last`` elements on with that of the last panel's.
    """
    V, B, w, panel = shape.V, shape.B, shape.w, COUNT * shape.V

    def through_gate(zero, dz, U, out, out_rows, gate, H, lanes, blocks, panels, last, n):
        whole, rest, K = H // V, H % V, COUNT * H
        for q in range(blocks + (1 if C > 0 else 0)):
            width = w if q < blocks else C * V
            for p in range(whole + (1 if rest > 0 else 0)):
                units, rows_apart, at = (V, panel, p * panels) if p < whole else (rest, COUNT * lanes, last)
                weights = q * w * K + (p * panel + gate * units) * width
                r, tiles = 0, (n + HEIGHT - 1) // HEIGHT
                while r < n:
                    rows, to = height(n - r, tiles), r * out_rows + q * w
                    arguments = (
                        zero if p == 0 else out, 0 if p == 0 else to, 0 if p == 0 else out_rows,
                        dz, at + r * rows_apart, rows_apart, units, U, weights, 0, out, to, out_rows,
                    )  # fmt: skip
                    if q < blocks:
                        affine_rows(rows, B, B, B, V, arguments)
                    else:
                        affine_rows(rows, C, C, C, V, arguments)
                    r += rows
                    tiles -= 1

    return cell(through_gate, f"through_gate_{shape.dtype}x{V}_{C}", _signature(shape.dtype, 4, 8))


@cache
def through_cell(shape: Shape, C: int) -> Any:
    """``out = dz U^T``: dz as the tape holds it, U transposed in blocks, C vectors in the last."""
    V, B, w, panel = shape.V, shape.B, shape.w, COUNT * shape.V

    def through(dz, U, out, at, panels, whole, last, lanes, rest, K, out_rows, blocks, n):
        for q in range(blocks + (1 if C > 0 else 0)):
            r, tiles = 0, (n + HEIGHT - 1) // HEIGHT
            while r < n:
                rows = height(n - r, tiles)
                arguments = (
                    dz, at + r * panel, panels, whole, last + r * COUNT * lanes, lanes, rest, U, q * w * K, K,
                    out, r * out_rows + q * w, out_rows, 1,
                )  # fmt: skip
                if q < blocks:
                    gate_rows(rows, B, B, B, V, arguments)
                else:
                    gate_rows(rows, C, C, C, V, arguments)
                r += rows
                tiles -= 1

    return cell(through, f"through_{shape.dtype}x{V}_{C}", _signature(shape.dtype, 3, 10))
