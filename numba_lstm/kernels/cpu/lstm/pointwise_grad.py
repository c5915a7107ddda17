"""Pointwise kernels of the backward pass: the gradients of those in :mod:`.pointwise`, of the output, then of the gates.

The first replaces dh by the gradient that reaches c_t through the output (the product with U computes dh anew), and o by dz_o,
so that the gradient of a layer norm may run between the two. A vector holds V units of ``rows`` rows, as in
:func:`.pointwise.gate_kernel`.
"""

from __future__ import annotations

from typing import Any

from ..compiler.jit import compile_cfunc, inlined
from ..simd.arithmetic import fma, select
from ..simd.elementwise import activate, code, keeps_z, slope
from ..simd.flush import flush, flush_gradient
from ..simd.vector import like
from .phases.gates import add_product, load_gates, store_z, value_of, within
from .pointwise import CLIP, Traits, shared_by, signature
from .row_vectors import flag_each_row, flag_rows, load_rows, rows_from, store_rows


@shared_by(Traits.of_output_gradients)
def output_gradient_kernel(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """Return the kernel that computes dz_o and the gradient of c_t through the output, from dh_t.

    :meth:`~numba_lstm.kernels.contract.Ops.lstm_backward` has the equations.
    """
    gate, gate_parameter = code(traits.gate)
    inner, inner_parameter = code(traits.inner)
    outer, outer_parameter = code(traits.outer)
    gate_of_z = gate if traits.keeps(traits.gate) else None
    inner_of_z = inner if traits.keeps(traits.inner) else None
    slope_z, outer_z = keeps_z(traits.gate), keeps_z(traits.outer)
    clip, coupled, masked = traits.clip, traits.coupled, traits.masked
    drawn, recompute_c, V3 = traits.zoneout_h == "mask", traits.zoneout_c == "mask", 3 * V

    def lstm_output_gradient_kernel(
        dh,  # dh of the next step; becomes the gradient that reaches c_t through the output
        dy,  # the gradient of the output, read if has_dy
        c_old, c_new,  # c before and after the step
        carry,  # the gradient of h that bypasses the product with U: of masked rows and of elements that zoneout keeps
        gates,  # the rows' panel of the tape: o becomes dz_o
        scalars,  # scalar_parameters
        mask, zoneout_mask,  # the mask of the rows, a byte each; that of h, a byte for each element
        dh_rows, dy_rows, c_rows, gate_rows, mask_rows, zoneout_rows,  # elements between the rows of each; c_rows of carry too
        n, in_group, group_offset, has_dy,  # the first three as in the gate kernel
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < in_group else group_offset
            ki, kf, kg, ko = load_gates(gates, at, gate_rows, each, V)
            o, c = value_of(gate_of_z, gate_parameter, ko), load_rows(c_new, 0, c_rows, each)
            if recompute_c:  # the row of c may hold the previous value, which zoneout kept
                i, g = value_of(gate_of_z, gate_parameter, ki), value_of(inner_of_z, inner_parameter, kg)
                f = 1.0 - i if coupled else value_of(gate_of_z, gate_parameter, kf)
                c = flush(fma(f, load_rows(c_old, 0, c_rows, each), i * g))
            p, dh_total = activate(outer, outer_parameter, c), load_rows(dh, 0, dh_rows, each)
            if has_dy != 0:
                dh_total = dh_total + load_rows(dy, 0, dy_rows, each)
            if masked or drawn:
                dh_total, carried = dh_total + load_rows(carry, 0, c_rows, each), like(dh_total, 0.0)
            if masked:
                valid = flag_each_row(mask, mask_rows, each)
                carried = select(valid, carried, dh_total)
            if drawn:
                zoned_out = flag_rows(zoneout_mask, 0, zoneout_rows, each)
                carried, dh_total = select(zoned_out, dh_total, carried), select(zoned_out, 0.0, dh_total)
            if masked or drawn:
                store_rows(carry, 0, c_rows, each, carried)
            slope_o = slope(gate, gate_parameter, ko if slope_z else o)
            if clip:
                slope_o = within(ko, like(ko, scalars[CLIP]), slope_o)
            zo = flush_gradient(dh_total * p * slope_o)
            store_rows(gates, at + V3, gate_rows, each, select(valid, zo, 0.0) if masked else zo)
            store_rows(dh, 0, dh_rows, each, dh_total * o * slope(outer, outer_parameter, c if outer_z else p))

    name = f"lstm_output_gradient_kernel_{dtype}x{V}x{rows}_{traits.label}"
    return compile_cfunc(lstm_output_gradient_kernel, name, signature(dtype, 7, 2, 10))


@inlined
def _add_peephole_gradients(grads, row_stride, each, V, z_gradients, c_before, c):
    """Add a step's gradients of V_i, V_f and V_o to the sums over time."""
    zi, zf, zo = z_gradients
    add_product(grads, 0, row_stride, each, zi, c_before)
    add_product(grads, V, row_stride, each, zf, c_before)
    add_product(grads, 2 * V, row_stride, each, zo, c)


@shared_by(Traits.of_gate_gradients)
def gate_gradient_kernel(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """Return the kernel that computes dz and dc_{t-1} from dc_t, after :func:`output_gradient_kernel`."""
    (gate, gate_parameter), (inner, inner_parameter) = code(traits.gate), code(traits.inner)
    gate_of_z, inner_of_z = gate if traits.keeps(traits.gate) else None, inner if traits.keeps(traits.inner) else None
    gate_slope_z, inner_slope_z, V2, drawn = keeps_z(traits.gate), keeps_z(traits.inner), 2 * V, traits.zoneout_c == "mask"
    clip, coupled, masked, peepholes = traits.clip, traits.coupled, traits.masked, traits.peephole

    def lstm_gate_gradient_kernel(
        dh,  # as the output gradient kernel leaves it
        c_old, c_new, dc,  # c before and after the step; the gradient of c after it, which becomes that before it
        gates,  # the rows' panel of the tape: i, f and g become dz
        peephole, peephole_grads,  # the panel of V_i, V_f and V_o, and its gradient for each row, a sum over time
        scalars, mask, zoneout_mask,  # as in the gate kernel
        dh_rows, c_rows, gate_rows, peephole_rows, peephole_grad_rows, mask_rows, zoneout_rows,  # elements between rows
        n, in_group, group_offset,  # as in the gate kernel
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < in_group else group_offset
            ki, kf, kg, zo = load_gates(gates, at, gate_rows, each, V)
            i, g = value_of(gate_of_z, gate_parameter, ki), value_of(inner_of_z, inner_parameter, kg)
            f = 1.0 - i if coupled else value_of(gate_of_z, gate_parameter, kf)
            c_before, dc_new = load_rows(c_old, 0, c_rows, each), load_rows(dc, 0, c_rows, each)
            dc_total = dc_new  # dc_t
            if drawn:
                zoned_out = flag_rows(zoneout_mask, 0, zoneout_rows, each)
                dc_total = select(zoned_out, 0.0, dc_new)
            dc_total = dc_total + load_rows(dh, 0, dh_rows, each)
            if peepholes:
                dc_total = fma(zo, load_rows(peephole, V2, peephole_rows, each), dc_total)
            dc_total = flush_gradient(dc_total)
            # dz_i, dz_f, dz_g
            slope_i = slope(gate, gate_parameter, ki if gate_slope_z else i)
            slope_f = slope(gate, gate_parameter, kf if gate_slope_z else f)
            slope_g = slope(inner, inner_parameter, kg if inner_slope_z else g)
            if clip:
                high = like(g, scalars[CLIP])
                slope_i, slope_f, slope_g = within(ki, high, slope_i), within(kf, high, slope_f), within(kg, high, slope_g)
            zi = flush_gradient(dc_total * (g - c_before if coupled else g) * slope_i)
            zf = like(dc_total, 0.0) if coupled else flush_gradient(dc_total * c_before * slope_f)
            zg = flush_gradient(dc_total * i * slope_g)
            # dc_{t-1}
            dc_old = dc_total * f
            if peepholes:
                dc_old = fma(zf, load_rows(peephole, V, peephole_rows, each), dc_old)
                dc_old = fma(zi, load_rows(peephole, 0, peephole_rows, each), dc_old)
            dc_old = flush_gradient(dc_old)
            if drawn:
                dc_old = select(zoned_out, dc_old + dc_new, dc_old)
            if masked:
                valid = flag_each_row(mask, mask_rows, each)
                zi, zf, zg = select(valid, zi, 0.0), select(valid, zf, 0.0), select(valid, zg, 0.0)
                dc_old = select(valid, dc_old, dc_new)
            if peepholes:
                c = flush(fma(f, c_before, i * g)) if drawn else load_rows(c_new, 0, c_rows, each)
                _add_peephole_gradients(peephole_grads, peephole_grad_rows, each, V, (zi, zf, zo), c_before, c)
            store_z(gates, at, gate_rows, each, V, (zi, zf, zg))
            store_rows(dc, 0, c_rows, each, dc_old)

    name = f"lstm_gate_gradient_kernel_{dtype}x{V}x{rows}_{traits.label}"
    return compile_cfunc(lstm_gate_gradient_kernel, name, signature(dtype, 8, 2, 10))
