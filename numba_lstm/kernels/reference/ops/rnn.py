"""The GRU and the simple RNN over time and their gradients. ``h[t]`` is the state *before* step t."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import RNNGradients, RNNNoise, RNNOutput, RNNWeights
from ...specs import RNNSpec
from ..rnn import gru, simple

Array = npt.NDArray[Any]


class RNNTape(NamedTuple):
    """What :func:`rnn_backward` needs."""

    x: Array
    mask: Array  #: (T, N)
    steps: list[Any]  #: of the unmasked rows
    weights: RNNWeights  #: arrays
    spec: RNNSpec


def rnn_forward(
    x: Array,
    weights: RNNWeights,
    h0: Array | None,
    spec: RNNSpec,
    *,
    mask: Array | None = None,
    noise: RNNNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> RNNOutput:
    """Runs the unmasked rows of one step after another. The products are NumPy's, in its order of summation."""
    (T, N, _), arrays = x.shape, RNNWeights(*(None if w is None else w.value for w in weights))
    cell = gru if spec.gated else simple
    mask = np.ones((T, N), bool) if mask is None else mask
    h = np.empty((T + 1, N, len(arrays.recurrent_kernel)), x.dtype)
    h[0] = 0 if h0 is None else h0
    steps = []
    for t in range(T):
        active = mask[t]
        h[t + 1] = h[t]
        h[t + 1, active], step = cell.forward(x[t, active], h[t, active], arrays, rows(noise, active), spec)
        steps.append(step)
    tape = RNNTape(x, mask, steps, arrays, spec) if training else None
    return RNNOutput(h[1:] if sequences else None, h[T], tape)


def rows(noise: RNNNoise | None, active: Array) -> RNNNoise:
    """Return the noise of the ``active`` rows, which is the same at all steps."""
    return RNNNoise(*(None if masks is None else masks[:, active] for masks in noise or RNNNoise()))


def rnn_backward(tape: RNNTape, dy: Array | None, dh: Array | None, *, need_dx: bool) -> RNNGradients:
    """Backpropagation through time (Werbos 1990), which adds up the gradients of the weights over all steps."""
    x, mask, steps, weights, spec = tape
    cell = gru if spec.gated else simple
    dx = np.zeros_like(x)
    dh = np.zeros((x.shape[1], len(weights.recurrent_kernel)), x.dtype) if dh is None else dh.copy()
    dweights = RNNWeights(*(None if w is None else np.zeros_like(w) for w in weights))
    for t in reversed(range(len(x))):
        active = mask[t]
        dh = dh if dy is None else dh + dy[t]
        dx[t, active], dh[active], step_gradients = cell.backward(steps[t], dh[active], weights, spec)
        for total, share in zip(dweights, step_gradients, strict=True):
            if total is not None:
                total += share
    return RNNGradients(dx if need_dx else None, dh, dweights)


def rnn_path(N: int, T: int, D: int, H: int, dtype: Any, spec: RNNSpec, *, training: bool) -> str:
    """The reference has one algorithm."""
    return "reference"
