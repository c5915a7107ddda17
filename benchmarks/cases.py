"""What the suites share: calls that are compiled, warm, and right.

ASV runs every benchmark in a process of its own and calls ``setup`` before every sample, so what is made here is kept for the
process. Compiling takes seconds, many kernels minutes, and counts as the benchmark's time: so ``setup_cache``, which runs once
for a suite, fills the cache of kernels on disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
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


def compile_for(mode: str, shapes: Iterable[str], dtypes: Iterable[str] = ("float32",)) -> None:
    """Fill the kernel cache: a few steps take the kernels of many."""
    for shape in map(Shape.parse, shapes):
        for dtype in dtypes:
            ours(mode, str(replace(shape, T=min(shape.T, 3))), dtype=dtype)


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


def times_pytorch(mode: str, shape: str) -> float:
    """How many times ours PyTorch takes, on one thread each, taking turns in this process."""
    from .peers.stopwatch import medians

    theirs, mine = medians(pytorch(mode, shape), ours(mode, shape))
    return theirs / mine


def rate(mode: str, shape: str) -> tuple[float, float]:
    """Our GFLOP/s on one thread, and what share this is of the fma peak, measured in turns."""
    from .peers.fma_peak import FmaPeak
    from .peers.stopwatch import medians

    engine = FmaPeak(1)
    seconds, spun = medians(ours(mode, shape), engine.spin)
    flops = MODES[mode].flops(Shape.parse(shape)) / seconds
    return flops / 1e9, flops / (engine.flops / spun)
