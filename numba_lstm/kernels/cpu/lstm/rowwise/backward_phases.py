"""Phases of a step of the rowwise backward loop, each of all rows before the next.

``j`` is the record of :mod:`.kernel_args`, ``f_`` and ``b_`` are pointers to floats and to booleans.
"""

from __future__ import annotations

from .....gates import COUNT
from ...compiler.jit import inlined
from ...runtime.indirect_call import call
from ...simd.arithmetic import fma, select
from ...simd.flush import flush_gradient
from ...simd.vector import flags, load, offset, pointer, splat, store
from .row_norms import norm_gradient_row
from .steps import num_panels, tape_place


@inlined
def project_gradient(j, f_, b_, step, dy, dm, dm_rows, V):
    """Compute ``dm = dh R^T``, where dh, on the tape too, is the sum of dy, of the next step's dh and of what bypasses U."""
    dh, carry = offset(pointer(j.dh, f_), step.r0 * j.dh_rows), offset(pointer(j.carry, f_), step.r0 * j.dh_rows)
    dh_in, zoneout_h = offset(pointer(j.dhs, f_), step.row * j.dh_rows), pointer(j.zoneout_h, b_)
    for r in range(step.n):
        for i in range(0, j.dh_rows, V):
            at = r * j.dh_rows + i
            d = load(dh, at, V) + load(carry, at, V)
            if j.has_dy != 0:
                d = d + load(dy, r * j.dy_rows + i, V)
            carried = splat(f_, 0.0, V)
            if j.zoneout_h_rows != 0:
                zoned_out = flags(zoneout_h, (step.row + r) * j.zoneout_h_rows + i, V)
                carried, d = select(zoned_out, d, carried), select(zoned_out, 0.0, d)
            if j.masked != 0:
                valid_row = splat(f_, step.valid[r], V) > 0.0
                carried, d = select(valid_row, carried, carried + d), select(valid_row, d, 0.0)
            store(carry, at, carried)
            store(dh_in, at, d)
    zero, R = pointer(j.zero, f_), pointer(j.R, f_)
    call(j.projection_product, (zero, dh_in, R, dm, 0, j.dh_rows, dm_rows, j.P, j.R_full, step.n))


@inlined
def normalized_cell(j, f_, step, V):
    """Compute the layer norm of c again, which the output has read; return its rows."""
    norm, units = pointer(j.cell_norm, f_), j.units
    nc, out = offset(pointer(j.nc, f_), step.row * units), offset(pointer(j.u, f_), step.r0 * j.c_rows)
    for r in range(step.n):
        for i in range(j.full * V + j.tail):
            out[r * j.c_rows + i] = nc[r * units + i] * norm[i] + norm[units + i]
    return out


@inlined
def output_kernels(j, f_, b_, step, c_in, dm, dm_rows, dy, has_dy, V):
    """Compute dz_o and, in dm, the gradient of what the output reads of c."""
    tape, scalars, zoneout_h = pointer(j.tape, f_), pointer(j.scalars, f_), pointer(j.zoneout_h, b_)
    carry = offset(pointer(j.cell_carry, f_), step.r0 * j.c_rows)
    for p in range(num_panels(j)):
        u, width = p * V, COUNT * V if p < j.full else COUNT * j.tail
        call(
            j.output_kernel if p < j.full else j.last_output_kernel,
            (offset(dm, u), offset(dy, u * has_dy), offset(step.c_old, u), offset(c_in, u), offset(carry, u),
             offset(tape, p * j.panel_stride + step.row * width), scalars, step.valid,
             offset(zoneout_h, step.row * j.zoneout_h_rows + u),
             dm_rows, j.dy_rows, j.c_rows, width, j.masked, j.zoneout_h_rows, step.n, 0, 0, has_dy),
        )  # fmt: skip


@inlined
def cell_norm_gradient(j, f_, step, dm, dm_rows, V):
    """Replace dm by the gradient of c before its layer norm; add to the gradients of the norm's weights."""
    real, constants, norm = pointer(j.real_units, f_), pointer(j.norm_constants_units, f_), pointer(j.cell_norm, f_)
    scales, lanes = pointer(j.scales, f_), offset(pointer(j.lanes_scratch, f_), step.r0 * V)
    for r in range(step.n):
        nc = offset(pointer(j.nc, f_), (step.row + r) * j.units)
        dgamma = offset(pointer(j.dcell_norm, f_), (step.r0 + r) * 2 * j.units)
        du = offset(dm, r * dm_rows)
        valid_row = 1 if j.masked == 0 else step.valid[r]
        for i in range(0, j.units, V):
            d = select(load(real, i, V) > 0.0, load(du, i, V), 0.0)
            if valid_row == 0:
                d = splat(f_, 0.0, V)
            store(dgamma, i, fma(d, load(nc, i, V), load(dgamma, i, V)))
            store(dgamma, j.units + i, load(dgamma, j.units + i, V) + d)
            store(du, i, d * load(norm, i, V))
        norm_gradient_row(du, nc, real, scales[3 * (step.row + r) + 2], j.units, constants, lanes, V)


