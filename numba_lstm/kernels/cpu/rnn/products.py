"""The products of the time loops, as C functions that they call by address."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..compiler.jit import compile_cfunc, inlined
from ..gemm.forward import affine_gates, affine_row, recurrent_row, recurrent_rows
from ..gemm.layout import VectorGeometry
from ..gemm.microkernel import TILE_ROWS, tile_height
from ..gemm.operands import Gates, Matrix, RowProduct, Weights
from ..lstm.forward_loop import chunk_terms
from ..lstm.pointwise import signature
from ..simd.vector import offset

#: Vectors of a tile of up to three rows: fewer would not hide the latency of fma.
LOW_TILE = 4

#: Gates of a GRU.
GATES = 3


@inlined
def terms_of(p, r, row, first, terms, W, K, q, w, width, blocks):
    """Return ``terms`` terms, from ``first`` on, of rows r .. by block q of W, which has ``width`` columns."""
    return RowProduct(Matrix(p, r * row + first, row), terms, Weights(W, q * w * K + first * width, blocks * w * K))


@cache
def product_kernel(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = start + x W + h U`` for blocks q0 .. q1 of columns, C vectors in the last block.

    Each output is one sum in this order, of one term at least. ``out`` may be ``start``.
    """
    V, B, w, chunk = geometry.V, geometry.B, geometry.w, geometry.chunk
    across, bundle = max(1, LOW_TILE // geometry.B), geometry.G * geometry.row_unroll
    low, bundled = across * geometry.B, bundle * geometry.B

    def rnn_product(
        start,  # rows that the sums begin with, start_rows elements apart
        x, W, h, U,  # n rows of D and of H elements, and their weights in blocks
        out,  # n rows, written
        start_rows, x_rows, h_rows, out_rows,  # elements between rows
        D, H,  # terms of each product; 0: none
        full, q0, q1, n,  # full blocks, blocks of this call, rows
    ):  # fmt: skip
        q = q0
        if n == 1:
            while q + bundle <= min(q1, full):
                recurrent_row(
                    bundled, B, V,
                    (Matrix(start, q * w, 0), terms_of(x, 0, 0, 0, D, W, D, q, w, w, 1),
                     terms_of(h, 0, 0, 0, H, U, H, q, w, w, 1), Matrix(out, q * w, 0)),
                )  # fmt: skip
                q += bundle
        terms = chunk_terms(n, D + H, chunk, chunk, 0)
        while q < q1:
            # tiles of up to three rows compute several blocks in one product
            group = across if q + across <= min(q1, full) else 1
            width = w if q < full else C * V
            k = 0
            while k < D + H:
                d, e = min(D, k), max(0, k - D)
                for_x, for_h = min(D, k + terms) - d, max(0, min(H, k + terms - D)) - e
                for g in range(group):
                    r, tiles = 0, (n + TILE_ROWS - 1) // TILE_ROWS
                    while r < n:
                        rows, column = tile_height(n - r, tiles), (q + g) * w
                        first = Matrix(start, r * start_rows + column, start_rows)
                        if k > 0:
                            first = Matrix(out, r * out_rows + column, out_rows)
                        arguments = (
                            first,
                            terms_of(x, r, x_rows, d, for_x, W, D, q + g, w, width, 1),
                            terms_of(h, r, h_rows, e, for_h, U, H, q + g, w, width, 1),
                            Matrix(out, r * out_rows + column, out_rows),
                        )
                        if q == full:
                            recurrent_rows(rows, C, C, C, V, arguments)
                        elif group == 1:
                            recurrent_rows(rows, B, B, B, V, arguments)
                        elif g == 0 or rows > 3:
                            recurrent_rows(rows, low, B, B, V, arguments)
                        r += rows
                        tiles -= 1
                k += terms
            q += group

    return compile_cfunc(rnn_product, f"rnn_product_{geometry.dtype}x{V}_{C}", signature(geometry.dtype, 6, 0, 10))


@cache
def row_product_kernel(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = start + x W`` of some gates for one row x and blocks q0 .. q1, C vectors in the last block.

    What no bundle of blocks computes, a product of all gates does: a gate alone would not hide the latency of fma.
    """
    V, B, w = geometry.V, geometry.B, geometry.w
    bundle, tail = geometry.G * geometry.row_unroll, max(C, 1)
    bundled = bundle * B

    def rnn_row_product(
        start, last_start,  # what the sums of gates begin with, and those of the last gate
        x, W,  # a row of K elements, and the weights of the gates in blocks
        out, last_out,  # the gates, and the last gate; written
        padded, K, gates,  # elements of a gate, terms, gates
        full, q0, q1,  # full blocks, blocks of this call
    ):  # fmt: skip
        bundles = max(0, min(q1, full) - q0) // bundle
        for gate in range(gates if bundles > 0 else 0):
            first, target = offset(start, gate * padded), offset(out, gate * padded)
            if gate == gates - 1:
                first, target = last_start, last_out
            for q in range(q0, q0 + bundles * bundle, bundle):
                of_gate = terms_of(x, 0, 0, 0, K, offset(W, gate * padded * K), K, q, w, w, 1)
                affine_row(bundled, B, V, (Matrix(first, q * w, 0), of_gate, Matrix(target, q * w, 0)))
        for q in range(q0 + bundles * bundle, q1):
            at = q * w
            arguments = (
                Gates(offset(start, at), padded, offset(last_start, at)),
                RowProduct(Matrix(x, 0, 0), K, Weights(W, at * K, padded * K)),
                Gates(offset(out, at), padded, offset(last_out, at)),
            )
            if q < full:
                affine_gates(gates, GATES, 1, B, V, arguments)
            else:
                affine_gates(gates, GATES, 1, tail, V, arguments)

    name = f"rnn_row_product_{geometry.dtype}x{V}_{C}"
    return compile_cfunc(rnn_row_product, name, signature(geometry.dtype, 6, 0, 6))
