"""The time loop back through LSTMs that need whole rows at a step; see :mod:`.lstm_rows_loops`."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from ...compiler.jit import cell
from ...gemm.layout import Shape
from ...runtime.indirect_call import call
from ...simd.arithmetic import fma, select
from ...simd.flush import flush_gradient
from ...simd.vector import flags, load, offset, pointer, splat, store
from .forward_loop import tape_place
from .kernel_args import signature
from .row_norms import norm_gradient_row


@cache
def backward_loop(shape: Shape) -> Any:
    """The way back over steps t1 - 1 .. t0 of rows r0 .. r1, as a C function: the cells turn gates into dz, norms follow.

    With norms, ``nx`` and ``nh`` become the gradients of x W and of h U, which are not the same then.
    """
    V = shape.V
    panel = 4 * V

    def lstm_rows_backward(job, f_, b_, x, t0, t1, r0, r1):
        j = carray(job, 1)[0]
        n, full, tail, gates, apart = r1 - r0, j.full, j.tail, j.gates, j.apart
        panels, whole, rest = full + (1 if tail > 0 else 0), j.H // V, j.H % V
        zero, settings, peephole, U_ = pointer(j.zero, f_), pointer(j.settings, f_), pointer(j.peephole, f_), pointer(j.U, f_)
        tape, kept_h, kept_c = pointer(j.tape, f_), pointer(j.kept_h, b_), pointer(j.kept_c, b_)
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
                into = offset(pointer(j.dhs, f_), row * j.dh_rows)
                for r in range(n):
                    for i in range(0, j.dh_rows, V):
                        at = r * j.dh_rows + i
                        d = load(dh, at, V) + load(carry, at, V)
                        if has_dy != 0:
                            d = d + load(dy, r * j.dy_rows + i, V)
                        past = splat(f_, 0.0, V)
                        if j.kept_h_rows != 0:
                            held = flags(kept_h, (row + r) * j.kept_h_rows + i, V)
                            past, d = select(held, d, past), select(held, 0.0, d)
                        if j.masked != 0:
                            on = splat(f_, valid[r], V) > 0.0
                            past, d = select(on, past, past + d), select(on, d, 0.0)
                        store(carry, at, past)
                        store(into, at, d)
                call(j.projection_product, (zero, into, pointer(j.R, f_), dm, 0, j.dh_rows, dm_rows, j.P, j.R_full, n))
                has_dy = 0

            c_seen = c_new
            if j.norms != 0:
                c_seen, norm = offset(u_, r0 * j.c_rows), pointer(j.cell_norm, f_)
                nc = offset(pointer(j.nc, f_), row * j.units)
                for r in range(n):
                    for i in range(full * V + tail):
                        c_seen[r * j.c_rows + i] = nc[r * j.units + i] * norm[i] + norm[j.units + i]
            for p in range(panels):
                u, width = p * V, panel if p < full else 4 * tail
                dy_at = offset(dy, u * has_dy)
                call(
                    j.output_cell if p < full else j.last_output_cell,
                    (offset(dm, u), dy_at, offset(c_old, u), offset(c_seen, u), offset(cell_carry, u),
                     offset(tape, p * apart + row * width), settings, valid, offset(kept_h, row * j.kept_h_rows + u),
                     dm_rows, j.dy_rows, j.c_rows, width, j.masked, j.kept_h_rows, n, 0, 0, has_dy),
                )  # fmt: skip
            if j.norms != 0:
                real, numbers, norm = pointer(j.real_units, f_), pointer(j.numbers_units, f_), pointer(j.cell_norm, f_)
                for r in range(n):
                    nc = offset(pointer(j.nc, f_), (row + r) * j.units)
                    dgamma = offset(pointer(j.dcell_norm, f_), (r0 + r) * 2 * j.units)
                    du = offset(dm, r * dm_rows)
                    on = 1 if j.masked == 0 else valid[r]
                    for i in range(0, j.units, V):
                        d = select(load(real, i, V) > 0.0, load(du, i, V), 0.0)
                        if on == 0:
                            d = splat(f_, 0.0, V)
                        store(dgamma, i, fma(d, load(nc, i, V), load(dgamma, i, V)))
                        store(dgamma, j.units + i, load(dgamma, j.units + i, V) + d)
                        store(du, i, d * load(norm, i, V))
                    norm_gradient_row(du, nc, real, scales[3 * (row + r) + 2], j.units, numbers, lanes, V)
            for p in range(panels):
                u, lane = p * V, V if p < full else tail
                call(
                    j.gate_cell if p < full else j.last_gate_cell,
                    (offset(dm, u), offset(c_old, u), offset(c_new, u), offset(dc, u),
                     offset(tape, p * apart + row * 4 * lane), offset(peephole, 3 * u),
                     offset(pointer(j.shares, f_), j.peepholes * 3 * (u * j.N + r0 * lane)), settings, valid,
                     offset(kept_c, row * j.kept_c_rows + u),
                     dm_rows, j.c_rows, 4 * lane, 0, 3 * lane, j.masked, j.kept_c_rows, n, 0, 0),
                )  # fmt: skip

            dz = tape
            if j.norms != 0:
                real, numbers = pointer(j.real_gates, f_), pointer(j.numbers_gates, f_)
                gx, gh = pointer(j.kernel_norm, f_), pointer(j.recurrent_norm, f_)
                nx, nh = pointer(j.nx, f_), pointer(j.nh, f_)
                for r in range(n):
                    dgx = offset(pointer(j.dkernel_norm, f_), (r0 + r) * gates)
                    dgh = offset(pointer(j.drecurrent_norm, f_), (r0 + r) * gates)
                    # side by side in scratch: two gradients and two norms
                    ax, ah = offset(zx, r * gates), offset(z, r * gates)
                    kx, kh = offset(pointer(j.zx_norm, f_), (r0 + r) * gates), offset(pointer(j.zh_norm, f_), (r0 + r) * gates)
                    for i in range(0, gates, V):
                        at = tape_place(i, row + r, full, apart, tail, V)
                        d, vx, vh = load(tape, at, V), load(nx, at, V), load(nh, at, V)
                        d = select(load(real, i, V) > 0.0, d, 0.0)
                        store(dgx, i, fma(d, vx, load(dgx, i, V)))
                        store(dgh, i, fma(d, vh, load(dgh, i, V)))
                        store(ax, i, d * load(gx, i, V))
                        store(ah, i, d * load(gh, i, V))
                        store(kx, i, vx)
                        store(kh, i, vh)
                    norm_gradient_row(ax, kx, real, scales[3 * (row + r)], gates, numbers, lanes, V)
                    norm_gradient_row(ah, kh, real, scales[3 * (row + r) + 1], gates, numbers, lanes, V)
                    for i in range(0, gates, V):
                        at = tape_place(i, row + r, full, apart, tail, V)
                        store(nx, at, load(ax, i, V))
                        store(nh, at, load(ah, i, V))
                dz = nh

            last = whole * apart + row * 4 * j.lanes
            if j.factored != 0:
                between = j.N * j.factor_rows
                products, factors = pointer(j.zh, f_), pointer(j.factors, f_)
                for gate in range(4):
                    begin = row * panel + gate * V
                    at = offset(products, gate * between + r0 * j.factor_rows)
                    call(
                        j.h_product,
                        (zero, offset(dz, begin), U_, at, j.factor_rows, gate, j.H, j.lanes, j.U_full, apart,
                         last + gate * j.lanes - begin, n),
                    )  # fmt: skip
                for r in range(n):
                    for i in range(0, j.factor_rows, V):
                        d = splat(f_, 0.0, V)
                        for gate in range(4):
                            at = gate * between + (r0 + r) * j.factor_rows + i
                            d = fma(load(factors, at, V), load(products, at, V), d)
                        store(dh, r * j.dh_rows + i, flush_gradient(d))
            else:
                call(
                    j.h_product,
                    (dz, U_, dh, row * panel, apart, whole, last, j.lanes, rest, 4 * j.H, j.dh_rows, j.U_full, n),
                )  # fmt: skip

    return cell(lstm_rows_backward, f"lstm_rows_backward_{shape.dtype}x{V}", signature(shape.dtype))
