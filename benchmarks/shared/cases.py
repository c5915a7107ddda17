"""Calls of an engine that are compiled, warmed up and checked, and base classes of suites.

ASV runs every benchmark in a new process and calls ``setup`` before every sample, so calls are cached for the process.
Compiling takes seconds, many kernels minutes, and counts as the benchmark's time, so ``setup_cache``, which runs once for a
suite, fills the kernel cache on disk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from ..peers.modes import MODES
from ..peers.problem import GRID, Problem
from ..peers.shape import Shape

if TYPE_CHECKING:
    from ..peers.tasks import Call

DEVICES = ("cpu",)
DTYPES = ("float32", "float64")
THREADS = (1, 2)
SHAPES = tuple(map(str, GRID))
STREAMED = tuple(map(str, MODES["stream"].shapes))

#: Time limits of a benchmark and of a suite's ``setup_cache``, in seconds.
TIMEOUT = 300
COMPILING = 900


@cache
def numba_lstm_call(
    mode: str,
    shape: str,
    device: str = "cpu",
    dtype: str = "float32",
    threads: int = 1,
    activation: str | None = None,
) -> Call:
    """Return a call of numba_lstm in a mode of :mod:`..peers.modes`, whose output was compared with the reference's."""
    from ..peers.ours import NumbaLSTM, Reference
    from ..peers.tasks import distance, task

    problem = Problem(Shape.parse(shape), activation or MODES[mode].activation, MODES[mode].model)
    expected, _ = task(mode, Reference(threads), problem)
    output, call = task(mode, NumbaLSTM(threads, device, dtype), problem)
    difference = distance(output, expected)
    assert difference <= MODES[mode].tolerance, f"{mode} {shape} on {device} differs from the reference by {difference:.2g}"
    return call


def compile_for(mode: str, shapes: Iterable[str], dtypes: Iterable[str] = ("float32",), threads: Iterable[int] = (1,)) -> None:
    """Fill the kernel cache. Shapes and threads determine the kernels, so all combinations run."""
    from ..peers.ours import NumbaLSTM
    from ..peers.tasks import task

    for shape, dtype, count in product(shapes, dtypes, threads):
        task(mode, NumbaLSTM(count, dtype=dtype), Problem(Shape.parse(shape), MODES[mode].activation, MODES[mode].model))


@cache
def pytorch_call(mode: str, shape: str) -> Call:
    """Return a call of PyTorch on one thread.

    Raises
    ------
    NotImplementedError
        If PyTorch is not installed. ASV then skips the benchmark.
    """
    from ..peers.tasks import task

    try:
        from ..peers.pytorch import PyTorch
    except ModuleNotFoundError as error:
        raise NotImplementedError(f"{error.name} is not installed") from None
    return task(mode, PyTorch(1), Problem(Shape.parse(shape), model=MODES[mode].model))[1]


class OfPeak(ABC):
    """Base class of suites that compare one thread with the processor's peak. Abstract, so that ASV skips it."""

    param_names = ("N T D H",)
    timeout = TIMEOUT

    @property
    @abstractmethod
    def mode(self) -> str:
        """Mode of :mod:`..peers.modes`."""

    def setup(self, shape: str) -> None:
        numba_lstm_call(self.mode, shape)

    def track_gflops(self, shape: str) -> float:
        return self._rates(shape)[0]

    track_gflops.unit = "GFLOP/s"  # type: ignore[attr-defined]

    def track_share_of_peak(self, shape: str) -> float:
        rate, peak = self._rates(shape)
        return rate / peak

    track_share_of_peak.unit = "of the fma peak"  # type: ignore[attr-defined]

    def _rates(self, shape: str) -> tuple[float, float]:
        """Return the GFLOP/s of numba_lstm and of a loop of fma instructions, which take turns."""
        from ..peers.fma_peak import FmaPeak
        from ..peers.stopwatch import medians

        engine = FmaPeak(1)
        seconds, peak_seconds = medians(numba_lstm_call(self.mode, shape), engine.spin)
        return MODES[self.mode].flops(Shape.parse(shape)) / seconds / 1e9, engine.flops / peak_seconds / 1e9


class BesidePyTorch(ABC):
    """Base class of suites that compare one thread with one of PyTorch's. Abstract, so that ASV skips it."""

    param_names = ("N T D H",)
    timeout = TIMEOUT

    @property
    @abstractmethod
    def mode(self) -> str:
        """Mode of :mod:`..peers.modes`."""

    def setup(self, shape: str) -> None:
        pytorch_call(self.mode, shape)
        numba_lstm_call(self.mode, shape)

    def track_over_pytorch(self, shape: str) -> float:
        from ..peers.stopwatch import medians

        seconds, pytorch_seconds = medians(numba_lstm_call(self.mode, shape), pytorch_call(self.mode, shape))
        return seconds / pytorch_seconds

    track_over_pytorch.unit = "our time / PyTorch's"  # type: ignore[attr-defined]
