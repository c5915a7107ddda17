"""The cell: what one thread does to the four z of one unit of one row. Its gradient is in :mod:`.lstm_cell_gradient`.

All ways through an LSTM call these device functions, after the same chains of additions, so they answer the same bits.
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
    """``min(max(z, -clip), clip)``; NaN stays NaN."""
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
def gates(how: Traits) -> Any:
    """``gates(zi, zf, zg, zo, c, vi, vf, vo) -> o, c_t, ki, kf, kg, ko``: c is the old one, v a peephole, k for the tape."""
    one = np.dtype(how.dtype).type(1)
    gate, inner = value(how.gate, how.dtype), value(how.inner, how.dtype)
    bound = bounded(how.dtype, how.clip)
    gate_z, inner_z = how.keeps_z(how.gate), how.keeps_z(how.inner)
    peephole, coupled = how.peephole, how.coupled

    @device
    def gates(zi, zf, zg, zo, c, vi, vf, vo):
        if peephole:
            zi = cuda.fma(vi, c, zi)
            zf = cuda.fma(vf, c, zf)
        zi, zf, zg = bound(zi), bound(zf), bound(zg)
        i, g = gate(zi), inner(zg)
        f = one - i if coupled else gate(zf)
        c_new = cuda.fma(f, c, i * g)
        if peephole:
            zo = cuda.fma(vo, c_new, zo)
        zo = bound(zo)
        o = gate(zo)
        return o, c_new, zi if gate_z else i, zf if gate_z else f, zg if inner_z else g, zo if gate_z else o

    return gates


@cache
def carried(dtype: str, zoneout: str, rate: float, masked: bool) -> Any:
    """``carried(new, old, kept, valid)``: what a state comes to after its zoneout and the mask of the step."""
    real = np.dtype(dtype).type
    share, rest = real(rate), real(1 - rate)
    mean, drawn = zoneout == "rate", zoneout == "mask"

    @device
    def carried(new, old, kept, valid):
        if mean:
            new = cuda.fma(share, old, rest * new)
        if drawn and kept:
            new = old
        if masked and not valid:
            new = old
        return new

    return carried


def carried_h(how: Traits) -> Any:
    """That of h."""
    return carried(how.dtype, how.zoneout_h, how.rate_h, how.masked)


def carried_c(how: Traits) -> Any:
    """That of c."""
    return carried(how.dtype, how.zoneout_c, how.rate_c, how.masked)


@device
def store_gates(z, t, n, j, i, f, g, o):
    """The four numbers of one unit."""
    H = z.shape[2] // 4
    z[t, n, j] = i
    z[t, n, H + j] = f
    z[t, n, 2 * H + j] = g
    z[t, n, 3 * H + j] = o
