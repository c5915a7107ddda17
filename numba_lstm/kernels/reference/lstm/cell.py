"""One step of an LSTM and its gradient, with one line for each equation of :meth:`..contract.Ops.lstm_forward`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import LSTMNoise, LSTMWeights
from ..functions.activations import slope, value
from .terms import blocks, gate, gate_slope, norm, norm_gradient, product, product_gradient, zoneout, zoneout_gradient

Array = npt.NDArray[Any]


class Step(NamedTuple):
    """What :func:`backward` needs of :func:`forward`: its arguments and intermediate results."""

    x: Array  #: (N, D)
    h: Array  #: (N, P)
    c: Array  #: (N, H)
    noise: LSTMNoise  #: of this step: zoneout masks (N, P) and (N, H)
    xW: Array  #: (N, 4H), before its norm
    hU: Array  #: (N, 4H), before its norm
    z: tuple[Array, ...]  #: pre-activations of i, f, g and o, before they are clipped, (N, H) each
    gates: tuple[Array, ...]  #: i, f, g and o
    c_new: Array  #: (N, H), before zoneout
    u: Array  #: (N, H), the argument of the output activation
    m: Array  #: (N, H), the output before its projection


def forward(
    x: Array, h: Array, c: Array, weights: LSTMWeights, noise: LSTMNoise, zoneout_rates: tuple[float, float], spec: Any
) -> tuple[Array, Array, Step]:
    """Return the next h and c, and what the gradient needs."""
    W, U, b, V, R, kernel_norm, recurrent_norm, cell_norm = weights
    s, a, p = spec.recurrent_activation, spec.activation, spec.output_activation
    clip, epsilon = spec.clip, spec.norm_epsilon

    xW = product(x, W, noise.inputs)
    hU = product(h, U, noise.recurrent)
    z = xW + hU if kernel_norm is None else norm(xW, epsilon) * kernel_norm + norm(hU, epsilon) * recurrent_norm
    z_i, z_f, z_g, z_o = blocks(z if b is None else z + b)
    if V is not None:
        z_i = z_i + V[0] * c
        z_f = z_f + V[1] * c
    i = gate(s, z_i, clip)
    f = 1 - i if spec.coupled else gate(s, z_f, clip)
    g = gate(a, z_g, clip)
    c_new = f * c + i * g
    if V is not None:
        z_o = z_o + V[2] * c_new
    o = gate(s, z_o, clip)
    u = c_new if cell_norm is None else norm(c_new, epsilon) * cell_norm[0] + cell_norm[1]
    m = o * value(p, u)
    h_new = m if R is None else m @ R

    step = Step(x, h, c, noise, xW, hU, (z_i, z_f, z_g, z_o), (i, f, g, o), c_new, u, m)
    rate_h, rate_c = zoneout_rates
    return zoneout(h_new, h, noise.zoneout_h, rate_h), zoneout(c_new, c, noise.zoneout_c, rate_c), step


def backward(step: Step, dh: Array, dc: Array, weights: LSTMWeights, spec: Any) -> tuple[Array, Array, Array, LSTMWeights]:
    """Return ``dx``, ``dh``, ``dc`` of the previous step and the gradients of the weights: :func:`forward` in reverse."""
    W, U, b, V, R, kernel_norm, recurrent_norm, cell_norm = weights
    s, a, p = spec.recurrent_activation, spec.activation, spec.output_activation
    clip, epsilon = spec.clip, spec.norm_epsilon
    x, h, c, noise, xW, hU, (z_i, z_f, z_g, z_o), (i, f, g, o), c_new, u, m = step
    db = dV = dR = dkernel_norm = drecurrent_norm = dcell_norm = None

    dh_new, dh = zoneout_gradient(dh, noise.zoneout_h)
    dc_new, dc = zoneout_gradient(dc, noise.zoneout_c)

    dm = dh_new if R is None else dh_new @ R.T
    du = dm * o * slope(p, u)
    dz_o = dm * value(p, u) * gate_slope(s, z_o, clip)
    dc_new = dc_new + (du if cell_norm is None else norm_gradient(du * cell_norm[0], c_new, epsilon))
    if V is not None:
        dc_new = dc_new + dz_o * V[2]

    di = dc_new * g - dc_new * c if spec.coupled else dc_new * g
    dz_i = di * gate_slope(s, z_i, clip)
    dz_f = np.zeros_like(z_f) if spec.coupled else dc_new * c * gate_slope(s, z_f, clip)
    dz_g = dc_new * i * gate_slope(a, z_g, clip)
    dc = dc + dc_new * f
    if V is not None:
        dc = dc + dz_i * V[0] + dz_f * V[1]

    dz = np.concatenate([dz_i, dz_f, dz_g, dz_o], axis=-1)
    dxW = dz if kernel_norm is None else norm_gradient(dz * kernel_norm, xW, epsilon)
    dhU = dz if kernel_norm is None else norm_gradient(dz * recurrent_norm, hU, epsilon)
    dx, dW = product_gradient(dxW, x, W, noise.inputs)
    dh_recurrent, dU = product_gradient(dhU, h, U, noise.recurrent)

    if b is not None:
        db = np.sum(dz, axis=0)
    if V is not None:
        dV = np.stack([np.sum(dz_i * c, axis=0), np.sum(dz_f * c, axis=0), np.sum(dz_o * c_new, axis=0)])
    if R is not None:
        dR = m.T @ dh_new
    if kernel_norm is not None:
        dkernel_norm = np.sum(dz * norm(xW, epsilon), axis=0)
        drecurrent_norm = np.sum(dz * norm(hU, epsilon), axis=0)
        dcell_norm = np.stack([np.sum(du * norm(c_new, epsilon), axis=0), np.sum(du, axis=0)])
    return dx, dh + dh_recurrent, dc, LSTMWeights(dW, dU, db, dV, dR, dkernel_norm, drecurrent_norm, dcell_norm)
