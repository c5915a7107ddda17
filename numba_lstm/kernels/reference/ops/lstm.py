"""The LSTM over time and its gradient, by the steps of :mod:`.cell`. ``h[t]`` and ``c[t]`` are the states *before* step t."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import LSTMGradients, LSTMNoise, LSTMOutput, LSTMWeights
from ..lstm import cell

Array = npt.NDArray[Any]


class LSTMTape(NamedTuple):
    """What :func:`lstm_backward` needs."""

    x: Array
    mask: Array  #: (T, N)
    steps: list[cell.Step]  #: of the unmasked rows
    weights: LSTMWeights  #: arrays
    spec: Any


def lstm_forward(
    x: Array,
    weights: LSTMWeights,
    h0: Array | None,
    c0: Array | None,
    spec: Any,
    *,
    mask: Array | None = None,
    noise: LSTMNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> LSTMOutput:
    """Runs the unmasked rows of one step after another. The products are NumPy's, in its order of summation."""
    (T, N, _), arrays = x.shape, LSTMWeights(*(None if w is None else w.value for w in weights))
    P, H = arrays.recurrent_kernel.shape[0], arrays.recurrent_kernel.shape[1] // 4
    mask = np.ones((T, N), bool) if mask is None else mask
    rates = (0.0, 0.0) if training else spec.zoneout
    h, c = np.empty((T + 1, N, P), x.dtype), np.empty((T + 1, N, H), x.dtype)
    h[0] = 0 if h0 is None else h0
    c[0] = 0 if c0 is None else c0
    steps = []

    for t in range(T):
        active = mask[t]
        h[t + 1], c[t + 1] = h[t], c[t]
        h[t + 1, active], c[t + 1, active], step = cell.forward(
            x[t, active], h[t, active], c[t, active], arrays, rows(noise, t, active), rates, spec
        )
        steps.append(step)

    tape = LSTMTape(x, mask, steps, arrays, spec) if training else None
    return LSTMOutput(h[1:] if sequences else None, h[T], c[T], tape)


def rows(noise: LSTMNoise | None, t: int, active: Array) -> LSTMNoise:
    """Return the noise of step ``t`` for the ``active`` rows. The dropout masks are the same at all steps."""
    inputs, recurrent, zoneout_h, zoneout_c = noise or LSTMNoise()
    return LSTMNoise(
        None if inputs is None else inputs[:, active],
        None if recurrent is None else recurrent[:, active],
        None if zoneout_h is None else zoneout_h[t, active],
        None if zoneout_c is None else zoneout_c[t, active],
    )


def lstm_backward(tape: LSTMTape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """Backpropagation through time (Werbos 1990), which adds up the gradients of the weights over all steps."""
    x, mask, steps, weights, spec = tape
    N, (P, H) = x.shape[1], (weights.recurrent_kernel.shape[0], weights.recurrent_kernel.shape[1] // 4)
    dx = np.zeros_like(x)
    dh = np.zeros((N, P), x.dtype) if dh is None else dh.copy()
    dc = np.zeros((N, H), x.dtype) if dc is None else dc.copy()
    dweights = LSTMWeights(*(None if w is None else np.zeros_like(w) for w in weights))

    for t in reversed(range(len(x))):
        active = mask[t]
        dh = dh if dy is None else dh + dy[t]
        dx[t, active], dh[active], dc[active], step_gradients = cell.backward(steps[t], dh[active], dc[active], weights, spec)
        for total, share in zip(dweights, step_gradients, strict=True):
            if total is not None:
                total += share

    return LSTMGradients(dx if need_dx else None, dh, dc, dweights)


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: Any, *, training: bool, rows: bool, gatewise: bool) -> str:
    """The reference has one algorithm."""
    return "reference"
