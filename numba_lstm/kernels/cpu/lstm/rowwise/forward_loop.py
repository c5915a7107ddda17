"""The forward time loop of LSTMs that need whole rows at a step: those with layer norms or a projection.

A step computes the products of all panels, their norms, the gate kernels, the norm of c, the output kernels, and the
projection, each for all rows of a shard before the next. The pointwise kernels are those of :mod:`..pointwise`. The loop calls
all other kernels by addresses in its arguments (:mod:`.kernel_args`), so that one loop serves all sizes and options of a dtype.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from ...compiler.jit import compile_cfunc, inlined
from ...gemm.layout import VectorGeometry
from ...runtime.indirect_call import call
from ...simd.arithmetic import fma, select
from ...simd.flush import flush
from ...simd.vector import flags, load, offset, pointer, splat, store
from .kernel_args import signature
from .row_norms import norm_row


@inlined
def tape_place(i, row, full, panel_stride, tail, V):
    """Return the index on the tape of element i of a row of z."""
    panel = 4 * V
    if i < full * panel:
        return i // panel * panel_stride + row * panel + i % panel
    return full * panel_stride + row * 4 * tail + i - full * panel


@inlined
def scaled(x, x_rows, dropout_factors, size, gates_apart, out, n, V):
    """Multiply rows x by the factors of each of the four gates, whose results are ``gates_apart`` apart."""
    for gate in range(4):
        for r in range(n):
            at = gate * gates_apart + r * size
            for i in range(0, size, V):
                store(out, at + i, load(x, r * x_rows + i, V) * load(dropout_factors, at + i, V))


@cache
def forward_loop(geometry: VectorGeometry) -> Any:
    """Return the loop of steps t0 .. t1 of rows r0 .. r1, a C function (see :func:`.kernel_args.signature`)."""
    V, G = geometry.V, geometry.G
    panel = 4 * V

    def lstm_rows_forward(kernel_args, f_, b_, x, t0, t1, r0, r1):
        j = carray(kernel_args, 1)[0]
        n, full, tail, gates, panel_stride = r1 - r0, j.full, j.tail, j.gates, j.panel_stride
        panels = full + (1 if tail > 0 else 0)
        zero, scalars, peephole = pointer(j.zero, f_), pointer(j.scalars, f_), pointer(j.peephole, f_)
        z = offset(pointer(j.z, f_), r0 * gates)
        tape, zoneout_h, zoneout_c = pointer(j.tape, f_), pointer(j.zoneout_h, b_), pointer(j.zoneout_c, b_)
        lanes = offset(pointer(j.lanes_scratch, f_), r0 * V)
        for t in range(t0, t1):
            row = t * j.N + r0
            h_old = offset(pointer(j.h, f_), (t % j.h_steps * j.N + r0) * j.h_rows)
            h_new = offset(pointer(j.h, f_), ((t + 1) % j.h_steps * j.N + r0) * j.h_rows)
            c_old = offset(pointer(j.c, f_), (t % j.c_steps * j.N + r0) * j.c_rows)
            c_new = offset(pointer(j.c, f_), ((t + 1) % j.c_steps * j.N + r0) * j.c_rows)
            valid = offset(pointer(j.mask, b_), row * j.masked)

            inputs = offset(pointer(x, f_), t * j.x_steps + r0 * j.x_rows)
            start, zx = (zero, offset(pointer(j.zx, f_), r0 * gates)) if j.norms != 0 else (pointer(j.bias, f_), z)
            W_, U_ = pointer(j.W, f_), pointer(j.U, f_)
            if j.x_gates != 0:
                call(j.x_product, (start, inputs, W_, zx, 0, j.x_rows, gates, j.x_gates, j.D, full, n))
            else:
                call(j.x_product, (start, inputs, W_, zx, 0, j.x_rows, gates, j.D, full * G, n))
            start, start_rows = (zero, 0) if j.norms != 0 else (z, gates)
            if j.per_gate != 0:
                size, between = j.factor_rows, j.N * j.factor_rows
                dropout_factors = offset(pointer(j.dropout_factors, f_), r0 * size)
                masked_h = offset(pointer(j.zh, f_), r0 * size)
                scaled(h_old, j.h_rows, dropout_factors, size, between, masked_h, n, V)
                call(j.h_product, (start, masked_h, U_, z, start_rows, size, gates, between, j.P, full, n))
            else:
                call(j.h_product, (start, h_old, U_, z, start_rows, j.h_rows, gates, j.P, full * G, n))

            if j.norms != 0:
                real, constants = pointer(j.real_gates, f_), pointer(j.norm_constants_gates, f_)
                gx, gh, b = pointer(j.kernel_norm, f_), pointer(j.recurrent_norm, f_), pointer(j.bias, f_)
                nx, nh, scales = pointer(j.nx, f_), pointer(j.nh, f_), pointer(j.scales, f_)
                for r in range(n):
                    ax, ah = offset(zx, r * gates), offset(z, r * gates)
                    scale_x = norm_row(ax, real, gates, constants, lanes, V)
                    scale_h = norm_row(ah, real, gates, constants, lanes, V)
                    if j.tape != 0:
                        scales[3 * (row + r)], scales[3 * (row + r) + 1] = scale_x, scale_h
                    for i in range(0, gates, V):
                        vx, vh = load(ax, i, V), load(ah, i, V)
                        if j.tape != 0:
                            at = tape_place(i, row + r, full, panel_stride, tail, V)
                            store(nx, at, vx)
                            store(nh, at, vh)
                        store(ah, i, fma(vh, load(gh, i, V), fma(vx, load(gx, i, V), load(b, i, V))))

            for p in range(panels):
                u, width = p * V, panel if p < full else 4 * tail
                place = (p * panel_stride + row * width) if j.tape != 0 else 0
                call(
                    j.gate_kernel if p < full else j.last_gate_kernel,
                    (offset(z, p * panel), offset(c_old, u), offset(c_new, u), offset(tape, place), offset(peephole, 3 * u),
                     scalars, valid, offset(zoneout_c, row * j.zoneout_c_rows + u), gates, j.c_rows, width, 0, j.masked,
                     j.zoneout_c_rows, n, 0, 0),
                )  # fmt: skip

            if j.norms != 0:
                real, constants, norm = pointer(j.real_units, f_), pointer(j.norm_constants_units, f_), pointer(j.cell_norm, f_)
                nc, scales = pointer(j.nc, f_), pointer(j.scales, f_)
                for r in range(n):
                    c = offset(nc, ((row if j.tape != 0 else r0) + r) * j.units)
                    for p in range(panels):
                        width = V if p < full else tail
                        for i in range(width):
                            c[p * V + i] = z[r * gates + p * panel + width + i]
                    for i in range(full * V + tail, j.units):
                        c[i] = zero[0]
                    scale = norm_row(c, real, j.units, constants, lanes, V)
                    if j.tape != 0:
                        scales[3 * (row + r) + 2] = scale
                    for p in range(panels):
                        width = V if p < full else tail
                        for i in range(width):
                            k = p * V + i
                            z[r * gates + p * panel + width + i] = c[k] * norm[k] + norm[j.units + k]

            m, m_rows, m_old = h_new, j.h_rows, h_old
            if j.projected != 0:
                m, m_rows = offset(pointer(j.m, f_), (row if j.tape != 0 else r0) * j.m_rows), j.m_rows
                m_old = m
            for p in range(panels):
                u = p * V
                call(
                    j.output_kernel if p < full else j.last_output_kernel,
                    (offset(z, p * panel), offset(m_old, u), offset(m, u), scalars, valid,
                     offset(zoneout_h, row * j.zoneout_h_rows + u), gates, m_rows, j.masked, j.zoneout_h_rows, n),
                )  # fmt: skip
            if j.projected != 0:
                call(j.projection_product, (zero, m, pointer(j.R, f_), h_new, 0, m_rows, j.h_rows, j.H, j.R_full, n))
                for r in range(n):
                    for i in range(0, j.factor_rows, V):
                        at = r * j.h_rows + i
                        old, new = load(h_old, at, V), load(h_new, at, V)
                        if j.mean_h != 0:
                            new = fma(splat(f_, scalars[1], V), old, splat(f_, scalars[2], V) * new)
                        if j.zoneout_h_rows != 0:
                            new = select(flags(zoneout_h, (row + r) * j.zoneout_h_rows + i, V), old, new)
                        if j.masked != 0:
                            new = select(splat(f_, valid[r], V) > 0.0, new, old)
                        store(h_new, at, flush(new))

    return compile_cfunc(lstm_rows_forward, f"lstm_rows_forward_{geometry.dtype}x{V}", signature(geometry.dtype))
