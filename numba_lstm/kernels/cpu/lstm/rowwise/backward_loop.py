"""The backward time loop of LSTMs that need whole rows at a step; see :mod:`.forward_loop`."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import carray

from ...compiler.jit import compile_cfunc
from ...gemm.layout import VectorGeometry
from ...simd.vector import offset, pointer
from .backward_phases import (
    cell_norm_gradient,
    gate_kernels,
    normalized_cell,
    output_kernels,
    product_norm_gradients,
    project_gradient,
    recurrent_gradient,
)
from .kernel_args import signature
from .steps import tape_step_at


@cache
def backward_loop(geometry: VectorGeometry) -> Any:
    """Return the backward loop over steps t1 - 1 .. t0 of rows r0 .. r1, a C function: pointwise kernels turn gates into dz.

    With norms, ``nx`` and ``nh`` become the gradients of x W and of h U, which differ then.
    """
    V = geometry.V

    def lstm_rows_backward(kernel_args, f_, b_, x, t0, t1, r0, r1):
        j = carray(kernel_args, 1)[0]
        dm, dm_rows = offset(pointer(j.dh, f_), r0 * j.dh_rows), j.dh_rows
        if j.projected != 0:
            dm, dm_rows = offset(pointer(j.dm, f_), r0 * j.dm_rows), j.dm_rows
        for s in range(t1 - t0):
            t = t1 - 1 - s
            step, dy, has_dy = tape_step_at(j, f_, b_, t, r0, r1 - r0), pointer(j.dy, f_), j.has_dy
            # dm_t: dh_t, or dh_t R^T
            dy = offset(dy, t * j.dy_steps + r0 * j.dy_rows)
            if j.projected != 0:
                project_gradient(j, f_, b_, step, dy, dm, dm_rows, V)
                has_dy = 0
            # dz_o; dm becomes dc_t, through the norm of c if there is one
            c_in = normalized_cell(j, f_, step, V) if j.norms != 0 else step.c_new
            output_kernels(j, f_, b_, step, c_in, dm, dm_rows, dy, has_dy, V)
            if j.norms != 0:
                cell_norm_gradient(j, f_, step, dm, dm_rows, V)
            # dz_i, dz_f, dz_g and dc_{t-1}
            gate_kernels(j, f_, b_, step, dm, dm_rows, V)
            # dh_{t-1} = dz_t U^T, through the norm of h U if there is one
            if j.norms != 0:
                product_norm_gradients(j, f_, step, V)
            recurrent_gradient(j, f_, step, pointer(j.nh if j.norms != 0 else j.tape, f_), V)

    return compile_cfunc(lstm_rows_backward, f"lstm_rows_backward_{geometry.dtype}x{V}", signature(geometry.dtype))
