"""The first minute: importing, a first prediction and a first training step, with and without compiled kernels."""

from __future__ import annotations

import statistics
import tempfile
import time

from . import fresh

IMPORT = """
import time, numpy, numba
start = time.perf_counter()
import numba_lstm
print(time.perf_counter() - start)
"""

#: Prints the moment of the first prediction.
FIRST_PREDICTION = f"""
import time
{fresh.FIRST_MODEL}
model.predict(x[:1], verbose=0)
print(time.time())
"""

WARMUP = f"""
import time
import numba_lstm
{fresh.FIRST_MODEL}
start = time.perf_counter()
numba_lstm.warmup(model, training=True, verbose=False)
print(time.perf_counter() - start)
"""

#: Prints the seconds of a first prediction, and of a first training step after it.
FIRST_STEPS = f"""
import time
{fresh.FIRST_MODEL}
for first in (lambda: model.predict(x[:1], verbose=0), lambda: model.train_on_batch(x, x[:, 0])):
    start = time.perf_counter()
    first()
    print(time.perf_counter() - start)
"""


class Import:
    """``import numba_lstm``, where numpy and numba are already imported."""

    timeout = 60

    def track_import(self) -> float:
        return statistics.median(fresh.run(IMPORT)[0] for _ in range(5))

    track_import.unit = "seconds"  # type: ignore[attr-defined]


class FirstUse:
    """LSTM(50, relu) and Dense(1) on an empty cache of kernels (cold), and then on the filled one (warm)."""

    params = ("cold", "warm"), ("prediction", "training step after it")
    param_names = ("cache", "first")
    timeout = 60

    def setup_cache(self) -> dict[str, list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            cold = fresh.run(FIRST_STEPS, **fresh.kernels_in(folder))
            warm = [fresh.run(FIRST_STEPS, **fresh.kernels_in(folder)) for _ in range(3)]
        return {"cold": cold, "warm": [statistics.median(times) for times in zip(*warm, strict=True)]}

    setup_cache.timeout = 300  # type: ignore[attr-defined]

    def track_first(self, seconds: dict[str, list[float]], cache: str, first: str) -> float:
        return seconds[cache][self.params[1].index(first)]

    track_first.unit = "seconds"  # type: ignore[attr-defined]


class Compiling:
    """Everything that the model needs, ahead of time, on an empty cache of kernels."""

    timeout = 300

    def track_warmup(self) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return fresh.run(WARMUP, **fresh.kernels_in(folder))[0]

    track_warmup.unit = "seconds"  # type: ignore[attr-defined]


class WholeProcess:
    """From the start of Python to the first prediction, on a filled cache of kernels."""

    timeout = 300

    def track_start_to_prediction(self) -> float:
        times = []
        for _ in range(4):
            start = time.time()
            times.append(fresh.run(FIRST_PREDICTION)[0] - start)
        return statistics.median(times[1:])  # the first one may have filled the cache

    track_start_to_prediction.unit = "seconds"  # type: ignore[attr-defined]
