"""What ``model.quantize`` gains: the time in float32 over that with int8 weights, and how far the answers move."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .cases import COMPILING, TIMEOUT
from .peers.modes import MODES
from .peers.problem import GRID, Problem, Shape

if TYPE_CHECKING:
    from numba_lstm import Sequential

TURNS = 7

#: Seconds of a sample.
SAMPLE = 0.02


class Gain(NamedTuple):
    """Medians over turns, microseconds, and the largest change of an answer over the largest answer."""

    float32: float
    int8: float
    ratio: float
    change: float


@cache
def gain(mode: str, shape: str) -> Gain:
    """LSTM(H) and Dense(1) on one thread: a batch (``infer``), or a step of a stream from Python (``stream``)."""
    from numba_lstm import get_num_threads, set_num_threads

    from .peers.ours import NumbaLSTM

    before = get_num_threads()
    try:
        problem = Problem(Shape.parse(shape))
        plain, small = (NumbaLSTM(1).model(problem) for _ in range(2))
        small.quantize("int8")
        answers = [model.predict_on_batch(problem.x) for model in (plain, small)]
        calls = [_call(mode, model, problem.x) for model in (plain, small)]
        times = max(1, int(SAMPLE / min(timeit.repeat(calls[0], number=1, repeat=3))))
        turns = [[timeit.timeit(call, number=times) / times * 1e6 for call in calls] for _ in range(TURNS)]
        float32, int8 = (statistics.median(column) for column in zip(*turns, strict=True))
        change = float(np.abs(answers[1] - answers[0]).max() / np.abs(answers[0]).max())
        return Gain(float32, int8, statistics.median(a / b for a, b in turns), change)
    finally:
        set_num_threads(before)


def _call(mode: str, model: Sequential, x: np.ndarray) -> Callable[[], object]:
    if mode == "infer":
        return partial(model.predict_on_batch, x)
    return partial(model.stream().step, x[0, 0])


class Int8:
    """Batches and streams."""

    params = (("infer", "stream"), tuple(map(str, GRID)))
    param_names = ("mode", "N T D H")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        for mode in self.params[0]:
            gain(mode, self.params[1][0])

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def track_float32_over_int8(self, mode: str, shape: str) -> float:
        return gain(mode, shape).ratio

    track_float32_over_int8.unit = "times"  # type: ignore[attr-defined]

    def track_change(self, mode: str, shape: str) -> float:
        return gain(mode, shape).change

    track_change.unit = "of the largest answer"  # type: ignore[attr-defined]


if __name__ == "__main__":
    for mode, shapes in (("infer", GRID), ("stream", MODES["stream"].shapes)):
        print(f"| {mode}: N T D H | float32, µs | int8, µs | float32 / int8 | change |\n| --- | ---: | ---: | ---: | ---: |")
        for shape in map(str, shapes):
            found = gain(mode, shape)
            print(f"| {shape} | {found.float32:.1f} | {found.int8:.1f} | {found.ratio:.2f} | {found.change:.1%} |", flush=True)
        print()
