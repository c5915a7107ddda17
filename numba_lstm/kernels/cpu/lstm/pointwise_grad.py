"""Cells of the way back, each the gradient of one in :mod:`.cells`: of the output, then of the gates.

The first leaves the output's share of dc where dh was (the product with U writes that anew), and dz_o where o was. So a layer
norm may stand between them here too. ``rows`` of V units share a vector, as in :func:`.cells.gate_cell`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..compiler.jit import cell, inlined
from ..simd.arithmetic import absolute, fma, select
from ..simd.elementwise import activate, code, keeps_z, slope
from ..simd.flush import flush, flush_gradient
from ..simd.vector import like
from .pointwise import CLIP, Traits, signature
from .row_vectors import flag_each_row, flag_rows, load_rows, rows_from, store_rows


@inlined
def within(z, high, value):
    """``value``, but 0 where z was clipped; NaN in z is no bound."""
    return select(absolute(z) >= high, 0.0, value)


@cache
def output_gradient_cell(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """dh_t to dz_o and to what comes to c_t by it (:meth:`~numba_lstm.kernels.contract.Ops.lstm_backward`).

    Called with dh from the step after (rows ``dh_rows`` apart), the layer's own dy (rows ``dy_rows`` apart, where ``has_dy``),
    c before and after the step (rows ``c_rows`` apart), ``carry`` (the same), the tape's gates, the settings, the mask, the
    kept h and the number of rows n, of which those behind the first ``here`` lie ``jump`` elements further on the tape, as in
    :func:`.cells.gate_cell`. ``carry`` holds what a masked row or a kept h passes on past the product with U.
    """
    gate, gate_parameter = code(traits.gate)
    inner, inner_parameter = code(traits.inner)
    outer, outer_parameter = code(traits.outer)
    gate_z, inner_z = traits.keeps(traits.gate), traits.keeps(traits.inner)
    slope_z, outer_z = keeps_z(traits.gate), keeps_z(traits.outer)
    clip, coupled, masked = traits.clip, traits.coupled, traits.masked
    drawn, hidden = traits.zoneout_h == "mask", traits.zoneout_c == "mask"
    V2, V3 = 2 * V, 3 * V

    def lstm_output_gradient_cell(
        dh, dy, c_old, c_new, carry, gates, settings, mask, kept,
        dh_rows, dy_rows, c_rows, gate_rows, mask_rows, kept_rows, n, here, jump, has_dy,
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < here else jump
            ko = load_rows(gates, at + V3, gate_rows, each)
            o = activate(gate, gate_parameter, ko) if gate_z else ko
            if hidden:  # the state's row may hold what was kept instead
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
            into_h = load_rows(dh, 0, dh_rows, each)
            if has_dy != 0:
                into_h = into_h + load_rows(dy, 0, dy_rows, each)
            if masked or drawn:
                into_h = into_h + load_rows(carry, 0, c_rows, each)
                past = like(into_h, 0.0)
            if masked:
                valid = flag_each_row(mask, mask_rows, each)
                past = select(valid, past, into_h)
            if drawn:
                held = flag_rows(kept, 0, kept_rows, each)
                past = select(held, into_h, past)
                into_h = select(held, 0.0, into_h)
            if masked or drawn:
                store_rows(carry, 0, c_rows, each, past)
            bend = slope(gate, gate_parameter, ko if slope_z else o)
            if clip:
                bend = within(ko, like(ko, settings[CLIP]), bend)
            zo = flush_gradient(into_h * p * bend)
            if masked:
                zo = select(valid, zo, 0.0)
            store_rows(gates, at + V3, gate_rows, each, zo)
            store_rows(dh, 0, dh_rows, each, into_h * o * slope(outer, outer_parameter, c if outer_z else p))

    name = f"lstm_output_gradient_cell_{dtype}x{V}x{rows}_{traits.label}"
    return cell(lstm_output_gradient_cell, name, signature(dtype, 7, 2, 10))


@cache
def gate_gradient_cell(traits: Traits, dtype: str, V: int, rows: int) -> Any:
    """dc_t to dz and to dc_{t-1}, after :func:`output_gradient_cell`.

    Called with what that cell left in dh (rows ``dh_rows`` apart), c before and after the step and dc, which moves one step
    back (rows ``c_rows`` apart), the tape's gates, which become dz, the peephole's panel as in :func:`.cells.gate_cell`, its
    gradient, which is added up for each row over time (rows ``share_rows`` apart), the settings, the mask, the kept c and the
    number of rows n, ``here`` and ``jump`` as there.
    """
    gate, gate_parameter = code(traits.gate)
    inner, inner_parameter = code(traits.inner)
    gate_z, inner_z = traits.keeps(traits.gate), traits.keeps(traits.inner)
    gate_slope_z, inner_slope_z = keeps_z(traits.gate), keeps_z(traits.inner)
    clip, coupled, masked, peepholes = traits.clip, traits.coupled, traits.masked, traits.peephole
    drawn = traits.zoneout_c == "mask"
    V2, V3 = 2 * V, 3 * V

    def lstm_gate_gradient_cell(
        dh, c_old, c_new, dc, gates, peephole, shares, settings, mask, kept,
        dh_rows, c_rows, gate_rows, peephole_rows, share_rows, mask_rows, kept_rows, n, here, jump,
    ):  # fmt: skip
        for r in range(0, n, rows):
            each, at = rows_from(r, n, rows, V), 0 if r < here else jump
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
            before, after = load_rows(c_old, 0, c_rows, each), load_rows(dc, 0, c_rows, each)
            into_c = after
            if drawn:
                held = flag_rows(kept, 0, kept_rows, each)
                into_c = select(held, 0.0, after)
            into_c = into_c + load_rows(dh, 0, dh_rows, each)
            if peepholes:
                zo = load_rows(gates, at + V3, gate_rows, each)
                into_c = fma(zo, load_rows(peephole, V2, peephole_rows, each), into_c)
            into_c = flush_gradient(into_c)
            bend_i = slope(gate, gate_parameter, ki if gate_slope_z else i)
            bend_g = slope(inner, inner_parameter, kg if inner_slope_z else g)
            if clip:
                high = like(into_c, settings[CLIP])
                bend_i, bend_g = within(ki, high, bend_i), within(kg, high, bend_g)
            if coupled:
                zi, zf = flush_gradient(into_c * (g - before) * bend_i), like(into_c, 0.0)
            else:
                bend_f = slope(gate, gate_parameter, kf if gate_slope_z else f)
                if clip:
                    bend_f = within(kf, high, bend_f)
                zi, zf = flush_gradient(into_c * g * bend_i), flush_gradient(into_c * before * bend_f)
            zg = flush_gradient(into_c * i * bend_g)
            back = into_c * f
            if peepholes:
                back = fma(
                    zi, load_rows(peephole, 0, peephole_rows, each), fma(zf, load_rows(peephole, V, peephole_rows, each), back)
                )
            back = flush_gradient(back)
            if drawn:
                back = select(held, back + after, back)
            if masked:
                valid = flag_each_row(mask, mask_rows, each)
                zi, zf, zg = select(valid, zi, 0.0), select(valid, zf, 0.0), select(valid, zg, 0.0)
                back = select(valid, back, after)
            if peepholes:
                c = flush(fma(f, before, i * g)) if drawn else load_rows(c_new, 0, c_rows, each)
                store_rows(shares, 0, share_rows, each, fma(zi, before, load_rows(shares, 0, share_rows, each)))
                store_rows(shares, V, share_rows, each, fma(zf, before, load_rows(shares, V, share_rows, each)))
                store_rows(shares, V2, share_rows, each, fma(zo, c, load_rows(shares, V2, share_rows, each)))
            store_rows(gates, at, gate_rows, each, zi)
            store_rows(gates, at + V, gate_rows, each, zf)
            store_rows(gates, at + V2, gate_rows, each, zg)
            store_rows(dc, 0, c_rows, each, back)

    name = f"lstm_gate_gradient_cell_{dtype}x{V}x{rows}_{traits.label}"
    return cell(lstm_gate_gradient_cell, name, signature(dtype, 8, 2, 10))
