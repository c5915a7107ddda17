"""Pointwise kernels of a backward step: they turn what the tape keeps into the gradients of the gates."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...specs import Activation, RNNSpec
from ..device_math.activation import slope, value
from ..runtime.compiler import Kernel, device, jit
from ..runtime.launch import element
from .pointwise import label


@cache
def value_of(activation: Activation, dtype: str) -> Any:
    """Return the device function of an activation's value, given what the tape keeps of it."""
    if activation.keeps == "z":
        return value(activation, dtype)
    return device(lambda kept: kept)


@cache
def simple_gradient(spec: RNNSpec, dtype: str, masked: bool, has_dy: bool) -> Kernel:
    """Return the kernel of ``dz = (dh + product + dy) * slope``; dh becomes its share that bypasses U."""
    derivative, zero = slope(spec.activation, dtype), np.dtype(dtype).type(0)

    @jit("f3 f3 f2 f2 b2 i", dtype, f"simple_rnn_gradient_{label(spec, dtype, masked, has_dy)}")
    def simple_rnn_gradient(z, dy, dh, product, mask, t):
        i = element()
        if i < dh.size:
            n, j = i // dh.shape[1], i % dh.shape[1]
            d = dh[n, j] + product[n, j]
            if has_dy:
                d += dy[t, n, j]
            valid = mask[t, n] if masked else True
            z[t, n, j] = d * derivative(z[t, n, j]) if valid else zero
            dh[n, j] = zero if valid else d

    return simple_rnn_gradient


@cache
def gru_gradient(spec: RNNSpec, dtype: str, masked: bool, has_dy: bool) -> Kernel:
    """Return the kernel of dz, dr and dg in ``z``, and with ``reset_after`` of dz, dr and ``du_g = dg * r`` in ``du``.

    Without it, ``du`` is dg alone, and another kernel computes dr. dh becomes its share that bypasses U.
    """
    s, a, zero = spec.recurrent_activation, spec.activation, np.dtype(dtype).type(0)
    gate, inner, one = value_of(s, dtype), value_of(a, dtype), np.dtype(dtype).type(1)
    gate_slope, inner_slope, reset_after = slope(s, dtype), slope(a, dtype), spec.reset_after

    @jit("f3 f3 f3 f3 f3 f2 f2 b2 i", dtype, f"gru_gradient_{label(spec, dtype, masked, has_dy, reset_after)}")
    def gru_gradient(z, q, h, du, dy, dh, product, mask, t):
        i = element()
        if i < dh.size:
            H = dh.shape[1]
            n, j = i // H, i % H
            d = dh[n, j] + product[n, j]
            if has_dy:
                d += dy[t, n, j]
            kept_z, kept_r, kept_g = z[t, n, j], z[t, n, H + j], z[t, n, 2 * H + j]
            update, g, r = gate(kept_z), inner(kept_g), gate(kept_r)
            valid = mask[t, n] if masked else True
            dz = d * (h[t, n, j] - g) * gate_slope(kept_z) if valid else zero
            dg = d * (one - update) * inner_slope(kept_g) if valid else zero
            z[t, n, j] = dz
            z[t, n, 2 * H + j] = dg
            if reset_after:
                dr = dg * q[t, n, j] * gate_slope(kept_r) if valid else zero
                z[t, n, H + j] = dr
                du[t, n, j] = dz
                du[t, n, H + j] = dr
                du[t, n, 2 * H + j] = dg * r if valid else zero
            else:
                du[t % du.shape[0], n, j] = dg
            dh[n, j] = d * update if valid else d

    return gru_gradient


@cache
def gru_reset_gradient(spec: RNNSpec, dtype: str, masked: bool) -> Kernel:
    """Return the kernel of dr, and of the share of h in ``q = r * h``, which it adds to dh, from the gradient of q."""
    s, zero = spec.recurrent_activation, np.dtype(dtype).type(0)
    gate, gate_slope = value_of(s, dtype), slope(s, dtype)

    @jit("f3 f3 f2 f2 b2 i", dtype, f"gru_reset_gradient_{label(spec, dtype, masked)}")
    def gru_reset_gradient(z, h, dq, dh, mask, t):
        i = element()
        if i < dh.size:
            H = dh.shape[1]
            n, j = i // H, i % H
            kept = z[t, n, H + j]
            valid = mask[t, n] if masked else True
            z[t, n, H + j] = dq[n, j] * h[t, n, j] * gate_slope(kept) if valid else zero
            if valid:
                dh[n, j] += dq[n, j] * gate(kept)

    return gru_reset_gradient
