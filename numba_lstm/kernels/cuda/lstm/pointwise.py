"""Pointwise part of the LSTM cell: one thread computes one unit of one row. The gradient is in :mod:`.pointwise_grad`.

All algorithms call these device functions after sums in the same order, so they return the same bits.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..device_math.activation import value
from ..runtime.compiler import cuda, device
from .traits import Traits


@cache
def bounded(dtype: str, clip: float | None) -> Any:
    """Return ``bounded(z) = min(max(z, -clip), clip)``. NaN propagates."""
    if clip is None:
        return device(lambda z: z)
    real = np.dtype(dtype).type
    high, low = real(clip), real(-clip)

    @device
    def bounded(z):
        if z > high:
            return high
        if z < low:
            return low
        return z

    return bounded


@cache
def gates(traits: Traits) -> Any:
    """Return ``gates(zi, zf, zg, zo, c, vi, vf, vo) -> o, c_new, saved_i, saved_f, saved_g, saved_o``.

    c is the old state, v a peephole, and the tape saves the last four.
    """
    one = np.dtype(traits.dtype).type(1)
    gate, activation = value(traits.recurrent_activation, traits.dtype), value(traits.activation, traits.dtype)
    bound = bounded(traits.dtype, traits.clip)
    gate_saves_z, activation_saves_z = traits.saves_z(traits.recurrent_activation), traits.saves_z(traits.activation)
    peephole, coupled = traits.peephole, traits.coupled

    @device
    def gates(zi, zf, zg, zo, c, vi, vf, vo):
        if peephole:
            zi = cuda.fma(vi, c, zi)
            zf = cuda.fma(vf, c, zf)
        zi, zf, zg = bound(zi), bound(zf), bound(zg)
        i, g = gate(zi), activation(zg)
        f = one - i if coupled else gate(zf)
        c_new = cuda.fma(f, c, i * g)
        if peephole:
            zo = cuda.fma(vo, c_new, zo)
        zo = bound(zo)
        o = gate(zo)
        return (
            o,
            c_new,
            zi if gate_saves_z else i,
            zf if gate_saves_z else f,
            zg if activation_saves_z else g,
            zo if gate_saves_z else o,
        )

    return gates


@cache
def apply_zoneout(dtype: str, zoneout: str, rate: float, masked: bool) -> Any:
    """Return ``apply_zoneout(new, old, zoneout_mask, valid)``: a state after its zoneout and the mask of the step."""
    real = np.dtype(dtype).type
    old_share, new_share = real(rate), real(1 - rate)
    uses_rate, uses_mask = zoneout == "rate", zoneout == "mask"

    @device
    def apply_zoneout(new, old, zoneout_mask, valid):
        if uses_rate:
            new = cuda.fma(old_share, old, new_share * new)
        if uses_mask and zoneout_mask:
            new = old
        if masked and not valid:
            new = old
        return new

    return apply_zoneout


def apply_zoneout_h(traits: Traits) -> Any:
    """Return :func:`apply_zoneout` of h."""
    return apply_zoneout(traits.dtype, traits.zoneout_h, traits.rate_h, traits.masked)


def apply_zoneout_c(traits: Traits) -> Any:
    """Return :func:`apply_zoneout` of c."""
    return apply_zoneout(traits.dtype, traits.zoneout_c, traits.rate_c, traits.masked)


@device
def store_gates(z, t, n, j, i, f, g, o):
    """Store the four gates of one unit."""
    H = z.shape[2] // 4
    z[t, n, j] = i
    z[t, n, H + j] = f
    z[t, n, 2 * H + j] = g
    z[t, n, 3 * H + j] = o
