"""Phases of a step of the rowwise forward loop, each of all rows before the next.

``j`` is the record of :mod:`.kernel_args`, ``f_`` and ``b_`` are pointers to floats and to booleans.
"""

from __future__ import annotations

from .....gates import COUNT
from ...compiler.jit import inlined
from ...runtime.indirect_call import call
from ...simd.arithmetic import fma, select
from ...simd.flush import flush
from ...simd.vector import flags, load, offset, pointer, splat, store
from .row_norms import norm_row
from .steps import num_panels, scaled, tape_place


@inlined
def products(j, f_, x, step, V, G):
    """Compute ``z = b + x W + h U``; with norms, x W in ``zx`` and h U in z."""
    zero, n, gates = pointer(j.zero, f_), step.n, j.gates
    z, W, U = offset(pointer(j.z, f_), step.r0 * gates), pointer(j.W, f_), pointer(j.U, f_)
    start, zx = (zero, offset(pointer(j.zx, f_), step.r0 * gates)) if j.norms != 0 else (pointer(j.bias, f_), z)
    if j.x_gates != 0:
        call(j.x_product, (start, x, W, zx, 0, j.x_rows, gates, j.x_gates, j.D, j.full, n))
    else:
        call(j.x_product, (start, x, W, zx, 0, j.x_rows, gates, j.D, j.full * G, n))
    start, start_rows = (zero, 0) if j.norms != 0 else (z, gates)
    if j.per_gate != 0:
        size, between = j.factor_rows, j.N * j.factor_rows
        dropout_factors = offset(pointer(j.dropout_factors, f_), step.r0 * size)
        masked_h = offset(pointer(j.zh, f_), step.r0 * size)
        scaled(step.h_old, j.h_rows, dropout_factors, size, between, masked_h, n, V)
        call(j.h_product, (start, masked_h, U, z, start_rows, size, gates, between, j.P, j.full, n))
    else:
        call(j.h_product, (start, step.h_old, U, z, start_rows, j.h_rows, gates, j.P, j.full * G, n))


@inlined
def normalize_products(j, f_, step, V):
    """Compute ``z = b + n(x W) kernel_norm + n(h U) recurrent_norm``."""
    gates, real, constants = j.gates, pointer(j.real_gates, f_), pointer(j.norm_constants_gates, f_)
    z, zx = offset(pointer(j.z, f_), step.r0 * gates), offset(pointer(j.zx, f_), step.r0 * gates)
    gx, gh, b = pointer(j.kernel_norm, f_), pointer(j.recurrent_norm, f_), pointer(j.bias, f_)
    nx, nh, scales = pointer(j.nx, f_), pointer(j.nh, f_), pointer(j.scales, f_)
    lanes = offset(pointer(j.lanes_scratch, f_), step.r0 * V)
    for r in range(step.n):
        ax, ah, row = offset(zx, r * gates), offset(z, r * gates), step.row + r
        scale_x = norm_row(ax, real, gates, constants, lanes, V)
        scale_h = norm_row(ah, real, gates, constants, lanes, V)
        if j.tape != 0:
            scales[3 * row], scales[3 * row + 1] = scale_x, scale_h
        for i in range(0, gates, V):
            vx, vh = load(ax, i, V), load(ah, i, V)
            if j.tape != 0:
                at = tape_place(i, row, j.full, j.panel_stride, j.tail, V)
                store(nx, at, vx)
                store(nh, at, vh)
            store(ah, i, fma(vh, load(gh, i, V), fma(vx, load(gx, i, V), load(b, i, V))))


