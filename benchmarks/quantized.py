"""Gain of ``model.quantize``: the ratio of times in float32 and with int8 weights, and the change of the outputs."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .peers.modes import MODES
from .peers.problem import Problem, Shape
from .shared.cases import COMPILING, TIMEOUT

if TYPE_CHECKING:
    from numba_lstm import Sequential

TURNS = 7

#: Length of a sample, in seconds.
SAMPLE = 0.02


class Gain(NamedTuple):
    """Medians over turns of both times, in microseconds, and of their ratio."""

    float32: float
    int8: float
    ratio: float


#: A batch (``infer``), or a step of a stream from Python (``stream``).
CASES = tuple(f"{mode} {shape}" for mode in ("infer", "stream") for shape in MODES[mode].shapes)


@cache
def models(case: str) -> tuple[Problem, Sequential, Sequential]:
    """Return LSTM(H) and Dense(1) in float32 and with int8 weights, for one thread."""
    from .peers.ours import NumbaLSTM

    problem = Problem(Shape.parse(case.partition(" ")[2]))
    plain, small = (NumbaLSTM(1).model(problem) for _ in range(2))
    small.quantize("int8")
    return problem, plain, small


def change(case: str) -> float:
    """Return the largest change of an output of a batch, over the largest output."""
    problem, *pair = models(case)
    plain, small = (model.predict_on_batch(problem.x) for model in pair)
    return float(np.abs(small - plain).max() / np.abs(plain).max())


def gain(case: str) -> Gain:
    """Measure both models in turns."""
    problem, *pair = models(case)
    calls = [_call(case, model, problem.x) for model in pair]
    times = max(1, int(SAMPLE / min(timeit.repeat(calls[0], number=1, repeat=3))))
    turns = [[timeit.timeit(call, number=times) / times * 1e6 for call in calls] for _ in range(TURNS)]
    float32, int8 = (statistics.median(column) for column in zip(*turns, strict=True))
    return Gain(float32, int8, statistics.median(a / b for a, b in turns))


def _call(case: str, model: Sequential, x: np.ndarray) -> Callable[[], object]:
    """Return the call to measure, after one call, which may compile."""
    call = partial(model.predict_on_batch, x) if case.startswith("infer") else partial(model.stream().step, x[0, 0])
    call()
    return call


class Int8:
    """Gain for batches, and for streams of one sample."""

    params = CASES
    param_names = ("mode N T D H",)
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        for case in CASES:
            problem, *pair = models(case)
            for model in pair:
                _call(case, model, problem.x)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def track_float32_over_int8(self, case: str) -> float:
        return gain(case).ratio

    track_float32_over_int8.unit = "times"  # type: ignore[attr-defined]

    def track_change(self, case: str) -> float:
        return change(case)

    track_change.unit = "of the largest answer"  # type: ignore[attr-defined]


if __name__ == "__main__":
    for mode, label in {"infer": "a batch", "stream": "a step of a stream"}.items():
        print(f"| {label}: N T D H | float32, µs | int8, µs | float32 / int8 | change |\n| --- | ---: | ---: | ---: | ---: |")
        for case in (case for case in CASES if case.startswith(mode)):
            row, shape = gain(case), case.partition(" ")[2]
            print(f"| {shape} | {row.float32:.1f} | {row.int8:.1f} | {row.ratio:.2f} | {change(case):.1%} |", flush=True)
        print()
