"""The backward time loop of LSTMs that need whole rows at a step; see :mod:`.forward_loop`."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from ...compiler.jit import compile_cfunc
from ...gemm.layout import VectorGeometry
from ...runtime.indirect_call import call
from ...simd.arithmetic import fma, select
from ...simd.flush import flush_gradient
from ...simd.vector import flags, load, offset, pointer, splat, store
from .forward_loop import tape_place
from .kernel_args import signature
from .row_norms import norm_gradient_row


@cache
def backward_loop(geometry: VectorGeometry) -> Any:
    """Return the backward loop over steps t1 - 1 .. t0 of rows r0 .. r1, a C function: pointwise kernels turn gates into dz.

    With norms, ``nx`` and ``nh`` become the gradients of x W and of h U, which differ then.
    """
    V = geometry.V
    panel = 4 * V

    def lstm_rows_backward(kernel_args, f_, b_, x, t0, t1, r0, r1):
        j = carray(kernel_args, 1)[0]
        n, full, tail, gates, panel_stride = r1 - r0, j.full, j.tail, j.gates, j.panel_stride
        panels, whole, rest = full + (1 if tail > 0 else 0), j.H // V, j.H % V
        zero, scalars, peephole, U_ = pointer(j.zero, f_), pointer(j.scalars, f_), pointer(j.peephole, f_), pointer(j.U, f_)
        tape, zoneout_h, zoneout_c = pointer(j.tape, f_), pointer(j.zoneout_h, b_), pointer(j.zoneout_c, b_)
        lanes, scales = offset(pointer(j.lanes_scratch, f_), r0 * V), pointer(j.scales, f_)
        dh, dc = offset(pointer(j.dh, f_), r0 * j.dh_rows), offset(pointer(j.dc, f_), r0 * j.c_rows)
        carry, cell_carry = offset(pointer(j.carry, f_), r0 * j.dh_rows), offset(pointer(j.cell_carry, f_), r0 * j.c_rows)
        dm, dm_rows = (offset(pointer(j.dm, f_), r0 * j.dm_rows), j.dm_rows) if j.projected != 0 else (dh, j.dh_rows)
        z, zx, u_ = offset(pointer(j.z, f_), r0 * gates), offset(pointer(j.zx, f_), r0 * gates), pointer(j.u, f_)
        for s in range(t1 - t0):
            t = t1 - 1 - s
            row = t * j.N + r0
            c_old = offset(pointer(j.c, f_), (t * j.N + r0) * j.c_rows)
            c_new = offset(pointer(j.c, f_), ((t + 1) * j.N + r0) * j.c_rows)
            valid = offset(pointer(j.mask, b_), row * j.masked)
            dy = offset(pointer(j.dy, f_), t * j.dy_steps + r0 * j.dy_rows)
            has_dy = j.has_dy
            if j.projected != 0:
                dh_in = offset(pointer(j.dhs, f_), row * j.dh_rows)
                for r in range(n):
                    for i in range(0, j.dh_rows, V):
                        at = r * j.dh_rows + i
                        d = load(dh, at, V) + load(carry, at, V)
                        if has_dy != 0:
                            d = d + load(dy, r * j.dy_rows + i, V)
                        carried = splat(f_, 0.0, V)
                        if j.zoneout_h_rows != 0:
                            zoned_out = flags(zoneout_h, (row + r) * j.zoneout_h_rows + i, V)
                            carried, d = select(zoned_out, d, carried), select(zoned_out, 0.0, d)
                        if j.masked != 0:
                            valid_row = splat(f_, valid[r], V) > 0.0
                            carried, d = select(valid_row, carried, carried + d), select(valid_row, d, 0.0)
                        store(carry, at, carried)
                        store(dh_in, at, d)
                call(j.projection_product, (zero, dh_in, pointer(j.R, f_), dm, 0, j.dh_rows, dm_rows, j.P, j.R_full, n))
                has_dy = 0

            c_in = c_new
            if j.norms != 0:
                c_in, norm = offset(u_, r0 * j.c_rows), pointer(j.cell_norm, f_)
                nc = offset(pointer(j.nc, f_), row * j.units)
                for r in range(n):
                    for i in range(full * V + tail):
                        c_in[r * j.c_rows + i] = nc[r * j.units + i] * norm[i] + norm[j.units + i]
            for p in range(panels):
                u, width = p * V, panel if p < full else 4 * tail
                dy_at = offset(dy, u * has_dy)
                call(
                    j.output_kernel if p < full else j.last_output_kernel,
                    (offset(dm, u), dy_at, offset(c_old, u), offset(c_in, u), offset(cell_carry, u),
                     offset(tape, p * panel_stride + row * width), scalars, valid,
                     offset(zoneout_h, row * j.zoneout_h_rows + u),
                     dm_rows, j.dy_rows, j.c_rows, width, j.masked, j.zoneout_h_rows, n, 0, 0, has_dy),
                )  # fmt: skip
            if j.norms != 0:
                real, constants, norm = pointer(j.real_units, f_), pointer(j.norm_constants_units, f_), pointer(j.cell_norm, f_)
                for r in range(n):
                    nc = offset(pointer(j.nc, f_), (row + r) * j.units)
                    dgamma = offset(pointer(j.dcell_norm, f_), (r0 + r) * 2 * j.units)
                    du = offset(dm, r * dm_rows)
                    valid_row = 1 if j.masked == 0 else valid[r]
                    for i in range(0, j.units, V):
                        d = select(load(real, i, V) > 0.0, load(du, i, V), 0.0)
                        if valid_row == 0:
                            d = splat(f_, 0.0, V)
                        store(dgamma, i, fma(d, load(nc, i, V), load(dgamma, i, V)))
                        store(dgamma, j.units + i, load(dgamma, j.units + i, V) + d)
                        store(du, i, d * load(norm, i, V))
                    norm_gradient_row(du, nc, real, scales[3 * (row + r) + 2], j.units, constants, lanes, V)
            for p in range(panels):
                u, lane = p * V, V if p < full else tail
                call(
                    j.gate_kernel if p < full else j.last_gate_kernel,
                    (offset(dm, u), offset(c_old, u), offset(c_new, u), offset(dc, u),
                     offset(tape, p * panel_stride + row * 4 * lane), offset(peephole, 3 * u),
                     offset(pointer(j.peephole_grads, f_), j.peepholes * 3 * (u * j.N + r0 * lane)), scalars, valid,
                     offset(zoneout_c, row * j.zoneout_c_rows + u),
                     dm_rows, j.c_rows, 4 * lane, 0, 3 * lane, j.masked, j.zoneout_c_rows, n, 0, 0),
                )  # fmt: skip

            dz = tape
            if j.norms != 0:
                real, constants = pointer(j.real_gates, f_), pointer(j.norm_constants_gates, f_)
                gx, gh = pointer(j.kernel_norm, f_), pointer(j.recurrent_norm, f_)
                nx, nh = pointer(j.nx, f_), pointer(j.nh, f_)
                for r in range(n):
                    dgx = offset(pointer(j.dkernel_norm, f_), (r0 + r) * gates)
                    dgh = offset(pointer(j.drecurrent_norm, f_), (r0 + r) * gates)
                    # rows of scratch: two gradients and two norms
                    ax, ah = offset(zx, r * gates), offset(z, r * gates)
                    kx, kh = offset(pointer(j.zx_norm, f_), (r0 + r) * gates), offset(pointer(j.zh_norm, f_), (r0 + r) * gates)
                    for i in range(0, gates, V):
                        at = tape_place(i, row + r, full, panel_stride, tail, V)
                        d, vx, vh = load(tape, at, V), load(nx, at, V), load(nh, at, V)
                        d = select(load(real, i, V) > 0.0, d, 0.0)
                        store(dgx, i, fma(d, vx, load(dgx, i, V)))
                        store(dgh, i, fma(d, vh, load(dgh, i, V)))
                        store(ax, i, d * load(gx, i, V))
                        store(ah, i, d * load(gh, i, V))
                        store(kx, i, vx)
                        store(kh, i, vh)
                    norm_gradient_row(ax, kx, real, scales[3 * (row + r)], gates, constants, lanes, V)
                    norm_gradient_row(ah, kh, real, scales[3 * (row + r) + 1], gates, constants, lanes, V)
                    for i in range(0, gates, V):
                        at = tape_place(i, row + r, full, panel_stride, tail, V)
                        store(nx, at, load(ax, i, V))
                        store(nh, at, load(ah, i, V))
                dz = nh

            last = whole * panel_stride + row * 4 * j.lanes
            if j.per_gate != 0:
                between = j.N * j.factor_rows
                products, dropout_factors = pointer(j.zh, f_), pointer(j.dropout_factors, f_)
                for gate in range(4):
                    begin = row * panel + gate * V
                    at = offset(products, gate * between + r0 * j.factor_rows)
                    call(
                        j.h_product,
                        (zero, offset(dz, begin), U_, at, j.factor_rows, gate, j.H, j.lanes, j.U_full, panel_stride,
                         last + gate * j.lanes - begin, n),
                    )  # fmt: skip
                for r in range(n):
                    for i in range(0, j.factor_rows, V):
                        d = splat(f_, 0.0, V)
                        for gate in range(4):
                            at = gate * between + (r0 + r) * j.factor_rows + i
                            d = fma(load(dropout_factors, at, V), load(products, at, V), d)
                        store(dh, r * j.dh_rows + i, flush_gradient(d))
            else:
                call(
                    j.h_product,
                    (dz, U_, dh, row * panel, panel_stride, whole, last, j.lanes, rest, 4 * j.H, j.dh_rows, j.U_full, n),
                )  # fmt: skip

    return compile_cfunc(lstm_rows_backward, f"lstm_rows_backward_{geometry.dtype}x{V}", signature(geometry.dtype))
