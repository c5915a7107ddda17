"""Streams: one step at a time, from Python. A step takes microseconds, so a sample is a thousand of them."""

from __future__ import annotations

import timeit
from functools import partial

import numpy as np

import numba_lstm

from .shared import cases
from .shared.cases import COMPILING, DEVICES, DTYPES, STREAMED, TIMEOUT, compile_for, numba_lstm_call

STEPS = 1000


class Step:
    """Time of steps of one sample through LSTM and Dense."""

    params = (DEVICES, STREAMED, DTYPES)
    param_names = ("device", "N T D H", "dtype")
    timeout = TIMEOUT

    def setup_cache(self) -> None:
        compile_for("stream", STREAMED, DTYPES)

    setup_cache.timeout = COMPILING  # type: ignore[attr-defined]

    def setup(self, device: str, shape: str, dtype: str) -> None:
        self.step = numba_lstm_call("stream", shape, device, dtype)

    def time_1000_steps(self, device: str, shape: str, dtype: str) -> None:
        step = self.step
        for _ in range(STEPS):
            step()


class BesidePyTorch(cases.BesidePyTorch):
    """Ratio to the time of ``nn.LSTMCell`` and ``nn.Linear``."""

    mode = "stream"
    params = STREAMED


class Decay:
    """Steps of a state that decays to zero, without denormals, which are thirty times slower."""

    timeout = TIMEOUT

    def setup(self) -> None:
        from .peers.ours import NumbaLSTM
        from .peers.problem import Problem, Shape

        problem = Problem(Shape.parse(STREAMED[0]))
        W, U, b, V, d = problem.weights
        model = NumbaLSTM(1).model(problem)
        model.set_weights([W, U, 0 * b, V, 0 * d])  # every gate one half, and nothing comes in: the state halves at each step
        self.stream, self.input = model.stream(threads=numba_lstm.get_num_threads()), problem.x[0, 0]

    def track_decayed_over_normal(self) -> float:
        """Return the time of the slowest hundred of 1,000 steps of a decay over the median hundred steps with inputs."""
        normal = [self._hundred(self.input) for _ in range(100)]
        decayed = []
        for _ in range(10):
            self.stream.state = [(np.ones_like(h), np.ones_like(c)) for h, c in self.stream.state]
            decayed.append([self._hundred(0 * self.input) for _ in range(10)])
        return float(np.median(decayed, axis=0).max() / np.median(normal))

    track_decayed_over_normal.unit = "times"  # type: ignore[attr-defined]

    def _hundred(self, x: np.ndarray) -> float:
        return timeit.timeit(partial(self.stream.step, x), number=100)
