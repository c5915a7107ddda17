"""A small problem and a small model, which the tests of training share."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Dropout, Input

N, T, D, C = 11, 5, 7, 3

draw = np.random.default_rng(11)
X = draw.normal(size=(N, T, D)).astype(np.float32)
Y = draw.normal(size=(N, C)).astype(np.float32)
Y_STEPS = draw.normal(size=(N, T, C)).astype(np.float32)
LABELS = draw.integers(0, C, size=N)
STEP_LABELS = draw.integers(0, C, size=(N, T))
WEIGHT = draw.uniform(0.5, 2, size=N)


def make_model(
    loss="mse",
    optimizer="adam",
    *,
    sequences=False,
    units=C,
    activation=None,
    dropout=0.0,
    metrics=None,
    dtype="float32",
    seed=5,
    kind=Sequential,
):
    """A compiled LSTM(4) with a Dense layer, its weights and random stream known."""
    stack = [
        Input((T, D)),
        LSTM(4, return_sequences=sequences),
        *([Dropout(dropout)] if dropout else []),
        Dense(units, activation),
    ]
    model = kind(stack, dtype=dtype)
    weights = np.random.default_rng(seed)
    model.set_weights([weights.normal(scale=0.4, size=array.shape) for array in model.get_weights()])
    model.random.state = {"seed": seed, "step": 0}
    model.compile(optimizer, loss, metrics=metrics)
    return model


def same_weights(a, b):
    """Whether two lists of arrays are equal bit for bit."""
    return all(np.array_equal(u, v) for u, v in zip(a, b, strict=True))


def unchanged(model, call):
    """Run ``call``, which raises, and see that the model is as before."""
    before, built = model.get_weights(), model.built
    steps = 0 if model.optimizer is None else model.optimizer.iterations
    with pytest.raises((TypeError, ValueError, OSError)) as caught:
        call()
    assert model.built == built
    assert same_weights(before, model.get_weights())
    assert model.optimizer.iterations == steps
    return str(caught.value)
