"""The forward time loop of LSTMs that need whole rows at a step: those with layer norms or a projection.

A step computes the products of all panels, their norms, the gate kernels, the norm of c, the output kernels, and the
projection, each for all rows of a shard before the next. The pointwise kernels are those of :mod:`..pointwise`. The loop calls
all other kernels by addresses in its arguments (:mod:`.kernel_args`), so that one loop serves all sizes and options of a dtype.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from ...compiler.jit import compile_cfunc
from ...gemm.layout import VectorGeometry
from ...simd.vector import offset, pointer
from .forward_phases import gate_kernels, normalize_cell, normalize_products, output_kernels, products, project
from .kernel_args import signature
from .steps import step_at


@cache
def forward_loop(geometry: VectorGeometry) -> Any:
    """Return the loop of steps t0 .. t1 of rows r0 .. r1, a C function (see :func:`.kernel_args.signature`)."""
    V, G = geometry.V, geometry.G

    def lstm_rows_forward(kernel_args, f_, b_, x, t0, t1, r0, r1):
        j = carray(kernel_args, 1)[0]
        for t in range(t0, t1):
            step = step_at(j, f_, b_, t, r0, r1 - r0)
            # z_t = b + x_t W + h_{t-1} U, or b + n(x_t W) kernel_norm + n(h_{t-1} U) recurrent_norm
            products(j, f_, offset(pointer(x, f_), t * j.x_steps + r0 * j.x_rows), step, V, G)
            if j.norms != 0:
                normalize_products(j, f_, step, V)
            # i, f, g, o and c_t; the output reads n(c_t) with norms
            gate_kernels(j, f_, b_, step, V)
            if j.norms != 0:
                normalize_cell(j, f_, step, V)
            # h_t = m_t = o * p(c_t), or h_t = m_t R
            m_old, m, m_rows = step.h_old, step.h_new, j.h_rows
            if j.projected != 0:
                m = offset(pointer(j.m, f_), (step.row if j.tape != 0 else r0) * j.m_rows)
                m_old, m_rows = m, j.m_rows
            output_kernels(j, f_, b_, step, m_old, m, m_rows, V)
            if j.projected != 0:
                project(j, f_, b_, step, m, V)

    return compile_cfunc(lstm_rows_forward, f"lstm_rows_forward_{geometry.dtype}x{V}", signature(geometry.dtype))
