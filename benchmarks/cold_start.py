"""The first minute: importing, and the first prediction and training step of a new process, with and without compiled kernels."""

from __future__ import annotations

import statistics
import tempfile
import time

from . import fresh

#: A first prediction and a first training step, seconds each since the code before it.
FIRST_STEPS = f"""
import time
{fresh.FIRST_MODEL}
start = time.perf_counter()
model.predict(x[:1], verbose=0)
print(time.perf_counter() - start)
start = time.perf_counter()
model.train_on_batch(x, x[:, 0])
print(time.perf_counter() - start)
"""

FIRST_PREDICTION = f"{fresh.FIRST_MODEL}\nmodel.predict(x[:1], verbose=0)"

IMPORT = """
import time, numpy, numba
start = time.perf_counter()
import numba_lstm
print(time.perf_counter() - start)
"""


class Import:
    """``import numba_lstm``, where numpy and numba are already imported."""

    timeout = 60

    def track_import(self) -> float:
        return statistics.median(fresh.run(IMPORT)[0] for _ in range(5))

    track_import.unit = "seconds"  # type: ignore[attr-defined]


class FirstUse:
    """LSTM(50, relu) and Dense(1), on an empty and then on a filled kernel cache."""

    timeout = 60

    def setup_cache(self) -> dict[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            cold = fresh.run(FIRST_STEPS, NUMBA_CACHE_DIR=folder)
            warm = [fresh.run(FIRST_STEPS, NUMBA_CACHE_DIR=folder) for _ in range(3)]
            whole = [self._seconds(FIRST_PREDICTION, folder) for _ in range(3)]
        predict, train = (statistics.median(times) for times in zip(*warm, strict=True))
        return {
            "cold predict": cold[0],
            "cold train": cold[1],
            "warm predict": predict,
            "warm train": train,
            "warm process": statistics.median(whole),
            "compile": sum(cold) - predict - train,
        }

    setup_cache.timeout = 300  # type: ignore[attr-defined]

    def track_first_prediction_cold(self, seconds: dict[str, float]) -> float:
        return seconds["cold predict"]

    def track_first_training_step_cold(self, seconds: dict[str, float]) -> float:
        return seconds["cold train"]

    def track_first_prediction_warm(self, seconds: dict[str, float]) -> float:
        return seconds["warm predict"]

    def track_first_training_step_warm(self, seconds: dict[str, float]) -> float:
        return seconds["warm train"]

    def track_start_to_first_prediction_warm(self, seconds: dict[str, float]) -> float:
        return seconds["warm process"]

    def track_compiling(self, seconds: dict[str, float]) -> float:
        return seconds["compile"]

    for _track in (
        track_first_prediction_cold,
        track_first_training_step_cold,
        track_first_prediction_warm,
        track_first_training_step_warm,
        track_start_to_first_prediction_warm,
        track_compiling,
    ):
        _track.unit = "seconds"  # type: ignore[attr-defined]

    @staticmethod
    def _seconds(code: str, cache: str) -> float:
        start = time.perf_counter()
        fresh.run(code, NUMBA_CACHE_DIR=cache)
        return time.perf_counter() - start
