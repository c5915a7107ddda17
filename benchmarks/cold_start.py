"""Start-up time: importing, a first prediction and a first training step, with and without compiled kernels."""

from __future__ import annotations

import statistics
import tempfile
import time

from .shared import new_process

IMPORT = """
import time, numpy, numba
start = time.perf_counter()
import numba_lstm
print(time.perf_counter() - start)
"""

#: Prints the moment of the first prediction.
FIRST_PREDICTION = f"""
import time
{new_process.FIRST_MODEL}
model.predict(x[:1], verbose=0)
print(time.time())
"""

WARMUP = f"""
import time
import numba_lstm
{new_process.FIRST_MODEL}
start = time.perf_counter()
numba_lstm.warmup(model, training=True, verbose=False)
print(time.perf_counter() - start)
"""

#: Prints the seconds of a first prediction, and of a first training step after it.
FIRST_STEPS = f"""
import time
{new_process.FIRST_MODEL}
for first in (lambda: model.predict(x[:1], verbose=0), lambda: model.train_on_batch(x, x[:, 0])):
    start = time.perf_counter()
    first()
    print(time.perf_counter() - start)
"""


class Import:
    """Time of ``import numba_lstm`` after numpy and numba are imported."""

    timeout = 60

    def track_import(self) -> float:
        return statistics.median(new_process.run(IMPORT)[0] for _ in range(5))

    track_import.unit = "seconds"  # type: ignore[attr-defined]


class FirstUse:
    """First steps of LSTM(50, relu) and Dense(1) with an empty kernel cache (cold) and with a filled one (warm)."""

    params = ("cold", "warm"), ("prediction", "training step after it")
    param_names = ("cache", "first")
    timeout = 60

    def setup_cache(self) -> dict[str, list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            cold = new_process.run(FIRST_STEPS, **new_process.kernels_in(folder))
            warm = [new_process.run(FIRST_STEPS, **new_process.kernels_in(folder)) for _ in range(3)]
        return {"cold": cold, "warm": [statistics.median(times) for times in zip(*warm, strict=True)]}

    setup_cache.timeout = 300  # type: ignore[attr-defined]

    def track_first(self, seconds: dict[str, list[float]], cache: str, first: str) -> float:
        return seconds[cache][self.params[1].index(first)]

    track_first.unit = "seconds"  # type: ignore[attr-defined]


class Compiling:
    """Time of ``warmup`` with an empty kernel cache."""

    timeout = 300

    def track_warmup(self) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return new_process.run(WARMUP, **new_process.kernels_in(folder))[0]

    track_warmup.unit = "seconds"  # type: ignore[attr-defined]


class WholeProcess:
    """Time from the start of Python to the first prediction, with a filled kernel cache."""

    timeout = 300

    def track_start_to_prediction(self) -> float:
        times = []
        for _ in range(4):
            start = time.time()
            times.append(new_process.run(FIRST_PREDICTION)[0] - start)
        return statistics.median(times[1:])  # the first one may have filled the cache

    track_start_to_prediction.unit = "seconds"  # type: ignore[attr-defined]
