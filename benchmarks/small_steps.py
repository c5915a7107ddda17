"""Milliseconds a step of ``fit`` takes for small models, where Python would take most of the time.

``python -m benchmarks.small_steps`` prints for each model the least and the median time of a step, of epochs of 20 steps: T is
1, a step has 10 samples, and there is one thread. Other programs disturb the least time little.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from numba_lstm import Sequential, set_num_threads
from numba_lstm.callbacks import Callback
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
SAMPLES, BATCH, EPOCHS = 200, 10, 500


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


class Stopwatch(Callback):
    """Times epochs."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Begin an epoch."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """End an epoch."""
        self.seconds.append(time.perf_counter() - self._start)


def milliseconds(layers: list[Layer]) -> tuple[float, float]:
    """Return the least and the median time of a step, in milliseconds."""
    model = Sequential([Input((1, 1)), *layers])
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, 1, 1))
    y = rng.normal(size=(SAMPLES, *model.output_shape[1:]))
    model.fit(x, y, batch_size=BATCH, verbose=0)
    watch = Stopwatch()
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[watch])
    times = np.array(watch.seconds) / (SAMPLES / BATCH) * 1000
    return float(times.min()), float(np.median(times))


if __name__ == "__main__":
    set_num_threads(1)
    for name, make in MODELS.items():
        least, median = milliseconds(make())
        print(f"{name:34s} {least:.4f} ms, median {median:.4f} ms")
