"""Gradients of layers against central differences, with masks, states, noise and penalties."""

from __future__ import annotations

import numpy as np
from tolerances import FINITE_DIFFERENCES, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Key

KEY = Key(1, 2, 3)
STEP = 1e-5


def check_gradients(layer, x, dy, states=(), dstates=None, *, mask=None, seed=12):
    """The gradient along one random direction of inputs, states and weights, against a central difference.

    The scalar is the sum of all outputs times ``dy`` and ``dstates``, and of all penalties. The layer is of float64 and built.
    """
    ops, draw = get_ops(), np.random.default_rng(seed)

    def device(array):
        return None if array is None else ops.gather(array, slice(None), "float64")

    dys = dy if isinstance(dy, tuple) else (dy,)
    dys = tuple(device(d) for d in dys)
    steps = None if mask is None else ops.asarray(np.ascontiguousarray(mask.T), bool)
    starts = [x, *states, *layer.get_weights()]
    directions = [draw.normal(size=value.shape) for value in starts]
    dstates = None if dstates is None else tuple(device(d) for d in dstates)

    def run(distance):
        x, *rest = (value + distance * direction for value, direction in zip(starts, directions, strict=True))
        layer.set_weights(rest[len(states) :])
        given = tuple(device(value) for value in rest[: len(states)]) or None
        result = layer.propagate(ops, device(x), given, steps, True, KEY)
        ys = result.y if isinstance(result.y, tuple) else (result.y,)
        pairs = [*zip(ys, dys, strict=True), *zip(result.states, dstates or (), strict=False)]
        total = sum(np.sum(ops.to_host(a) * ops.to_host(b)) for a, b in pairs if b is not None)
        return result, total + result.penalty + layer.penalty()

    difference = (run(STEP)[1] - run(-STEP)[1]) / (2 * STEP)
    given = None if dy is None else dys if isinstance(dy, tuple) else dys[0]
    dx, dstates0, gradients = layer.backpropagate(ops, run(0.0)[0].tape, given, dstates)
    gradients = layer.add_penalty_gradients(ops, gradients)
    directions[0] = ops.to_host(device(directions[0]))
    actual = [dx, *(dstates0 if len(states) else ()), *gradients]
    slope = sum(np.sum(ops.to_host(g) * direction) for g, direction in zip(actual, directions, strict=True))
    assert_close(slope, difference, FINITE_DIFFERENCES)
