"""The time loop of LSTMs with int8 weights: each step quantizes x and h, then computes panel by panel like other LSTMs."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from .....gates import COUNT
from ...compiler.jit import compile_cfunc, inlined
from ...gemm.layout import MAX_PENDING_ROWS, VectorGeometry
from ...gemm.microkernel import TILE_ROWS
from ...gemm.operands import Matrix, Weights
from ...simd.vector import offset, pointer
from ..phases.arrays import Lines, Panels
from ..phases.forward import PointwiseArrays, RowBlock, State, pointwise
from ..rowwise.kernel_args import signature
from .products import MAX_TILE_ROWS, IntFactor, int_rows, to_int


@inlined
def quantize_rows(j, x, h, r0, r1, f_, b_, V):
    """Store rows r0 .. r1 of x_t and of h_{t-1} as integers, and their scales."""
    int_x, int_h, lanes = pointer(j.int_x, b_), pointer(j.int_h, b_), pointer(j.lanes_scratch, f_)
    scales, levels = pointer(j.row_scales, f_), pointer(j.levels, f_)
    for r in range(r0, r1):
        scales[2 * r] = to_int(offset(x, r * j.x_rows), j.D, levels[0], offset(int_x, r * j.int_x_rows), lanes, V)
        scales[2 * r + 1] = to_int(offset(h, r * j.h_rows), j.H, levels[1], offset(int_h, r * j.int_h_rows), lanes, V)


@inlined
def operands(j, r, column, z_at, width, panel, f_, b_):
    """Return the operands of ``z = b + x W + h U`` for rows from r on and the panel that begins with ``column``."""
    D, H = (j.D + 1) // 2, (j.H + 1) // 2  # in pairs
    int_x, int_h = offset(pointer(j.int_x, b_), r * j.int_x_rows), offset(pointer(j.int_h, b_), r * j.int_h_rows)
    return (
        Weights(pointer(j.bias, f_), column, panel),
        IntFactor(int_x, j.int_x_rows, pointer(j.W, b_), column * 2 * D, D, pointer(j.W_scales, f_)),
        IntFactor(int_h, j.int_h_rows, pointer(j.U, b_), column * 2 * H, H, pointer(j.U_scales, f_)),
        Matrix(pointer(j.row_scales, f_), 2 * r, 2),
        Matrix(pointer(j.z, f_), z_at, width),
    )


@cache
def forward_loop(geometry: VectorGeometry, C: int) -> Any:
    """Return the loop of steps t0 .. t1 of rows r0 .. r1 as a C function (:func:`..rowwise.kernel_args.signature`).

    The weights of a panel have a quarter of the bytes of float32 and stay in the L1 cache while all rows use them, so that sums
    are never split. A pointwise kernel processes many rows of a panel, or many panels of a row where rows are few.
    """
    V, panel, row_unroll = geometry.V, COUNT * geometry.V, geometry.row_unroll

    def lstm_int8_forward(kernel_args, f_, b_, x, t0, t1, r0, r1):
        j = carray(kernel_args, 1)[0]
        full, panels, few_rows, c = j.full, j.full + (1 if C > 0 else 0), r1 - r0 < TILE_ROWS, pointer(j.c, f_)
        stack = MAX_PENDING_ROWS // (r1 - r0) if few_rows else 1
        kernels, last_kernels = (j.gate_kernel, j.output_kernel), (j.last_gate_kernel, j.last_output_kernel)
        z = pointer(j.z, f_)
        arrays = PointwiseArrays(
            z, Panels(z, 0, 0), Lines(pointer(j.peephole, f_), 0, 3 * j.peepholes), pointer(j.scalars, f_),
            Lines(pointer(j.mask, b_), j.masked, 0), Lines(b_, 0, 0), Lines(b_, 0, 0),
        )  # fmt: skip
        for t in range(t0, t1):
            h_old = offset(pointer(j.h, f_), t % j.h_steps * j.N * j.h_rows)
            h_new = offset(pointer(j.h, f_), (t + 1) % j.h_steps * j.N * j.h_rows)
            # [x_t | h_{t-1}] as integers
            quantize_rows(j, offset(pointer(x, f_), t * j.x_steps), h_old, r0, r1, f_, b_, V)
            p0 = 0
            while p0 < panels:
                p1 = min(full, p0 + stack) if p0 < full else p0 + 1
                width, r = panel if p0 < full else C * V, r0
                while r < r1:
                    rows, p = min(r1 - r, MAX_PENDING_ROWS), p0
                    # z_t = b + x_t W + h_{t-1} U
                    while p < p1:
                        several_panels = p + row_unroll <= p1 and rows == 1
                        for k in range(0, rows, MAX_TILE_ROWS):
                            n, z_at = min(rows - k, MAX_TILE_ROWS), (p - p0) * rows * panel + k * width
                            arguments = operands(j, r + k, p * panel, z_at, width, panel, f_, b_)
                            if p == full:
                                int_rows(n, C, 1, V, arguments)
                            elif several_panels:
                                int_rows(n, 4, row_unroll, V, arguments)
                            else:
                                int_rows(n, 4, 1, V, arguments)
                        p += row_unroll if several_panels else 1
                    # i, f, g, o, c_t, h_t
                    pointwise(
                        kernels if p0 < full else last_kernels, RowBlock(r, rows, rows, 0, 0), p0, p1 - p0, t * j.N + r,
                        State(h_old, h_new, j.h_rows), State(c, c, j.c_rows), arrays, 0, width, few_rows and p0 < full, V,
                    )  # fmt: skip
                    r += rows
                p0 = p1

    return compile_cfunc(lstm_int8_forward, f"lstm_int8_forward_{geometry.dtype}x{V}_{C}", signature(geometry.dtype))
