"""The processor's peak: a loop of fused multiply-adds that never leaves the registers.

No product can be faster, so a fraction of it says how much of the machine an engine uses, whatever clock the machine runs at.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

from numba_lstm.kernels.cpu.compiler.cpu_info import HOST

from .engine import Engine, Values
from .kinds import KINDS
from .problem import Problem
from .vectors import CHAINS, LANES, spin

ROUNDS = 100_000
FLOPS = 2 * LANES * CHAINS * ROUNDS


class FmaPeak(Engine):
    """Not an engine to compare with: whatever the mode, each thread does ``FLOPS`` operations a call."""

    models = KINDS

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.flops = FLOPS * threads
        # chain * 0.999 + 0.001: normal numbers for ever
        start = np.linspace(0.5, 1.5, (CHAINS + 2) * LANES).astype(np.float32)
        start[CHAINS * LANES :] = np.repeat(np.array([0.999, 0.001], np.float32), LANES)
        self._arrays = [start.copy() for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads)

    def versions(self) -> dict[str, str]:
        return {"numba": numba.__version__, "vectors": HOST.isa}

    def infer(self, problem: Problem) -> Callable[[], Values]:
        return self.spin

    def beam(self, problem: Problem) -> Callable[[], Values]:
        return self.spin

    def train(self, problem: Problem) -> Callable[[], float]:
        return lambda: float(self.spin()[0])

    def masked(self, problem: Problem) -> tuple[Callable[[], Values], Callable[[], float]]:
        return self.infer(problem), self.train(problem)

    def fit(self, problem: Problem) -> Callable[[], float]:
        return lambda: float(self.spin()[0])

    def stream(self, problem: Problem) -> Callable[[Values], Values]:
        return lambda _: self.spin()

    def spin(self) -> Values:
        if self.threads == 1:
            spin(self._arrays[0], ROUNDS)
        else:
            list(self._pool.map(lambda array: spin(array, ROUNDS), self._arrays))
        return self._arrays[0][:1]
