"""Products of a few rows with packed weights, as C functions that rowwise time loops call by address.

Each multiplies n rows in tiles of up to six rows. An output is one sum over K in order.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types

from .....gates import COUNT
from ...compiler.jit import compile_cfunc
from ...gemm.backward import gate_rows
from ...gemm.forward import affine_rows
from ...gemm.layout import NUMBA, VectorGeometry
from ...gemm.microkernel import TILE_ROWS, tile_height
from ...gemm.operands import Matrix, RowProduct, TapeRows, Transposed, Weights


def _signature(dtype: str, pointers: int, integers: int) -> Any:
    return types.void(*(types.CPointer(NUMBA[dtype]),) * pointers, *(types.intp,) * integers)


@cache
def product_kernel(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = start + x W`` for W in blocks, C vectors in the last; ``start`` may be ``out``."""
    V, B, w, chunk = geometry.V, geometry.B, geometry.w, geometry.chunk

    def row_product(start, x, W, out, start_rows, x_rows, out_rows, K, blocks, n):
        for q in range(blocks + (1 if C > 0 else 0)):
            width = w if q < blocks else C * V
            for k in range(0, K, chunk):
                r, tiles = 0, (n + TILE_ROWS - 1) // TILE_ROWS
                while r < n:
                    rows, to = tile_height(n - r, tiles), r * out_rows + q * w
                    arguments = (
                        Matrix(
                            start if k == 0 else out,
                            r * start_rows + q * w if k == 0 else to,
                            start_rows if k == 0 else out_rows,
                        ),
                        RowProduct(Matrix(x, r * x_rows + k, x_rows), min(chunk, K - k), Weights(W, q * w * K + k * width, 0)),
                        Matrix(out, to, out_rows),
                    )
                    if q < blocks:
                        affine_rows(rows, B, B, B, V, arguments)
                    else:
                        affine_rows(rows, C, C, C, V, arguments)
                    r += rows
                    tiles -= 1

    return compile_cfunc(row_product, f"row_product_{geometry.dtype}x{V}_{C}", _signature(geometry.dtype, 4, 6))


@cache
def gatewise_product_kernel(geometry: VectorGeometry, v: int) -> Any:
    """Return the kernel of ``out = start + x W`` for W in panels (v units in the tail) with different rows x for each gate.

    The rows of the gates are ``x_gates`` apart.
    """
    V, B, w, panel = geometry.V, geometry.B, geometry.w, COUNT * geometry.V
    lanes = v or V

    def gatewise_row_product(start, x, W, out, start_rows, x_rows, out_rows, x_gates, K, full, n):
        for p in range(full + (1 if v > 0 else 0)):
            for gate in range(COUNT):
                column = gate * V if p < full else gate * lanes
                weights = p * panel * K + (column // w * w * K + column % w if p < full else column)
                r, tiles = 0, (n + TILE_ROWS - 1) // TILE_ROWS
                while r < n:
                    rows, to = tile_height(n - r, tiles), r * out_rows + p * panel + column
                    arguments = (
                        Matrix(start, r * start_rows + p * panel + column, start_rows),
                        RowProduct(Matrix(x, gate * x_gates + r * x_rows, x_rows), K, Weights(W, weights, 0)),
                        Matrix(out, to, out_rows),
                    )
                    if p < full:
                        affine_rows(rows, 1, 1, B, V, arguments)
                    else:
                        affine_rows(rows, 1, 1, COUNT, lanes, arguments)
                    r += rows
                    tiles -= 1

    name = f"gatewise_row_product_{geometry.dtype}x{V}_{v}"
    return compile_cfunc(gatewise_row_product, name, _signature(geometry.dtype, 4, 7))


@cache
def gate_backward_product_kernel(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = dz_k U_k^T`` of one gate k: dz as the tape holds it, U transposed in blocks.

    The last block has C vectors. dz begins with the gate's first unit of the first row; the last panel begins ``last`` elements
    further.
    """
    V, B, w, panel = geometry.V, geometry.B, geometry.w, COUNT * geometry.V

    def gate_backward_product(zero, dz, U, out, out_rows, gate, H, lanes, blocks, panel_stride, last, n):
        whole, rest, K = H // V, H % V, COUNT * H
        for q in range(blocks + (1 if C > 0 else 0)):
            width = w if q < blocks else C * V
            for p in range(whole + (1 if rest > 0 else 0)):
                units, rows_apart, at = (V, panel, p * panel_stride) if p < whole else (rest, COUNT * lanes, last)
                weights = q * w * K + (p * panel + gate * units) * width
                r, tiles = 0, (n + TILE_ROWS - 1) // TILE_ROWS
                while r < n:
                    rows, to = tile_height(n - r, tiles), r * out_rows + q * w
                    arguments = (
                        Matrix(zero if p == 0 else out, 0 if p == 0 else to, 0 if p == 0 else out_rows),
                        RowProduct(Matrix(dz, at + r * rows_apart, rows_apart), units, Weights(U, weights, 0)),
                        Matrix(out, to, out_rows),
                    )
                    if q < blocks:
                        affine_rows(rows, B, B, B, V, arguments)
                    else:
                        affine_rows(rows, C, C, C, V, arguments)
                    r += rows
                    tiles -= 1

    name = f"gate_backward_product_{geometry.dtype}x{V}_{C}"
    return compile_cfunc(gate_backward_product, name, _signature(geometry.dtype, 4, 8))


@cache
def backward_product_kernel(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = dz U^T``: dz as the tape holds it, U transposed in blocks, C vectors in the last."""
    V, B, w, panel = geometry.V, geometry.B, geometry.w, COUNT * geometry.V

    def backward_product(
        dz,  # the tape's panels
        U,  # (columns, 4H), transposed in blocks
        out,  # n rows, out_rows elements apart, written; no other array
        at, panel_stride, whole, last, lanes, rest,  # the rows on the tape, see TapeRows
        K, out_rows, blocks, n,  # rows 4H of a block, elements between rows of out, full blocks, rows
    ):  # fmt: skip
        for q in range(blocks + (1 if C > 0 else 0)):
            r, tiles = 0, (n + TILE_ROWS - 1) // TILE_ROWS
            while r < n:
                rows = tile_height(n - r, tiles)
                tape_rows = TapeRows(dz, at + r * panel, panel_stride, whole, last + r * COUNT * lanes, lanes, rest)
                arguments = (tape_rows, Transposed(U, q * w * K, K), Matrix(out, r * out_rows + q * w, out_rows), 1)
                if q < blocks:
                    gate_rows(rows, B, B, B, V, arguments)
                else:
                    gate_rows(rows, C, C, C, V, arguments)
                r += rows
                tiles -= 1

    return compile_cfunc(backward_product, f"backward_product_{geometry.dtype}x{V}_{C}", _signature(geometry.dtype, 3, 10))