@inlined
def gate_kernels(j, f_, b_, step, V):
    """Compute the gates and c."""
    z, tape, peephole = offset(pointer(j.z, f_), step.r0 * j.gates), pointer(j.tape, f_), pointer(j.peephole, f_)
    zoneout_c, scalars = pointer(j.zoneout_c, b_), pointer(j.scalars, f_)
    for p in range(num_panels(j)):
        u, width = p * V, COUNT * V if p < j.full else COUNT * j.tail
        place = (p * j.panel_stride + step.row * width) if j.tape != 0 else 0
        call(
            j.gate_kernel if p < j.full else j.last_gate_kernel,
            (offset(z, p * COUNT * V), offset(step.c_old, u), offset(step.c_new, u), offset(tape, place),
             offset(peephole, 3 * u), scalars, step.valid, offset(zoneout_c, step.row * j.zoneout_c_rows + u),
             j.gates, j.c_rows, width, 0, j.masked, j.zoneout_c_rows, step.n, 0, 0),
        )  # fmt: skip


@inlined
def normalize_cell(j, f_, step, V):
    """Replace c in z by its layer norm: its units, between those of o, become a row of ``nc`` and then z again."""
    panel, full, tail, zero = COUNT * V, j.full, j.tail, pointer(j.zero, f_)
    real, constants, norm = pointer(j.real_units, f_), pointer(j.norm_constants_units, f_), pointer(j.cell_norm, f_)
    nc, scales, z = pointer(j.nc, f_), pointer(j.scales, f_), offset(pointer(j.z, f_), step.r0 * j.gates)
    lanes = offset(pointer(j.lanes_scratch, f_), step.r0 * V)
    for r in range(step.n):
        c = offset(nc, ((step.row if j.tape != 0 else step.r0) + r) * j.units)
        for p in range(num_panels(j)):
            width = V if p < full else tail
            for i in range(width):
                c[p * V + i] = z[r * j.gates + p * panel + width + i]
        for i in range(full * V + tail, j.units):
            c[i] = zero[0]
        scale = norm_row(c, real, j.units, constants, lanes, V)
        if j.tape != 0:
            scales[3 * (step.row + r) + 2] = scale
        for p in range(num_panels(j)):
            width = V if p < full else tail
            for i in range(width):
                k = p * V + i
                z[r * j.gates + p * panel + width + i] = c[k] * norm[k] + norm[j.units + k]


@inlined
def output_kernels(j, f_, b_, step, m_old, m, m_rows, V):
    """Compute ``m = o * p(c)``, which is h without a projection."""
    z, scalars, zoneout_h = offset(pointer(j.z, f_), step.r0 * j.gates), pointer(j.scalars, f_), pointer(j.zoneout_h, b_)
    for p in range(num_panels(j)):
        u = p * V
        call(
            j.output_kernel if p < j.full else j.last_output_kernel,
            (offset(z, p * COUNT * V), offset(m_old, u), offset(m, u), scalars, step.valid,
             offset(zoneout_h, step.row * j.zoneout_h_rows + u), j.gates, m_rows, j.masked, j.zoneout_h_rows, step.n),
        )  # fmt: skip


@inlined
def project(j, f_, b_, step, m, V):
    """Compute ``h = m R``, then its zoneout and mask."""
    zero, scalars, zoneout_h = pointer(j.zero, f_), pointer(j.scalars, f_), pointer(j.zoneout_h, b_)
    call(j.projection_product, (zero, m, pointer(j.R, f_), step.h_new, 0, j.m_rows, j.h_rows, j.H, j.R_full, step.n))
    for r in range(step.n):
        for i in range(0, j.factor_rows, V):
            at = r * j.h_rows + i
            old, new = load(step.h_old, at, V), load(step.h_new, at, V)
            if j.mean_h != 0:
                new = fma(splat(f_, scalars[1], V), old, splat(f_, scalars[2], V) * new)
            if j.zoneout_h_rows != 0:
                new = select(flags(zoneout_h, (step.row + r) * j.zoneout_h_rows + i, V), old, new)
            if j.masked != 0:
                new = select(splat(f_, step.valid[r], V) > 0.0, new, old)
            store(step.h_new, at, flush(new))
