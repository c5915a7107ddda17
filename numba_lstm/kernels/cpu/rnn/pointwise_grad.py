"""Pointwise kernels of the backward pass of the GRU; :mod:`.pointwise` has the others."""

from __future__ import annotations

from functools import cache
from typing import Any

from ...specs import Activation
from ..compiler.jit import compile_cfunc, inlined
from ..lstm.pointwise import signature
from ..simd.arithmetic import fma
from ..simd.elementwise import activate, code, keeps_z, label, slope
from ..simd.flush import flush_gradient
from ..simd.vector import load, store
from .pointwise import clear_row


@inlined
def value(code_, parameter, kept):
    """Return the value of an activation, given its argument, or its value where ``code_`` is None."""
    return kept if code_ is None else activate(code_, parameter, kept)


@cache
def gru_gradient_kernel(gate: Activation, inner: Activation, reset_after: bool, dtype: str, V: int) -> Any:
    """Return the kernel of dz, dr, dg and dq, or of dz and dg alone where the reset gate is before the product."""
    (s, gate_parameter), (a, inner_parameter) = code(gate), code(inner)
    gate_of, inner_of = s if keeps_z(gate) else None, a if keeps_z(inner) else None
    gate_z, inner_z = keeps_z(gate), keeps_z(inner)

    def gru_gradient_kernel_(
        z,  # what the tape keeps of z, r, g and q of n rows; becomes their gradients
        h_old,  # h before the step
        dh, dy,  # the gradient of h, which becomes its share that bypasses U; that of the output, read unless dy_rows is 0
        mask,  # of the rows, read unless mask_rows is 0
        z_rows, h_rows, dh_rows, dy_rows, mask_rows,  # elements between rows
        padded, n, units,  # elements of a gate, rows, units of each
    ):  # fmt: skip
        for i in range(n):
            valid = mask_rows == 0 or mask[i * mask_rows] != 0
            for u in range(0, units, V):
                at = i * z_rows + u
                d = load(dh, i * dh_rows + u, V)
                if dy_rows > 0:
                    d = d + load(dy, i * dy_rows + u, V)
                if valid:
                    kept_z, kept_g = load(z, at, V), load(z, at + 2 * padded, V)
                    update = value(gate_of, gate_parameter, kept_z)
                    g = value(inner_of, inner_parameter, kept_g)
                    slope_z = slope(s, gate_parameter, kept_z if gate_z else update)
                    slope_g = slope(a, inner_parameter, kept_g if inner_z else g)
                    store(z, at, flush_gradient(d * (load(h_old, i * h_rows + u, V) - g) * slope_z))
                    dg = flush_gradient(d * (1.0 - update) * slope_g)
                    store(z, at + 2 * padded, dg)
                    if reset_after:
                        kept_r = load(z, at + padded, V)
                        r = value(gate_of, gate_parameter, kept_r)
                        slope_r = slope(s, gate_parameter, kept_r if gate_z else r)
                        store(z, at + padded, flush_gradient(dg * load(z, at + 3 * padded, V) * slope_r))
                        store(z, at + 3 * padded, flush_gradient(dg * r))
                    d = flush_gradient(d * update)
                store(dh, i * dh_rows + u, d)
            if not valid:
                for block in range(4):
                    clear_row(z, i * z_rows + block * padded, units, V)

    name = f"gru_gradient_kernel_{dtype}x{V}_{label(gate)}_{label(inner)}_{int(reset_after)}"
    return compile_cfunc(gru_gradient_kernel_, name, signature(dtype, 4, 1, 8))


@cache
def gru_reset_gradient_kernel(gate: Activation, dtype: str, V: int) -> Any:
    """Return the kernel of dr, and of the share of h in ``q = r * h``, from the gradient of q."""
    s, gate_parameter = code(gate)
    gate_of, gate_z = s if keeps_z(gate) else None, keeps_z(gate)

    def gru_reset_gradient_kernel_(
        z,  # what the tape keeps of n rows: r becomes dr
        h_old, dq, dh,  # h before the step, the gradient of q, that of h, to which its share is added
        mask,  # of the rows, read unless mask_rows is 0
        z_rows, h_rows, dh_rows, mask_rows,  # elements between rows; dh_rows of dq too
        padded, n, units,  # elements of a gate, rows, units of each
    ):  # fmt: skip
        for i in range(n):
            if mask_rows == 0 or mask[i * mask_rows] != 0:
                for u in range(0, units, V):
                    at, d = i * z_rows + padded + u, load(dq, i * dh_rows + u, V)
                    kept_r = load(z, at, V)
                    r = value(gate_of, gate_parameter, kept_r)
                    slope_r = slope(s, gate_parameter, kept_r if gate_z else r)
                    store(z, at, flush_gradient(d * load(h_old, i * h_rows + u, V) * slope_r))
                    store(dh, i * dh_rows + u, flush_gradient(fma(d, r, load(dh, i * dh_rows + u, V))))

    name = f"gru_reset_gradient_kernel_{dtype}x{V}_{label(gate)}"
    return compile_cfunc(gru_reset_gradient_kernel_, name, signature(dtype, 4, 1, 7))
