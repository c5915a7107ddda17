"""The LSTM over time and its gradient, one line an equation. ``h[t]`` and ``c[t]`` are the states *before* step t."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..contract import LSTMGradients, LSTMOutput, LSTMWeights
from .activations import slope, value

Array = npt.NDArray[Any]


class LSTMTape(NamedTuple):
    """What :func:`lstm_backward` needs. It keeps z alone: the gates follow from it."""

    x: Array
    mask: Array  #: (T, N, 1)
    z: Array  #: (T, N, 4H)
    h: Array  #: (T+1, N, H)
    c: Array  #: (T+1, N, H)
    W: Array
    U: Array
    has_bias: bool
    spec: Any


def split(z: Array) -> list[Array]:
    """The blocks i, f, g, o."""
    return np.split(z, 4, axis=-1)


def gates(z: Array, spec: Any) -> tuple[Array, Array, Array, Array]:
    """The activated gates."""
    z_i, z_f, z_g, z_o = split(z)
    s, a = spec.recurrent_activation, spec.activation
    return value(s, z_i), value(s, z_f), value(a, z_g), value(s, z_o)


def lstm_forward(
    x: Array,
    weights: LSTMWeights,
    h0: Array | None,
    c0: Array | None,
    spec: Any,
    *,
    mask: Array | None = None,
    sequences: bool = False,
    training: bool = False,
) -> LSTMOutput:
    """One step after another; the products are NumPy's, whose sums run in an order of their own."""
    (T, N, _), W, U = x.shape, weights.kernel.value, weights.recurrent_kernel.value
    b = 0 if weights.bias is None else weights.bias.value
    mask = np.ones((T, N, 1), bool) if mask is None else mask[..., None]
    z = np.empty((T, N, U.shape[1]), x.dtype)
    h = np.empty((T + 1, N, U.shape[0]), x.dtype)
    c = np.empty_like(h)
    h[0] = 0 if h0 is None else h0
    c[0] = 0 if c0 is None else c0

    for t in range(T):
        z[t] = b + x[t] @ W + h[t] @ U
        i, f, g, o = gates(z[t], spec)
        c_t = f * c[t] + i * g
        h_t = o * value(spec.output_activation, c_t)
        c[t + 1] = np.where(mask[t], c_t, c[t])
        h[t + 1] = np.where(mask[t], h_t, h[t])

    tape = LSTMTape(x, mask, z, h, c, W, U, weights.bias is not None, spec) if training else None
    return LSTMOutput(h[1:] if sequences else None, h[T], c[T], tape)


def lstm_backward(tape: LSTMTape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """Backpropagation through time (Werbos 1990): the forward loop's lines in reverse order, each one's transpose."""
    x, mask, z, h, c, W, U, has_bias, spec = tape
    s, a, p = spec.recurrent_activation, spec.activation, spec.output_activation
    dz = np.empty_like(z)
    dh_t = np.zeros_like(h[0]) if dh is None else dh
    dc_t = np.zeros_like(c[0]) if dc is None else dc

    for t in reversed(range(len(x))):
        z_i, z_f, z_g, z_o = split(z[t])
        i, f, g, o = gates(z[t], spec)
        dh_t = dh_t if dy is None else dh_t + dy[t]
        dc_new = dc_t + dh_t * o * slope(p, c[t + 1])
        dz_i = dc_new * g * slope(s, z_i)
        dz_f = dc_new * c[t] * slope(s, z_f)
        dz_g = dc_new * i * slope(a, z_g)
        dz_o = dh_t * value(p, c[t + 1]) * slope(s, z_o)
        dz[t] = np.where(mask[t], np.concatenate([dz_i, dz_f, dz_g, dz_o], axis=-1), 0)
        dc_t = np.where(mask[t], dc_new * f, dc_t)
        dh_t = np.where(mask[t], dz[t] @ U.T, dh_t)

    dx = dz @ W.T if need_dx else None
    dW = np.einsum("tnd,tnk->dk", x, dz, optimize=True)
    dU = np.einsum("tnh,tnk->hk", h[:-1], dz, optimize=True)
    db = np.einsum("tnk->k", dz) if has_bias else None
    return LSTMGradients(dx, dh_t, dc_t, LSTMWeights(dW, dU, db))


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: Any, *, training: bool) -> str:
    """The witness has one path."""
    return "reference"
