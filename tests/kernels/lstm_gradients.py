"""The gradient of the reference's LSTM against finite differences: of every element, or along one direction of each input."""

from __future__ import annotations

import numpy as np
from finite_differences import assert_gradient
from kernel_cases import WEIGHTS, LSTMCase, lstm_forward, run_lstm

from numba_lstm.device import get_ops

OPS = get_ops("reference")


def scalar(case: LSTMCase) -> float:
    """The inner product of all outputs with the gradients that come back to them, with the noise of training."""
    out = lstm_forward(OPS, case, sequences=case.dy is not None, training=True)
    pairs = [(out.y, case.dy), (out.h, case.dh), (out.c, case.dc)]
    return sum(float(np.sum(value * d)) for value, d in pairs if d is not None)


def inputs(case: LSTMCase) -> list[str]:
    """The names of all that has a gradient in this case."""
    return [name for name in ("x", "h0", "c0", *WEIGHTS) if getattr(case, name) is not None]


def assert_gradients(case: LSTMCase) -> None:
    """Every element of every gradient."""
    gradients = run_lstm(OPS, case)
    for name in inputs(case):
        assert_gradient(gradients[f"d{name}"], lambda value, name=name: scalar(case.but(**{name: value})), getattr(case, name))


def assert_slopes(case: LSTMCase) -> None:
    """Every gradient along one random direction: the whole of it for the price of one element."""
    gradients, rng = run_lstm(OPS, case), np.random.default_rng(5)
    for name in inputs(case):
        start = getattr(case, name)
        direction = rng.standard_normal(start.shape)
        direction /= np.linalg.norm(direction)
        slope = np.sum(gradients[f"d{name}"] * direction)[None]
        assert_gradient(slope, lambda s, n=name, a=start, d=direction: scalar(case.but(**{n: a + s[0] * d})), np.zeros(1))
