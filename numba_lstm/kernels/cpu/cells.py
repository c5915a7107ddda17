"""Cells: what happens to a finished tile of z, and on the way back to a finished tile of dh.

A cell is a C function that a loop calls by its address, once a panel and row tile. So loops (shape, dtype) and cells
(activations, mask, tape) add up instead of multiplying, and a new combination of activations compiles one small function.
The cell inlined into the loop gave the same bits and the same speed: z waits in the first-level cache either way.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types

from ..specs import LSTMSpec
from .arithmetic import fma, select
from .jit import cell
from .panels import NUMBA
from .simd import load, splat, store
from .vmath import activate, code, flush, keeps_z, label, slope


def _signature(dtype: str, pointers: int, integers: int) -> Any:
    """``void(float*..., bool*, integer...)``."""
    return types.void(*(types.CPointer(NUMBA[dtype]),) * pointers, types.CPointer(types.uint8), *(types.intp,) * integers)


@cache
def forward_cell(spec: LSTMSpec, dtype: str, V: int, tape: bool, masked: bool) -> Any:
    """The cell of :meth:`~numba_lstm.kernels.contract.Ops.lstm_forward` for panels of V units.

    Called with z (rows ``z_rows`` apart, gates V apart), the previous and new c and h (rows ``c_rows`` and ``h_rows`` apart),
    the tape's gates (rows 4 V apart), the mask of these rows, and the number of rows n.
    """
    gate, gate_parameter = code(spec.recurrent_activation)
    inner, inner_parameter = code(spec.activation)
    outer, outer_parameter = code(spec.output_activation)
    gate_z, inner_z = keeps_z(spec.recurrent_activation), keeps_z(spec.activation)
    V2, V3, V4 = 2 * V, 3 * V, 4 * V

    def lstm_forward_cell(z, c_old, c_new, h_old, h_new, gates, mask, z_rows, c_rows, h_rows, n):
        for r in range(n):
            q, s, a = r * z_rows, r * c_rows, r * V4
            zi, zf, zg, zo = load(z, q, V), load(z, q + V, V), load(z, q + V2, V), load(z, q + V3, V)
            i = activate(gate, gate_parameter, zi)
            f = activate(gate, gate_parameter, zf)
            g = activate(inner, inner_parameter, zg)
            o = activate(gate, gate_parameter, zo)
            if tape:
                store(gates, a, zi if gate_z else i)
                store(gates, a + V, zf if gate_z else f)
                store(gates, a + V2, zg if inner_z else g)
                store(gates, a + V3, zo if gate_z else o)
            before = load(c_old, s, V)
            c = flush(fma(f, before, i * g))
            h = flush(o * activate(outer, outer_parameter, c))
            if masked:
                valid = splat(z, mask[r], V) > 0.0
                c = select(valid, c, before)
                h = select(valid, h, load(h_old, r * h_rows, V))
            store(c_new, s, c)
            store(h_new, r * h_rows, h)

    name = f"lstm_forward_cell_{dtype}x{V}_{_label(spec)}_{int(tape)}{int(masked)}"
    return cell(lstm_forward_cell, name, _signature(dtype, 6, 4))


@cache
def backward_cell(spec: LSTMSpec, dtype: str, V: int, masked: bool) -> Any:
    """The cell of :meth:`~numba_lstm.kernels.contract.Ops.lstm_backward` for panels of V units.

    Called with dh from the step after (rows ``dh_rows`` apart), the layer's own dy (rows ``dy_rows`` apart), c before and after
    the step and dc, which moves one step back (rows ``rows`` apart); the tape's gates become dz. With a mask, ``carry`` holds
    what a masked row passes on past the product with U.
    """
    gate, gate_parameter = code(spec.recurrent_activation)
    inner, inner_parameter = code(spec.activation)
    outer, outer_parameter = code(spec.output_activation)
    gate_z, inner_z, outer_z = keeps_z(spec.recurrent_activation), keeps_z(spec.activation), keeps_z(spec.output_activation)
    V2, V3, V4 = 2 * V, 3 * V, 4 * V

    def lstm_backward_cell(dh, dy, c_old, c_new, dc, carry, gates, mask, dh_rows, dy_rows, rows, n, has_dy):
        for r in range(n):
            s, a = r * rows, r * V4
            ki, kf, kg, ko = load(gates, a, V), load(gates, a + V, V), load(gates, a + V2, V), load(gates, a + V3, V)
            i = activate(gate, gate_parameter, ki) if gate_z else ki
            f = activate(gate, gate_parameter, kf) if gate_z else kf
            g = activate(inner, inner_parameter, kg) if inner_z else kg
            o = activate(gate, gate_parameter, ko) if gate_z else ko
            c = load(c_new, s, V)
            p = activate(outer, outer_parameter, c)
            into_h = load(dh, r * dh_rows, V)
            if has_dy != 0:
                into_h = into_h + load(dy, r * dy_rows, V)
            after = load(dc, s, V)
            if masked:
                into_h = into_h + load(carry, s, V)
            into_c = flush(fma(into_h * o, slope(outer, outer_parameter, c if outer_z else p), after))
            zi = flush(into_c * g * slope(gate, gate_parameter, ki))
            zf = flush(into_c * load(c_old, s, V) * slope(gate, gate_parameter, kf))
            zg = flush(into_c * i * slope(inner, inner_parameter, kg))
            zo = flush(into_h * p * slope(gate, gate_parameter, ko))
            before = flush(into_c * f)
            if masked:
                valid = splat(dh, mask[r], V) > 0.0
                zi, zf, zg, zo = (
                    select(valid, zi, 0.0), select(valid, zf, 0.0), select(valid, zg, 0.0), select(valid, zo, 0.0)
                )  # fmt: skip
                before = select(valid, before, after)
                store(carry, s, select(valid, splat(dh, 0.0, V), into_h))
            store(gates, a, zi)
            store(gates, a + V, zf)
            store(gates, a + V2, zg)
            store(gates, a + V3, zo)
            store(dc, s, before)

    name = f"lstm_backward_cell_{dtype}x{V}_{_label(spec)}_{int(masked)}"
    return cell(lstm_backward_cell, name, _signature(dtype, 7, 5))


def _label(spec: LSTMSpec) -> str:
    """A spec as a part of a kernel's name."""
    return "_".join(map(label, (spec.recurrent_activation, spec.activation, spec.output_activation)))
