"""A small model for tests of attributes."""

from __future__ import annotations

import numpy as np

from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Dense, Dropout

RNG = np.random.default_rng(8)
X, Y = RNG.normal(size=(12, 5, 2)).astype("float32"), RNG.normal(size=(12, 1)).astype("float32")


def make():
    model = Sequential([Input((5, 2), name="steps"), LSTM(3), Dropout(0.1), Dense(1, name="last")], device="reference")
    model.compile("adam", "mse", metrics=["mae"])
    return model


def fit(model, **options):
    return model.fit(X, Y, batch_size=6, verbose=0, **options).history
