"""Pointwise kernels of the backward pass: the gradients of those in :mod:`.pointwise`, of the output, then of the gates.

The first replaces dh by the gradient that reaches c_t through the output (the product with U computes dh anew), and o by dz_o,
so that the gradient of a layer norm may run between the two. A vector holds V units of ``rows`` rows, as in
:func:`.pointwise.gate_kernel`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..compiler.jit import compile_cfunc, inlined
from ..simd.arithmetic import absolute, fma, select
from ..simd.elementwise import activate, code, keeps_z, slope
from ..simd.flush import flush, flush_gradient
from ..simd.vector import like
from .pointwise import CLIP, Traits, signature
from .row_vectors import flag_each_row, flag_rows, load_rows, rows_from, store_rows


@inlined
def within(z, high, value):
    """Return ``value``, or 0 where z was clipped; NaN is not clipped."""
    return select(absolute(z) >= high, 0.0, value)


@cache
def output_gradient_kernel(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """Return the kernel that computes dz_o and the gradient of c_t through the output, from dh_t.

    :meth:`~numba_lstm.kernels.contract.Ops.lstm_backward` has the equations. The arguments are dh from the next step (rows
    ``dh_rows`` apart), the layer's dy (rows ``dy_rows`` apart, if ``has_dy``), c before and after the step (rows ``c_rows``
    apart), ``carry`` (the same), the tape's gates, the scalar parameters, the mask, the zoneout mask of h, and the number of
    rows n, ``in_group`` and ``group_offset`` as in :func:`.pointwise.gate_kernel`. ``carry`` holds the gradient that bypasses
    the product with U, of masked rows and of elements of h that zoneout keeps.
    """
    gate, gate_parameter = code(traits.gate)
    inner, inner_parameter = code(traits.inner)
    outer, outer_parameter = code(traits.outer)
    gate_z, inner_z = traits.keeps(traits.gate), traits.keeps(traits.inner)
    slope_z, outer_z = keeps_z(traits.gate), keeps_z(traits.outer)
    clip, coupled, masked = traits.clip, traits.coupled, traits.masked
    drawn, recompute_c = traits.zoneout_h == "mask", traits.zoneout_c == "mask"
    V2, V3 = 2 * V, 3 * V

    def lstm_output_gradient_kernel(
        dh, dy, c_old, c_new, carry, gates, scalars, mask, zoneout_mask,
        dh_rows, dy_rows, c_rows, gate_rows, mask_rows, zoneout_rows, n, in_group, group_offset, has_dy,
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < in_group else group_offset
            ko = load_rows(gates, at + V3, gate_rows, each)
            o = activate(gate, gate_parameter, ko) if gate_z else ko
            if recompute_c:  # the row of c may hold the previous value, which zoneout kept
                ki, kf, kg = (
                    load_rows(gates, at, gate_rows, each),
                    load_rows(gates, at + V, gate_rows, each),
                    load_rows(gates, at + V2, gate_rows, each),
                )
                i = activate(gate, gate_parameter, ki) if gate_z else ki
                f = kf
                if coupled:
                    f = 1.0 - i
                elif gate_z:
                    f = activate(gate, gate_parameter, kf)
                g = activate(inner, inner_parameter, kg) if inner_z else kg
                c = flush(fma(f, load_rows(c_old, 0, c_rows, each), i * g))
            else:
                c = load_rows(c_new, 0, c_rows, each)
            p = activate(outer, outer_parameter, c)
            dh_total = load_rows(dh, 0, dh_rows, each)
            if has_dy != 0:
                dh_total = dh_total + load_rows(dy, 0, dy_rows, each)
            if masked or drawn:
                dh_total = dh_total + load_rows(carry, 0, c_rows, each)
                carried = like(dh_total, 0.0)
            if masked:
                valid = flag_each_row(mask, mask_rows, each)
                carried = select(valid, carried, dh_total)
            if drawn:
                zoned_out = flag_rows(zoneout_mask, 0, zoneout_rows, each)
                carried = select(zoned_out, dh_total, carried)
                dh_total = select(zoned_out, 0.0, dh_total)
            if masked or drawn:
                store_rows(carry, 0, c_rows, each, carried)
            gate_slope = slope(gate, gate_parameter, ko if slope_z else o)
            if clip:
                gate_slope = within(ko, like(ko, scalars[CLIP]), gate_slope)
            zo = flush_gradient(dh_total * p * gate_slope)
            if masked:
                zo = select(valid, zo, 0.0)
            store_rows(gates, at + V3, gate_rows, each, zo)
            store_rows(dh, 0, dh_rows, each, dh_total * o * slope(outer, outer_parameter, c if outer_z else p))

    name = f"lstm_output_gradient_kernel_{dtype}x{V}x{rows}_{traits.label}"
    return compile_cfunc(lstm_output_gradient_kernel, name, signature(dtype, 7, 2, 10))


@cache
def gate_gradient_kernel(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """Return the kernel that computes dz and dc_{t-1} from dc_t, after :func:`output_gradient_kernel`.

    The arguments are dh as that kernel leaves it (rows ``dh_rows`` apart), c before and after the step and dc, which becomes
    that of the previous step (rows ``c_rows`` apart), the tape's gates, which become dz, the peephole's panel as in
    :func:`.pointwise.gate_kernel`, its gradient, a sum over time for each row (rows ``peephole_grad_rows`` apart), the scalar
    parameters, the mask, the zoneout mask of c, and the number of rows n, ``in_group`` and ``group_offset`` as there.
    """
    gate, gate_parameter = code(traits.gate)
    inner, inner_parameter = code(traits.inner)
    gate_z, inner_z = traits.keeps(traits.gate), traits.keeps(traits.inner)
    gate_slope_z, inner_slope_z = keeps_z(traits.gate), keeps_z(traits.inner)
    clip, coupled, masked, peepholes = traits.clip, traits.coupled, traits.masked, traits.peephole
    drawn = traits.zoneout_c == "mask"
    V2, V3 = 2 * V, 3 * V

    def lstm_gate_gradient_kernel(
        dh, c_old, c_new, dc, gates, peephole, peephole_grads, scalars, mask, zoneout_mask,
        dh_rows, c_rows, gate_rows, peephole_rows, peephole_grad_rows, mask_rows, zoneout_rows, n, in_group, group_offset,
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < in_group else group_offset
            ki, kf, kg = (
                load_rows(gates, at, gate_rows, each),
                load_rows(gates, at + V, gate_rows, each),
                load_rows(gates, at + V2, gate_rows, each),
            )
            i = activate(gate, gate_parameter, ki) if gate_z else ki
            f = kf
            if coupled:
                f = 1.0 - i
            elif gate_z:
                f = activate(gate, gate_parameter, kf)
            g = activate(inner, inner_parameter, kg) if inner_z else kg
            c_before, dc_new = load_rows(c_old, 0, c_rows, each), load_rows(dc, 0, c_rows, each)
            dc_total = dc_new
            if drawn:
                zoned_out = flag_rows(zoneout_mask, 0, zoneout_rows, each)
                dc_total = select(zoned_out, 0.0, dc_new)
            dc_total = dc_total + load_rows(dh, 0, dh_rows, each)
            if peepholes:
                zo = load_rows(gates, at + V3, gate_rows, each)
                dc_total = fma(zo, load_rows(peephole, V2, peephole_rows, each), dc_total)
            dc_total = flush_gradient(dc_total)
            slope_i = slope(gate, gate_parameter, ki if gate_slope_z else i)
            slope_g = slope(inner, inner_parameter, kg if inner_slope_z else g)
            if clip:
                high = like(dc_total, scalars[CLIP])
                slope_i, slope_g = within(ki, high, slope_i), within(kg, high, slope_g)
            if coupled:
                zi, zf = flush_gradient(dc_total * (g - c_before) * slope_i), like(dc_total, 0.0)
            else:
                slope_f = slope(gate, gate_parameter, kf if gate_slope_z else f)
                if clip:
                    slope_f = within(kf, high, slope_f)
                zi, zf = flush_gradient(dc_total * g * slope_i), flush_gradient(dc_total * c_before * slope_f)
            zg = flush_gradient(dc_total * i * slope_g)
            dc_old = dc_total * f
            if peepholes:
                dc_old = fma(
                    zi,
                    load_rows(peephole, 0, peephole_rows, each),
                    fma(zf, load_rows(peephole, V, peephole_rows, each), dc_old),
                )
            dc_old = flush_gradient(dc_old)
            if drawn:
                dc_old = select(zoned_out, dc_old + dc_new, dc_old)
            if masked:
                valid = flag_each_row(mask, mask_rows, each)
                zi, zf, zg = select(valid, zi, 0.0), select(valid, zf, 0.0), select(valid, zg, 0.0)
                dc_old = select(valid, dc_old, dc_new)
            if peepholes:
                c = flush(fma(f, c_before, i * g)) if drawn else load_rows(c_new, 0, c_rows, each)
                store_rows(
                    peephole_grads,
                    0,
                    peephole_grad_rows,
                    each,
                    fma(zi, c_before, load_rows(peephole_grads, 0, peephole_grad_rows, each)),
                )
                store_rows(
                    peephole_grads,
                    V,
                    peephole_grad_rows,
                    each,
                    fma(zf, c_before, load_rows(peephole_grads, V, peephole_grad_rows, each)),
                )
                store_rows(
                    peephole_grads,
                    V2,
                    peephole_grad_rows,
                    each,
                    fma(zo, c, load_rows(peephole_grads, V2, peephole_grad_rows, each)),
                )
            store_rows(gates, at, gate_rows, each, zi)
            store_rows(gates, at + V, gate_rows, each, zf)
            store_rows(gates, at + V2, gate_rows, each, zg)
            store_rows(dc, 0, c_rows, each, dc_old)

    name = f"lstm_gate_gradient_kernel_{dtype}x{V}x{rows}_{traits.label}"
    return compile_cfunc(lstm_gate_gradient_kernel, name, signature(dtype, 8, 2, 10))
