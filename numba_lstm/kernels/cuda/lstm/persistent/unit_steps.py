"""A step of one unit of one row in the persistent algorithms, whose states stay in registers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...device_math.activation import value
from ...runtime.compiler import device
from ..pointwise import apply_zoneout_c, apply_zoneout_h, gates, store_gates
from ..pointwise_grad import zoneout_gradient
from ..steps.backward import unit_gradient
from ..traits import Traits


@cache
def load_peephole(traits: Traits) -> Any:
    """Return ``load_peephole(V, j, active) -> vi, vf, vo``, zeros unless the thread is active and there is a peephole."""
    zero, peephole = np.dtype(traits.dtype).type(0), traits.peephole

    @device
    def load_peephole(V, j, active):
        if peephole and active:
            return V[0, j], V[1, j], V[2, j]
        return zero, zero, zero

    return load_peephole


@cache
def forward_step(traits: Traits) -> Any:
    """Return ``forward_step(sums, c_old, h_old, v, t, n, j, z, h, c, mask) -> h_new, c_new``.

    ``sums`` are the z of the four gates and v the peephole of the unit. It stores the new states and, on the tape, the gates.
    """
    cell, output_activation = gates(traits), value(traits.output_activation, traits.dtype)
    zoneout_h, zoneout_c = apply_zoneout_h(traits), apply_zoneout_c(traits)
    masked, training = traits.masked, traits.training

    @device
    def forward_step(sums, c_old, h_old, v, t, n, j, z, h, c, mask):
        valid = mask[t, n] if masked else True
        o, after, saved_i, saved_f, saved_g, saved_o = cell(sums[0], sums[1], sums[2], sums[3], c_old, v[0], v[1], v[2])
        c_new = zoneout_c(after, c_old, False, valid)
        h_new = zoneout_h(o * output_activation(after), h_old, False, valid)
        new = (t + 1) % h.shape[0]
        h[new, n, j] = h_new
        c[new, n, j] = c_new
        if training:
            store_gates(z, t, n, j, saved_i, saved_f, saved_g, saved_o)
        return h_new, c_new

    return forward_step


@cache
def backward_step(traits: Traits, has_dy: bool) -> Any:
    """Return ``backward_step(total, dc, dy, t, n, j, z, c, V, mask) -> di, df, dg, do, dc_old, carry``.

    ``total`` is the dh of the next step, and ``carry`` the dh that bypasses the product with U. It stores dz on the tape.
    """
    split_dh, unit = zoneout_gradient(traits.dtype, traits.zoneout_h, traits.masked), unit_gradient(traits)
    masked = traits.masked

    @device
    def backward_step(total, dc, dy, t, n, j, z, c, V, mask):
        if has_dy:
            total += dy[t, n, j]
        valid = mask[t, n] if masked else True
        dh, carry = split_dh(total, False, valid)
        di, df, dg, do, dc_old = unit(dh, dc, t, n, j, z, c[1:], c, V, valid, False)
        store_gates(z, t, n, j, di, df, dg, do)
        return di, df, dg, do, dc_old, carry

    return backward_step
