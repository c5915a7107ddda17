"""Gradient of the pointwise part for one unit of one row: of the output, then of the gates, with a layer norm between."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...specs import Activation
from ..device_math.activation import slope, value
from ..runtime.compiler import cuda, device
from .traits import Traits


@cache
def gate_value(traits: Traits, activation: Activation) -> Any:
    """Return the function from a saved gate to its value."""
    return value(activation, traits.dtype) if traits.saves_z(activation) else device(lambda saved: saved)


@cache
def gate_slope_from_saved(traits: Traits, activation: Activation) -> Any:
    """Return ``(saved, value) -> slope`` of a gate in z: 0 where z was clipped, NaN where z is NaN."""
    slope_of = slope(activation, traits.dtype)
    slope_of_z, clipped = activation.keeps == "z", traits.clip is not None
    real = np.dtype(traits.dtype).type
    zero, high = real(0), real(traits.clip or 0)

    @device
    def gate_slope_from_saved(saved, value):
        if clipped and abs(saved) >= high:
            return zero
        return slope_of(saved if slope_of_z else value)

    return gate_slope_from_saved


@cache
def zoneout_gradient(dtype: str, zoneout: str, masked: bool) -> Any:
    """Return ``zoneout_gradient(dh, zoneout_mask, valid) -> dh_new, dh_old``: the gradients of the new and the old h."""
    zero = np.dtype(dtype).type(0)
    uses_mask = zoneout == "mask"

    @device
    def zoneout_gradient(dh, zoneout_mask, valid):
        if (uses_mask and zoneout_mask) or (masked and not valid):
            return zero, dh
        return dh, zero

    return zoneout_gradient


class OutputGradient(NamedTuple):
    """Device functions ``du(dh, saved_o, u)`` and ``dzo(dh, saved_o, u)``, where u is the argument of the output activation."""

    du: Any
    dzo: Any


@cache
def output_gradient(traits: Traits) -> OutputGradient:
    """Return the gradient of ``h = o * p(u)``."""
    gate = gate_value(traits, traits.recurrent_activation)
    gate_slope = gate_slope_from_saved(traits, traits.recurrent_activation)
    output_activation, slope_of = value(traits.output_activation, traits.dtype), slope(traits.output_activation, traits.dtype)
    output_saves_z = traits.output_activation.keeps == "z"

    @device
    def du(dh, saved_o, u):
        return dh * gate(saved_o) * slope_of(u if output_saves_z else output_activation(u))

    @device
    def dzo(dh, saved_o, u):
        return dh * output_activation(u) * gate_slope(saved_o, gate(saved_o))

    return OutputGradient(du, dzo)


@cache
def gate_gradient(traits: Traits) -> Any:
    """Return a device function from dc, dzo and the saved gates to dzi, dzf, dzg, dzo and dc_old.

    ``dc`` is the gradient from the next step, ``dc_out`` that from the output. c is the old state, and dc_old its gradient.
    """
    gate, activation = gate_value(traits, traits.recurrent_activation), gate_value(traits, traits.activation)
    gate_slope = gate_slope_from_saved(traits, traits.recurrent_activation)
    activation_slope = gate_slope_from_saved(traits, traits.activation)
    real = np.dtype(traits.dtype).type
    zero, one = real(0), real(1)
    peephole, coupled, masked, uses_mask = traits.peephole, traits.coupled, traits.masked, traits.zoneout_c == "mask"

    @device
    def gate_gradient(dc, dc_out, dzo, saved_i, saved_f, saved_g, c, vi, vf, vo, zoneout_mask, valid):
        if masked and not valid:
            return zero, zero, zero, zero, dc
        is_zoned_out = uses_mask and zoneout_mask
        dc_new = (zero if is_zoned_out else dc) + dc_out
        if peephole:
            dc_new = cuda.fma(dzo, vo, dc_new)
        i, g = gate(saved_i), activation(saved_g)
        dzg = dc_new * i * activation_slope(saved_g, g)
        if coupled:
            f, dzf = one - i, zero
            dzi = dc_new * (g - c) * gate_slope(saved_i, i)
        else:
            f = gate(saved_f)
            dzi = dc_new * g * gate_slope(saved_i, i)
            dzf = dc_new * c * gate_slope(saved_f, f)
        dc_old = dc_new * f
        if peephole:
            dc_old = cuda.fma(dzi, vi, cuda.fma(dzf, vf, dc_old))
        if is_zoned_out:
            dc_old += dc
        return dzi, dzf, dzg, dzo, dc_old

    return gate_gradient
