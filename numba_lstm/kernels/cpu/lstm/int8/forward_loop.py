"""The time loop of LSTMs with int8 weights: each step quantizes x and h, then computes panel by panel like other LSTMs."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from ...compiler.jit import compile_cfunc
from ...gemm.layout import MAX_PENDING_ROWS, VectorGeometry
from ...gemm.microkernel import TILE_ROWS
from ...runtime.indirect_call import call
from ...simd.vector import offset, pointer
from ..rowwise.kernel_args import signature
from .products import MAX_TILE_ROWS, int_rows, to_int


@cache
def forward_loop(geometry: VectorGeometry, C: int) -> Any:
    """Return the loop of steps t0 .. t1 of rows r0 .. r1 as a C function (:func:`..rowwise.kernel_args.signature`).

    The weights of a panel have a quarter of the bytes of float32 and stay in the L1 cache while all rows use them, so that sums
    are never split. A pointwise kernel processes many rows of a panel, or many panels of a row where rows are few.
    """
    V, panel, v, row_unroll = geometry.V, 4 * geometry.V, C * geometry.V // 4, geometry.row_unroll

    def lstm_int8_forward(kernel_args, f_, b_, x, t0, t1, r0, r1):
        j = carray(kernel_args, 1)[0]
        full, all_ = j.full, j.full + (1 if C > 0 else 0)
        W, U, W_scales, U_scales = pointer(j.W, b_), pointer(j.U, b_), pointer(j.W_scales, f_), pointer(j.U_scales, f_)
        int_x, int_h, scales = pointer(j.int_x, b_), pointer(j.int_h, b_), pointer(j.row_scales, f_)
        bias, levels, scalars, peephole = (
            pointer(j.bias, f_), pointer(j.levels, f_), pointer(j.scalars, f_), pointer(j.peephole, f_)
        )  # fmt: skip
        z, lanes, c = pointer(j.z, f_), pointer(j.lanes_scratch, f_), pointer(j.c, f_)
        D, H = (j.D + 1) // 2, (j.H + 1) // 2  # in pairs
        few_rows = r1 - r0 < TILE_ROWS
        group = MAX_PENDING_ROWS // (r1 - r0) if few_rows else 1
        for t in range(t0, t1):
            h_old = offset(pointer(j.h, f_), t % j.h_steps * j.N * j.h_rows)
            h_new = offset(pointer(j.h, f_), (t + 1) % j.h_steps * j.N * j.h_rows)
            for r in range(r0, r1):
                row = offset(pointer(x, f_), t * j.x_steps + r * j.x_rows)
                scales[2 * r] = to_int(row, j.D, levels[0], offset(int_x, r * j.int_x_rows), lanes, V)
                row = offset(h_old, r * j.h_rows)
                scales[2 * r + 1] = to_int(row, j.H, levels[1], offset(int_h, r * j.int_h_rows), lanes, V)
            p0 = 0
            while p0 < all_:
                p1 = min(full, p0 + group) if p0 < full else p0 + 1
                b0 = r0
                while b0 < r1:
                    rows, p = min(r1 - b0, MAX_PENDING_ROWS), p0
                    width = panel if p0 < full else 4 * v
                    while p < p1:
                        r, several_panels = b0, p + row_unroll <= p1 and rows == 1
                        while r < b0 + rows:
                            n = min(b0 + rows - r, MAX_TILE_ROWS)
                            at = (p - p0) * rows * panel + (r - b0) * width
                            arguments = (
                                bias, p * panel,
                                offset(int_x, r * j.int_x_rows), j.int_x_rows, W, p * panel * 2 * D, D, W_scales,
                                offset(int_h, r * j.int_h_rows), j.int_h_rows, U, p * panel * 2 * H, H, U_scales,
                                scales, r, z, at, width,
                            )  # fmt: skip
                            if p == full:
                                int_rows(n, C, 1, V, arguments)
                            elif several_panels:
                                int_rows(n, 4, row_unroll, V, arguments)
                            else:
                                int_rows(n, 4, 1, V, arguments)
                            r += n
                        p += row_unroll if several_panels else 1
                    u = p0 * V
                    if few_rows and p0 < full:  # a call for each row's panels
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = rows, p1 - p0, panel, rows * panel, V, V, 0
                        peephole_rows = 3 * V
                    else:
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = 1, rows, 0, width, j.c_rows, j.h_rows, j.masked
                        peephole_rows = 0
                    for r in range(calls):
                        at_c, at_h = offset(c, (b0 + r) * j.c_rows + u), (b0 + r) * j.h_rows + u
                        zs, valid = offset(z, r * z_next), offset(pointer(j.mask, b_), j.masked * (t * j.N + b0 + r))
                        call(
                            j.gate_kernel if p0 < full else j.last_gate_kernel,
                            (zs, at_c, at_c, z, offset(peephole, j.peepholes * 3 * u), scalars, valid, b_,
                             z_rows, c_next, 0, peephole_rows, mask_rows, 0, n, 0, 0),
                        )  # fmt: skip
                        call(
                            j.output_kernel if p0 < full else j.last_output_kernel,
                            (zs, offset(h_old, at_h), offset(h_new, at_h), scalars, valid, b_,
                             z_rows, h_next, mask_rows, 0, n),
                        )  # fmt: skip
                    b0 += rows
                p0 = p1

    return compile_cfunc(lstm_int8_forward, f"lstm_int8_forward_{geometry.dtype}x{V}_{C}", signature(geometry.dtype))
