"""Milliseconds a step of ``fit`` takes for small models, where Python would take most of the time.

``python -m benchmarks.small_steps`` prints the median of seven epochs for each model: T = 1, 10 samples a step, one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from numba_lstm import Sequential, set_num_threads
from numba_lstm.layers import (
    LSTM,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Input,
    Layer,
    RepeatVector,
    TimeDistributed,
)

#: Samples of an epoch and of a step, and the epochs that are timed.
SAMPLES, BATCH, EPOCHS = 2000, 10, 7


def sequences() -> Layer:
    """Return an LSTM that returns sequences."""
    return LSTM(8, return_sequences=True)


MODELS: dict[str, Callable[[], list[Layer]]] = {
    "LSTM, Dense": lambda: [LSTM(8), Dense(1)],
    "LSTM, TimeDistributed(Dense)": lambda: [sequences(), TimeDistributed(Dense(1))],
    "two LSTM, Dense": lambda: [sequences(), LSTM(8), Dense(1)],
    "two LSTM with Dropout, Dense": lambda: [sequences(), Dropout(0.2), LSTM(8), Dropout(0.2), Dense(1)],
    "four LSTM, Dense": lambda: [sequences(), sequences(), sequences(), sequences(), Dense(1)],
    "autoencoder": lambda: [sequences(), LSTM(8), RepeatVector(1), sequences(), sequences(), TimeDistributed(Dense(1))],
    "Bidirectional(LSTM), Dense": lambda: [Bidirectional(LSTM(8)), Dense(1)],
    "LSTM, BatchNormalization, Dense": lambda: [LSTM(8), BatchNormalization(), Dense(1)],
}


def milliseconds(layers: list[Layer]) -> float:
    """Return the median time of a step, in milliseconds."""
    model = Sequential([Input((1, 1)), *layers])
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, 1, 1))
    y = rng.normal(size=(SAMPLES, *model.output_shape[1:]))
    model.fit(x[: 10 * BATCH], y[: 10 * BATCH], batch_size=BATCH, verbose=0)
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        model.fit(x, y, batch_size=BATCH, verbose=0)
        times.append((time.perf_counter() - start) / (SAMPLES / BATCH) * 1000)
    return float(np.median(times))


if __name__ == "__main__":
    set_num_threads(1)
    for name, make in MODELS.items():
        print(f"{name:34s} {milliseconds(make()):.3f} ms")
