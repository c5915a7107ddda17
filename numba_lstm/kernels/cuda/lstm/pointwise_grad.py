"""The gradient of a cell, for one unit of one row: of the output first, then of the gates; a layer norm may stand between."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...specs import Activation
from ..device_math.activation import slope, value
from ..runtime.compiler import cuda, device
from .traits import Traits


@cache
def kept_value(how: Traits, activation: Activation) -> Any:
    """The value of a gate from what the tape keeps of it."""
    return value(activation, how.dtype) if how.keeps_z(activation) else device(lambda kept: kept)


@cache
def kept_slope(how: Traits, activation: Activation) -> Any:
    """``(kept, value) -> slope`` of a gate in z: 0 where z was clipped, NaN where z is."""
    bend = slope(activation, how.dtype)
    by_z, clipped = activation.keeps == "z", how.clip is not None
    real = np.dtype(how.dtype).type
    zero, high = real(0), real(how.clip or 0)

    @device
    def kept_slope(kept, value):
        if clipped and abs(kept) >= high:
            return zero
        return bend(kept if by_z else value)

    return kept_slope


@cache
def split(dtype: str, zoneout: str, masked: bool) -> Any:
    """``split(dh, kept, valid) -> into, past``: what goes into the step's own h, and what passes it by."""
    zero = np.dtype(dtype).type(0)
    drawn = zoneout == "mask"

    @device
    def split(dh, kept, valid):
        if (drawn and kept) or (masked and not valid):
            return zero, dh
        return dh, zero

    return split


class OutputGradient(NamedTuple):
    """Two device functions: ``du(dh, ko, u)`` and ``dzo(dh, ko, u)``, u being what the output activation saw of c."""

    du: Any
    dzo: Any


@cache
def output_gradient(how: Traits) -> OutputGradient:
    """The gradient of ``h = o * p(u)``."""
    gate, bend_gate = kept_value(how, how.gate), kept_slope(how, how.gate)
    outer, bend = value(how.outer, how.dtype), slope(how.outer, how.dtype)
    outer_z = how.outer.keeps == "z"

    @device
    def du(dh, ko, u):
        return dh * gate(ko) * bend(u if outer_z else outer(u))

    @device
    def dzo(dh, ko, u):
        return dh * outer(u) * bend_gate(ko, gate(ko))

    return OutputGradient(du, dzo)


@cache
def gate_gradient(how: Traits) -> Any:
    """``gate_gradient(dc, dc_out, dzo, ki, kf, kg, c, vi, vf, vo, kept, valid) -> dzi, dzf, dzg, dzo, dc``.

    ``dc`` comes from the step after, ``dc_out`` from the output, c is the one before the step; the answer's dc is that of it.
    """
    gate, inner = kept_value(how, how.gate), kept_value(how, how.inner)
    bend_gate, bend_inner = kept_slope(how, how.gate), kept_slope(how, how.inner)
    real = np.dtype(how.dtype).type
    zero, one = real(0), real(1)
    peephole, coupled, masked, drawn = how.peephole, how.coupled, how.masked, how.zoneout_c == "mask"

    @device
    def gate_gradient(dc, dc_out, dzo, ki, kf, kg, c, vi, vf, vo, kept, valid):
        if masked and not valid:
            return zero, zero, zero, zero, dc
        held = drawn and kept
        into = (zero if held else dc) + dc_out
        if peephole:
            into = cuda.fma(dzo, vo, into)
        i, g = gate(ki), inner(kg)
        dzg = into * i * bend_inner(kg, g)
        if coupled:
            f, dzf = one - i, zero
            dzi = into * (g - c) * bend_gate(ki, i)
        else:
            f = gate(kf)
            dzi = into * g * bend_gate(ki, i)
            dzf = into * c * bend_gate(kf, f)
        back = into * f
        if peephole:
            back = cuda.fma(dzi, vi, cuda.fma(dzf, vf, back))
        if held:
            back += dc
        return dzi, dzf, dzg, dzo, back

    return gate_gradient
