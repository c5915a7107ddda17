"""A step of one unit of one row in the persistent algorithms, whose states stay in registers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...device_math.activation import value
from ...runtime.compiler import cuda, device
from ..pointwise import apply_zoneout_c, apply_zoneout_h, bounded, gates, store_gates
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
def _new_states(traits: Traits) -> Any:
    """Return ``new_states(o, after, c_old, h_old, t, n, j, h, c, mask) -> h_new, c_new``, which it stores.

    ``after`` is the new c before the mask.
    """
    output_activation, masked = value(traits.output_activation, traits.dtype), traits.masked
    zoneout_h, zoneout_c = apply_zoneout_h(traits), apply_zoneout_c(traits)

    @device
    def new_states(o, after, c_old, h_old, t, n, j, h, c, mask):
        valid = mask[t, n] if masked else True
        c_new = zoneout_c(after, c_old, False, valid)
        h_new = zoneout_h(o * output_activation(after), h_old, False, valid)
        new = (t + 1) % h.shape[0]
        h[new, n, j] = h_new
        c[new, n, j] = c_new
        return h_new, c_new

    return new_states


@cache
def forward_step(traits: Traits) -> Any:
    """Return ``forward_step(sums, c_old, h_old, v, t, n, j, z, h, c, mask) -> h_new, c_new``.

    ``sums`` are the z of the four gates and v the peephole of the unit. It stores the new states and, on the tape, the gates.
    """
    cell, states, training = gates(traits), _new_states(traits), traits.training

    @device
    def forward_step(sums, c_old, h_old, v, t, n, j, z, h, c, mask):
        o, after, saved_i, saved_f, saved_g, saved_o = cell(sums[0], sums[1], sums[2], sums[3], c_old, v[0], v[1], v[2])
        if training:
            store_gates(z, t, n, j, saved_i, saved_f, saved_g, saved_o)
        return states(o, after, c_old, h_old, t, n, j, h, c, mask)

    return forward_step


def separable(traits: Traits) -> bool:
    """Return whether the gates of a unit depend on nothing but their own z, so that four threads may compute one each."""
    return not (traits.peephole or traits.coupled)


@cache
def gate_of_lane(traits: Traits) -> Any:
    """Return ``gate_of_lane(z_gate, g, t, n, column, active, z)``, the value of gate g. It stores the gate on the tape."""
    gate, activation = value(traits.recurrent_activation, traits.dtype), value(traits.activation, traits.dtype)
    bound, training = bounded(traits.dtype, traits.clip), traits.training
    gate_saves_z, activation_saves_z = traits.saves_z(traits.recurrent_activation), traits.saves_z(traits.activation)

    @device
    def gate_of_lane(z_gate, g, t, n, column, active, z):
        z_gate = bound(z_gate)
        if g == 2:
            found = activation(z_gate)
            saves_z = activation_saves_z
        else:
            found = gate(z_gate)
            saves_z = gate_saves_z
        if training and active:
            z[t, n, column] = z_gate if saves_z else found
        return found

    return gate_of_lane


@cache
def states_of_gates(traits: Traits) -> Any:
    """Return ``states_of_gates(i_f_g_o, c_old, h_old, t, n, j, h, c, mask) -> h_new, c_new``, of the values of four lanes."""
    states = _new_states(traits)

    @device
    def states_of_gates(i_f_g_o, c_old, h_old, t, n, j, h, c, mask):
        i, f, g, o = i_f_g_o
        return states(o, cuda.fma(f, c_old, i * g), c_old, h_old, t, n, j, h, c, mask)

    return states_of_gates


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
