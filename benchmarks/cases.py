"""What the suites share: calls that are compiled, warm, and right.

ASV runs every benchmark in a process of its own and calls ``setup`` before every sample, so what is made here is kept for the
process. Compiling takes seconds, many kernels minutes, and counts as the benchmark's time: so ``setup_cache``, which runs once
for a suite, fills the cache of kernels on disk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from .peers.modes import MODES
from .peers.problem import GRID, Problem, Shape

if TYPE_CHECKING:
    from .peers.tasks import Call

DEVICES = ("cpu",)
DTYPES = ("float32", "float64")
THREADS = (1, 2)
SHAPES = tuple(map(str, GRID))
STREAMED = tuple(map(str, MODES["stream"].shapes))

#: Seconds that a benchmark may take, and a suite's ``setup_cache``.
TIMEOUT = 300
COMPILING = 900


@cache
def ours(
    mode: str,
    shape: str,
    device: str = "cpu",
    dtype: str = "float32",
    threads: int = 1,
    activation: str | None = None,
) -> Call:
    """One unit of numba_lstm's work in a mode of :mod:`.peers.modes`; its answer was compared with the witness's."""
    from .peers.ours import NumbaLSTM, Witness
    from .peers.tasks import distance, task

    problem = Problem(Shape.parse(shape), activation or MODES[mode].activation)
    right, _ = task(mode, Witness(threads), problem)
    answer, call = task(mode, NumbaLSTM(threads, device, dtype), problem)
    difference = distance(answer, right)
    assert difference <= MODES[mode].tolerance, f"{mode} {shape} on {device} differs from the witness by {difference:.2g}"
    return call


def compile_for(mode: str, shapes: Iterable[str], dtypes: Iterable[str] = ("float32",), threads: Iterable[int] = (1,)) -> None:
    """Fill the kernel cache. Shape and threads decide which kernels run, so nothing smaller takes them all."""
    from .peers.ours import NumbaLSTM
    from .peers.tasks import task

    for shape, dtype, count in product(shapes, dtypes, threads):
        task(mode, NumbaLSTM(count, dtype=dtype), Problem(Shape.parse(shape), MODES[mode].activation))


@cache
def pytorch(mode: str, shape: str) -> Call:
    """One unit of PyTorch's work, on one thread.

    Raises
    ------
    NotImplementedError
        Where it is not installed: ASV then skips the benchmark.
    """
    from .peers.tasks import task

    try:
        from .peers.pytorch import PyTorch
    except ModuleNotFoundError as error:
        raise NotImplementedError(f"{error.name} is not installed") from None
    return task(mode, PyTorch(1), Problem(Shape.parse(shape)))[1]


class OfPeak(ABC):
    """Base of suites that set one thread beside what the processor can do. Abstract, so that ASV passes it by."""

    param_names = ("N T D H",)
    timeout = TIMEOUT

    @property
    @abstractmethod
    def mode(self) -> str:
        """The mode of :mod:`.peers.modes`."""

    def setup(self, shape: str) -> None:
        ours(self.mode, shape)

    def track_gflops(self, shape: str) -> float:
        return self._rates(shape)[0]

    track_gflops.unit = "GFLOP/s"  # type: ignore[attr-defined]

    def track_share_of_peak(self, shape: str) -> float:
        mine, peak = self._rates(shape)
        return mine / peak

    track_share_of_peak.unit = "of the fma peak"  # type: ignore[attr-defined]

    def _rates(self, shape: str) -> tuple[float, float]:
        """Our GFLOP/s and those of the fma loop, taking turns."""
        from .peers.fma_peak import FmaPeak
        from .peers.stopwatch import medians

        engine = FmaPeak(1)
        seconds, spun = medians(ours(self.mode, shape), engine.spin)
        return MODES[self.mode].flops(Shape.parse(shape)) / seconds / 1e9, engine.flops / spun / 1e9


class BesidePyTorch(ABC):
    """Base of suites that set one thread beside one of PyTorch's. Abstract, so that ASV passes it by."""

    param_names = ("N T D H",)
    timeout = TIMEOUT

    @property
    @abstractmethod
    def mode(self) -> str:
        """The mode of :mod:`.peers.modes`."""

    def setup(self, shape: str) -> None:
        pytorch(self.mode, shape)
        ours(self.mode, shape)

    def track_over_pytorch(self, shape: str) -> float:
        from .peers.stopwatch import medians

        mine, theirs = medians(ours(self.mode, shape), pytorch(self.mode, shape))
        return mine / theirs

    track_over_pytorch.unit = "our time / PyTorch's"  # type: ignore[attr-defined]
