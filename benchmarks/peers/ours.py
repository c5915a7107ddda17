"""numba_lstm by its public API, and the same models on its NumPy reference in float64, which checks all results."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np

import numba_lstm
from numba_lstm.decoding import beam_search
from numba_lstm.device import gpu_facts, obstacle

from . import kinds
from .engine import Engine, Unusable, Values
from .keras_models import build
from .problem import Problem


class NumbaLSTM(Engine):
    """The models by the API that is shaped like Keras."""

    models = kinds.KINDS

    def __init__(self, threads: int, device: str = "cpu", dtype: str = "float32") -> None:
        super().__init__(threads)
        self.device, self.dtype = device, dtype
        numba_lstm.set_num_threads(threads)

    def versions(self) -> dict[str, str]:
        return {"numba_lstm": numba_lstm.__version__, "numba": numba.__version__}

    def model(self, problem: Problem, masked: bool = False) -> Any:
        """The problem's model, compiled for training, with the problem's weights."""
        return build(numba_lstm, problem, self.dtype, masked).to(self.device)

    def infer(self, problem: Problem) -> Callable[[], Values]:
        return partial(self.model(problem).predict_on_batch, problem.x)

    def train(self, problem: Problem) -> Callable[[], float]:
        return partial(self.model(problem).train_on_batch, *problem.batch)

    def masked(self, problem: Problem) -> tuple[Callable[[], Values], Callable[[], float]]:
        still, trained = self.model(problem, masked=True), self.model(problem, masked=True)
        return partial(still.predict_on_batch, problem.padded), partial(trained.train_on_batch, problem.padded, problem.y)

    def beam(self, problem: Problem) -> Callable[[], Values]:
        model, (N, T), H = self.model(problem), (problem.shape.N, problem.shape.T), problem.shape.H
        start, states = np.zeros(N, np.int64), [np.zeros((N, H), self.dtype) for _ in range(2)]
        return lambda: beam_search(model, start, states, steps=T, width=kinds.WIDTH).scores

    def stream(self, problem: Problem) -> Callable[[Values], Values]:
        return self.model(problem).stream(threads=numba_lstm.get_num_threads()).step

    def fit(self, problem: Problem) -> Callable[[], float]:
        model, (x, y) = self.model(problem), problem.windows

        def epoch() -> Any:
            return model.fit(x, y, batch_size=problem.shape.N, epochs=1, verbose=0).history["loss"][0]

        return epoch


class OnGPU(NumbaLSTM):
    """The same on an NVIDIA GPU."""

    def __init__(self, threads: int) -> None:
        missing = obstacle()
        if missing is not None:
            raise Unusable(missing)
        super().__init__(threads, "cuda")

    def versions(self) -> dict[str, str]:
        return {**super().versions(), **gpu_facts()}


class Reference(NumbaLSTM):
    """The device that the kernels are tested against, which is itself tested by finite differences."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, "reference", "float64")