@inlined
def gate_kernels(j, f_, b_, step, dm, dm_rows, V):
    """Compute dz and the gradient of c_{t-1}."""
    tape, peephole, scalars = pointer(j.tape, f_), pointer(j.peephole, f_), pointer(j.scalars, f_)
    dc, zoneout_c = offset(pointer(j.dc, f_), step.r0 * j.c_rows), pointer(j.zoneout_c, b_)
    for p in range(num_panels(j)):
        u, lane = p * V, V if p < j.full else j.tail
        grads = offset(pointer(j.peephole_grads, f_), j.peepholes * 3 * (u * j.N + step.r0 * lane))
        call(
            j.gate_kernel if p < j.full else j.last_gate_kernel,
            (offset(dm, u), offset(step.c_old, u), offset(step.c_new, u), offset(dc, u),
             offset(tape, p * j.panel_stride + step.row * COUNT * lane), offset(peephole, 3 * u), grads, scalars, step.valid,
             offset(zoneout_c, step.row * j.zoneout_c_rows + u),
             dm_rows, j.c_rows, COUNT * lane, 0, 3 * lane, j.masked, j.zoneout_c_rows, step.n, 0, 0),
        )  # fmt: skip


@inlined
def product_norm_gradients(j, f_, step, V):
    """Replace nx and nh by the gradients of x W and of h U; add to the gradients of the norms' weights."""
    gates, real, constants = j.gates, pointer(j.real_gates, f_), pointer(j.norm_constants_gates, f_)
    gx, gh, tape = pointer(j.kernel_norm, f_), pointer(j.recurrent_norm, f_), pointer(j.tape, f_)
    nx, nh, scales = pointer(j.nx, f_), pointer(j.nh, f_), pointer(j.scales, f_)
    lanes = offset(pointer(j.lanes_scratch, f_), step.r0 * V)
    for r in range(step.n):
        at_row, row = (step.r0 + r) * gates, step.row + r
        dgx, dgh = offset(pointer(j.dkernel_norm, f_), at_row), offset(pointer(j.drecurrent_norm, f_), at_row)
        # rows of scratch: two gradients and two norms
        ax, ah = offset(pointer(j.zx, f_), at_row), offset(pointer(j.z, f_), at_row)
        kx, kh = offset(pointer(j.zx_norm, f_), at_row), offset(pointer(j.zh_norm, f_), at_row)
        for i in range(0, gates, V):
            at = tape_place(i, row, j.full, j.panel_stride, j.tail, V)
            d, vx, vh = load(tape, at, V), load(nx, at, V), load(nh, at, V)
            d = select(load(real, i, V) > 0.0, d, 0.0)
            store(dgx, i, fma(d, vx, load(dgx, i, V)))
            store(dgh, i, fma(d, vh, load(dgh, i, V)))
            store(ax, i, d * load(gx, i, V))
            store(ah, i, d * load(gh, i, V))
            store(kx, i, vx)
            store(kh, i, vh)
        norm_gradient_row(ax, kx, real, scales[3 * row], gates, constants, lanes, V)
        norm_gradient_row(ah, kh, real, scales[3 * row + 1], gates, constants, lanes, V)
        for i in range(0, gates, V):
            at = tape_place(i, row, j.full, j.panel_stride, j.tail, V)
            store(nx, at, load(ax, i, V))
            store(nh, at, load(ah, i, V))


@inlined
def recurrent_gradient(j, f_, step, dz, V):
    """Compute ``dh = dz U^T``, the sum of its gates times their factors with dropout per gate."""
    whole, rest, row, n = j.H // V, j.H % V, step.row, step.n
    last, dh = whole * j.panel_stride + row * COUNT * j.lanes, offset(pointer(j.dh, f_), step.r0 * j.dh_rows)
    zero, U, begin_row = pointer(j.zero, f_), pointer(j.U, f_), row * COUNT * V
    if j.per_gate == 0:
        call(
            j.h_product,
            (dz, U, dh, begin_row, j.panel_stride, whole, last, j.lanes, rest, COUNT * j.H, j.dh_rows, j.U_full, n),
        )
        return
    between, products, dropout_factors = j.N * j.factor_rows, pointer(j.zh, f_), pointer(j.dropout_factors, f_)
    for gate in range(COUNT):
        begin = begin_row + gate * V
        at = offset(products, gate * between + step.r0 * j.factor_rows)
        last_at = last + gate * j.lanes - begin
        call(
            j.h_product,
            (zero, offset(dz, begin), U, at, j.factor_rows, gate, j.H, j.lanes, j.U_full, j.panel_stride, last_at, n),
        )
    for r in range(n):
        for i in range(0, j.factor_rows, V):
            d = splat(f_, 0.0, V)
            for gate in range(COUNT):
                at = gate * between + (step.r0 + r) * j.factor_rows + i
                d = fma(load(dropout_factors, at, V), load(products, at, V), d)
            store(dh, r * j.dh_rows + i, flush_gradient(d))
