"""Pointwise kernels of the GRU and of the simple RNN: C functions that time loops call by address.

Each processes all units of a member of a team, row after row. A row whose mask is False is copied. The tape keeps the value of
an activation, or its argument where the value does not give the slope, in place of the sums.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ...specs import Activation
from ..compiler.jit import compile_cfunc, inlined
from ..lstm.pointwise import signature
from ..simd.arithmetic import fma
from ..simd.elementwise import activate, code, keeps_z, label, slope
from ..simd.flush import flush, flush_gradient
from ..simd.vector import load, splat, store


@inlined
def copy_row(source, target, at, units, V):
    """Copy a row of ``units`` elements from element ``at`` on."""
    for u in range(at, at + units, V):
        store(target, u, load(source, u, V))


@inlined
def clear_row(row, at, units, V):
    """Set ``units`` elements from element ``at`` on to zero."""
    for u in range(at, at + units, V):
        store(row, u, splat(row, 0.0, V))


@cache
def simple_kernel(activation: Activation, dtype: str, V: int) -> Any:
    """Return the kernel of ``h_t = activation(z)``."""
    a, parameter = code(activation)
    kept_z = keeps_z(activation)

    def simple_rnn_kernel(
        z,  # sums of n rows; what the tape keeps is written in their place
        h_old, h_new,  # h before and after the step
        mask,  # of the rows, read unless mask_rows is 0
        z_rows, h_rows, mask_rows,  # elements between rows
        padded, n, units,  # elements of a gate, rows, units of each
    ):  # fmt: skip
        for r in range(n):
            if mask_rows > 0 and mask[r * mask_rows] == 0:
                copy_row(h_old, h_new, r * h_rows, units, V)
            else:
                for u in range(0, units, V):
                    argument = load(z, r * z_rows + u, V)
                    y = activate(a, parameter, argument)
                    store(z, r * z_rows + u, argument if kept_z else y)
                    store(h_new, r * h_rows + u, flush(y))

    return compile_cfunc(simple_rnn_kernel, f"simple_rnn_kernel_{dtype}x{V}_{label(activation)}", signature(dtype, 3, 1, 6))


@cache
def simple_gradient_kernel(activation: Activation, dtype: str, V: int) -> Any:
    """Return the kernel of ``dz = (dh + dy) * slope``; the rest of dh does not go through the product with U."""
    a, parameter = code(activation)

    def simple_rnn_gradient_kernel(
        z,  # what the tape keeps of n rows; becomes dz
        h_old,  # h before the step
        dh, dy,  # the gradient of h, which becomes its share that bypasses U; that of the output, read unless dy_rows is 0
        mask,  # of the rows, read unless mask_rows is 0
        z_rows, h_rows, dh_rows, dy_rows, mask_rows,  # elements between rows
        padded, n, units,  # elements of a gate, rows, units of each
    ):  # fmt: skip
        for r in range(n):
            valid = mask_rows == 0 or mask[r * mask_rows] != 0
            for u in range(0, units, V):
                d = load(dh, r * dh_rows + u, V)
                if dy_rows > 0:
                    d = d + load(dy, r * dy_rows + u, V)
                if valid:
                    dz = d * slope(a, parameter, load(z, r * z_rows + u, V))
                    store(z, r * z_rows + u, flush_gradient(dz))
                    d = splat(dh, 0.0, V)
                store(dh, r * dh_rows + u, d)
            if not valid:
                clear_row(z, r * z_rows, units, V)

    name = f"simple_rnn_gradient_kernel_{dtype}x{V}_{label(activation)}"
    return compile_cfunc(simple_rnn_gradient_kernel, name, signature(dtype, 4, 1, 8))


@cache
def gru_reset_kernel(gate: Activation, dtype: str, V: int) -> Any:
    """Return the kernel of ``q = r * h``, where the reset gate is before the product."""
    s, parameter = code(gate)
    kept_z = keeps_z(gate)

    def gru_reset_kernel_(z, h, z_rows, h_rows, padded, n, units):
        for r in range(n):
            at = r * z_rows
            for u in range(0, units, V):
                argument = load(z, at + padded + u, V)
                reset = activate(s, parameter, argument)
                store(z, at + padded + u, argument if kept_z else reset)
                store(z, at + 3 * padded + u, flush(reset * load(h, r * h_rows + u, V)))

    return compile_cfunc(gru_reset_kernel_, f"gru_reset_kernel_{dtype}x{V}_{label(gate)}", signature(dtype, 2, 0, 5))


@cache
def gru_kernel(gate: Activation, inner: Activation, reset_after: bool, dtype: str, V: int) -> Any:
    """Return the kernel of z, r, g and h_t; before the product another one has computed r."""
    (s, gate_parameter), (a, inner_parameter) = code(gate), code(inner)
    gate_z, inner_z = keeps_z(gate), keeps_z(inner)

    def gru_kernel_(
        z,  # sums of z, r, g and q of n rows; what the tape keeps is written in their place
        h_old, h_new,  # h before and after the step
        mask,  # of the rows, read unless mask_rows is 0
        z_rows, h_rows, mask_rows,  # elements between rows
        padded, n, units,  # elements of a gate, rows, units of each
    ):  # fmt: skip
        for i in range(n):
            if mask_rows > 0 and mask[i * mask_rows] == 0:
                copy_row(h_old, h_new, i * h_rows, units, V)
            else:
                for u in range(0, units, V):
                    at = i * z_rows + u
                    z_z, z_g = load(z, at, V), load(z, at + 2 * padded, V)
                    if reset_after:
                        z_r = load(z, at + padded, V)
                        r = activate(s, gate_parameter, z_r)
                        store(z, at + padded, z_r if gate_z else r)
                        z_g = fma(r, load(z, at + 3 * padded, V), z_g)
                    update, g = activate(s, gate_parameter, z_z), activate(a, inner_parameter, z_g)
                    store(z, at, z_z if gate_z else update)
                    store(z, at + 2 * padded, z_g if inner_z else g)
                    h = fma(update, load(h_old, i * h_rows + u, V), (1.0 - update) * g)
                    store(h_new, i * h_rows + u, flush(h))

    name = f"gru_kernel_{dtype}x{V}_{label(gate)}_{label(inner)}_{int(reset_after)}"
    return compile_cfunc(gru_kernel_, name, signature(dtype, 3, 1, 6))
