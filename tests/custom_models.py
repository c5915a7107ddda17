"""Models for tests of custom classes."""

from __future__ import annotations

import numpy as np

from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Dense


def define(base, **members):
    """A class statement of this module."""
    return type("Mine", (base,), members)


RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(40, 5, 2)).astype("float32"), RNG.normal(size=(40, 1)).astype("float32")


def compiled(kind=Sequential, stack=None, **options):
    model = kind([Input((5, 2)), *(stack or [LSTM(3), Dense(1)])], device="reference")
    model.compile(**{"optimizer": "sgd", "loss": "mse", **options})
    return model


def fitted(model, **options):
    return model.fit(X, Y, epochs=2, batch_size=10, shuffle=False, verbose=0, **options).history
