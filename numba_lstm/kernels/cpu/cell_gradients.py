"""Cells of the way back, each the gradient of one in :mod:`.cells`: of the output, then of the gates.

The first leaves the output's share of dc where dh was (the product with U writes that anew), and dz_o where o was. So a layer
norm may stand between them here too.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from .arithmetic import absolute, fma, select
from .cells import CLIP, Traits, signature
from .elementwise import activate, code, keeps_z, slope
from .jit import cell, inlined
from .simd import flags, load, splat, store
from .vmath import flush


@inlined
def within(z, high, value):
    """``value``, but 0 where z was clipped; NaN in z is no bound."""
    return select(absolute(z) >= high, 0.0, value)


@cache
def output_gradient_cell(traits: Traits, dtype: str, V: int) -> Any:
    """dh_t to dz_o and to what comes to c_t by it (:meth:`~numba_lstm.kernels.contract.Ops.lstm_backward`).

    Called with dh from the step after (rows ``dh_rows`` apart), the layer's own dy (rows ``dy_rows`` apart, where ``has_dy``),
    c before and after the step (rows ``c_rows`` apart), ``carry`` (the same), the tape's gates, the settings, the mask, the
    kept h and the number of rows n. ``carry`` holds what a masked row or a kept h passes on past the product with U.
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
        dh_rows, dy_rows, c_rows, gate_rows, mask_rows, kept_rows, n, has_dy,
    ):  # fmt: skip
        for r in range(n):
            s, a = r * c_rows, r * gate_rows
            ko = load(gates, a + V3, V)
            o = activate(gate, gate_parameter, ko) if gate_z else ko
            if hidden:  # the state's row may hold what was kept instead
                ki, kf, kg = load(gates, a, V), load(gates, a + V, V), load(gates, a + V2, V)
                i = activate(gate, gate_parameter, ki) if gate_z else ki
                f = kf
                if coupled:
                    f = 1.0 - i
                elif gate_z:
                    f = activate(gate, gate_parameter, kf)
                g = activate(inner, inner_parameter, kg) if inner_z else kg
                c = flush(fma(f, load(c_old, s, V), i * g))
            else:
                c = load(c_new, s, V)
            p = activate(outer, outer_parameter, c)
            into_h = load(dh, r * dh_rows, V)
            if has_dy != 0:
                into_h = into_h + load(dy, r * dy_rows, V)
            if masked or drawn:
                into_h = into_h + load(carry, s, V)
                past = splat(dh, 0.0, V)
            if masked:
                valid = splat(dh, mask[r * mask_rows], V) > 0.0
                past = select(valid, past, into_h)
            if drawn:
                held = flags(kept, r * kept_rows, V)
                past = select(held, into_h, past)
                into_h = select(held, 0.0, into_h)
            if masked or drawn:
                store(carry, s, past)
            bend = slope(gate, gate_parameter, ko if slope_z else o)
            if clip:
                bend = within(ko, splat(dh, settings[CLIP], V), bend)
            zo = flush(into_h * p * bend)
            if masked:
                zo = select(valid, zo, 0.0)
            store(gates, a + V3, zo)
            store(dh, r * dh_rows, into_h * o * slope(outer, outer_parameter, c if outer_z else p))

    name = f"lstm_output_gradient_cell_{dtype}x{V}_{traits.label}"
    return cell(lstm_output_gradient_cell, name, signature(dtype, 7, 2, 8))


@cache
def gate_gradient_cell(traits: Traits, dtype: str, V: int) -> Any:
    """dc_t to dz and to dc_{t-1}, after :func:`output_gradient_cell`.

    Called with what that cell left in dh (rows ``dh_rows`` apart), c before and after the step and dc, which moves one step
    back (rows ``c_rows`` apart), the tape's gates, which become dz, the peephole's panel as in :func:`.cells.gate_cell`, its
    gradient, which is added up for each row over time (rows ``share_rows`` apart), the settings, the mask, the kept c and the
    number of rows n.
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
        dh_rows, c_rows, gate_rows, peephole_rows, share_rows, mask_rows, kept_rows, n,
    ):  # fmt: skip
        for r in range(n):
            s, a = r * c_rows, r * gate_rows
            ki, kf, kg = load(gates, a, V), load(gates, a + V, V), load(gates, a + V2, V)
            i = activate(gate, gate_parameter, ki) if gate_z else ki
            f = kf
            if coupled:
                f = 1.0 - i
            elif gate_z:
                f = activate(gate, gate_parameter, kf)
            g = activate(inner, inner_parameter, kg) if inner_z else kg
            before, after = load(c_old, s, V), load(dc, s, V)
            into_c = after
            if drawn:
                held = flags(kept, r * kept_rows, V)
                into_c = select(held, 0.0, after)
            into_c = into_c + load(dh, r * dh_rows, V)
            if peepholes:
                v, zo = r * peephole_rows, load(gates, a + V3, V)
                into_c = fma(zo, load(peephole, v + V2, V), into_c)
            into_c = flush(into_c)
            bend_i = slope(gate, gate_parameter, ki if gate_slope_z else i)
            bend_g = slope(inner, inner_parameter, kg if inner_slope_z else g)
            if clip:
                high = splat(dh, settings[CLIP], V)
                bend_i, bend_g = within(ki, high, bend_i), within(kg, high, bend_g)
            if coupled:
                zi, zf = flush(into_c * (g - before) * bend_i), splat(dh, 0.0, V)
            else:
                bend_f = slope(gate, gate_parameter, kf if gate_slope_z else f)
                if clip:
                    bend_f = within(kf, high, bend_f)
                zi, zf = flush(into_c * g * bend_i), flush(into_c * before * bend_f)
            zg = flush(into_c * i * bend_g)
            back = into_c * f
            if peepholes:
                back = fma(zi, load(peephole, v, V), fma(zf, load(peephole, v + V, V), back))
            back = flush(back)
            if drawn:
                back = select(held, back + after, back)
            if masked:
                valid = splat(dh, mask[r * mask_rows], V) > 0.0
                zi, zf, zg = select(valid, zi, 0.0), select(valid, zf, 0.0), select(valid, zg, 0.0)
                back = select(valid, back, after)
            if peepholes:
                c = flush(fma(f, before, i * g)) if drawn else load(c_new, s, V)
                w = r * share_rows
                store(shares, w, fma(zi, before, load(shares, w, V)))
                store(shares, w + V, fma(zf, before, load(shares, w + V, V)))
                store(shares, w + V2, fma(zo, c, load(shares, w + V2, V)))
            store(gates, a, zi)
            store(gates, a + V, zf)
            store(gates, a + V2, zg)
            store(dc, s, back)

    name = f"lstm_gate_gradient_cell_{dtype}x{V}_{traits.label}"
    return cell(lstm_gate_gradient_cell, name, signature(dtype, 8, 2, 8))
