"""The time loop of LSTMs with int8 weights: at each step x and h become whole numbers, then panel by panel as every LSTM."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from ...compiler.jit import cell
from ...gemm.layout import ROWS, Shape
from ...gemm.microkernel import HEIGHT
from ...runtime.indirect_call import call
from ...simd.vector import offset, pointer
from ..rowwise.kernel_args import signature
from .products import HIGHEST, to_whole, whole_rows


@cache
def forward_loop(shape: Shape, C: int) -> Any:
    """Steps t0 .. t1 of rows r0 .. r1, as a C function (see :func:`.row_jobs.signature`); C vectors in the tail.

    A panel's weights are a quarter of what they are elsewhere and stay in the first-level cache while all rows go by, so a sum
    is never cut. Cells take many rows of a panel at once, or where rows are few many panels of a row.
    """
    V, panel, v, together = shape.V, 4 * shape.V, C * shape.V // 4, shape.together

    def lstm_int8_forward(job, f_, b_, x, t0, t1, r0, r1):
        j = carray(job, 1)[0]
        full, all_ = j.full, j.full + (1 if C > 0 else 0)
        W, U, W_scales, U_scales = pointer(j.W, b_), pointer(j.U, b_), pointer(j.W_scales, f_), pointer(j.U_scales, f_)
        whole_x, whole_h, scales = pointer(j.whole_x, b_), pointer(j.whole_h, b_), pointer(j.row_scales, f_)
        bias, levels, settings, peephole = (
            pointer(j.bias, f_), pointer(j.levels, f_), pointer(j.settings, f_), pointer(j.peephole, f_)
        )  # fmt: skip
        z, lanes, c = pointer(j.z, f_), pointer(j.lanes_scratch, f_), pointer(j.c, f_)
        D, H = (j.D + 1) // 2, (j.H + 1) // 2  # in pairs
        few = r1 - r0 < HEIGHT
        group = ROWS // (r1 - r0) if few else 1
        for t in range(t0, t1):
            h_old = offset(pointer(j.h, f_), t % j.h_steps * j.N * j.h_rows)
            h_new = offset(pointer(j.h, f_), (t + 1) % j.h_steps * j.N * j.h_rows)
            for r in range(r0, r1):
                row = offset(pointer(x, f_), t * j.x_steps + r * j.x_rows)
                scales[2 * r] = to_whole(row, j.D, levels[0], offset(whole_x, r * j.whole_x_rows), lanes, V)
                row = offset(h_old, r * j.h_rows)
                scales[2 * r + 1] = to_whole(row, j.H, levels[1], offset(whole_h, r * j.whole_h_rows), lanes, V)
            p0 = 0
            while p0 < all_:
                p1 = min(full, p0 + group) if p0 < full else p0 + 1
                b0 = r0
                while b0 < r1:
                    rows, p = min(r1 - b0, ROWS), p0
                    width = panel if p0 < full else 4 * v
                    while p < p1:
                        r, beside = b0, p + together <= p1 and rows == 1
                        while r < b0 + rows:
                            n = min(b0 + rows - r, HIGHEST)
                            at = (p - p0) * rows * panel + (r - b0) * width
                            arguments = (
                                bias, p * panel,
                                offset(whole_x, r * j.whole_x_rows), j.whole_x_rows, W, p * panel * 2 * D, D, W_scales,
                                offset(whole_h, r * j.whole_h_rows), j.whole_h_rows, U, p * panel * 2 * H, H, U_scales,
                                scales, r, z, at, width,
                            )  # fmt: skip
                            if p == full:
                                whole_rows(n, C, 1, V, arguments)
                            elif beside:
                                whole_rows(n, 4, together, V, arguments)
                            else:
                                whole_rows(n, 4, 1, V, arguments)
                            r += n
                        p += together if beside else 1
                    u = p0 * V
                    if few and p0 < full:  # a call for each row's panels
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = rows, p1 - p0, panel, rows * panel, V, V, 0
                        peephole_rows = 3 * V
                    else:
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = 1, rows, 0, width, j.c_rows, j.h_rows, j.masked
                        peephole_rows = 0
                    for r in range(calls):
                        at_c, at_h = offset(c, (b0 + r) * j.c_rows + u), (b0 + r) * j.h_rows + u
                        zs, valid = offset(z, r * z_next), offset(pointer(j.mask, b_), j.masked * (t * j.N + b0 + r))
                        call(
                            j.gate_cell if p0 < full else j.last_gate_cell,
                            (zs, at_c, at_c, z, offset(peephole, j.peepholes * 3 * u), settings, valid, b_,
                             z_rows, c_next, 0, peephole_rows, mask_rows, 0, n, 0, 0),
                        )  # fmt: skip
                        call(
                            j.output_cell if p0 < full else j.last_output_cell,
                            (zs, offset(h_old, at_h), offset(h_new, at_h), settings, valid, b_,
                             z_rows, h_next, mask_rows, 0, n),
                        )  # fmt: skip
                    b0 += rows
                p0 = p1

    return cell(lstm_int8_forward, f"lstm_int8_forward_{shape.dtype}x{V}_{C}", signature(shape.dtype))
