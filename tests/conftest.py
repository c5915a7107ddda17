"""What all tests share: markers, hypothesis without a clock, whole files for workers, and the number of threads."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import hypothesis
import pytest

from numba_lstm import get_device

# A first example may compile a kernel: its time says nothing.
hypothesis.settings.register_profile("numba_lstm", deadline=None)
hypothesis.settings.load_profile("numba_lstm")

ON_THE_CPU = "on_the_cpu"

#: Tests whose kernels no disk keeps. One worker has them all, so that it alone compiles these.
EMULATED = "tests/cuda/"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; run with -m slow")
    config.addinivalue_line("markers", "gpu: needs an NVIDIA GPU, and is skipped without one; run alone with -m gpu")
    config.addinivalue_line("markers", "peers: compares with another framework, which must be installed; run with -m peers")
    config.addinivalue_line("markers", f"{ON_THE_CPU}(reason): tests what the CPU device alone does; skipped on other devices")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests of the CPU device where NUMBA_LSTM_DEVICE names another."""
    mark = item.get_closest_marker(ON_THE_CPU)
    if mark is not None and (device := get_device()) != "cpu":
        pytest.skip(f"runs on {device}: {mark.kwargs['reason']}")


def pytest_collection_finish() -> None:
    """Leave modules and tests, which stay until the end, out of garbage collection, and collect less often."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(optionalhook=True)  # of xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give whole files to the workers of ``-n``, in order: tests of a file share kernels, which two would compile twice."""
    if config.option.dist != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class WholeFiles(LoadScopeScheduling):
        @cached_property
        def _emulated_alone(self) -> bool:
            return all(name.startswith(EMULATED) for name in self.collection)

        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return EMULATED if file.startswith(EMULATED) and not self._emulated_alone else file

    config.option.loadscopereorder = False
    return WholeFiles(config, log)


@pytest.fixture(autouse=True, scope="session")
def _threads_share_what_is_worth_it_anywhere() -> None:
    """Where a processor is fast, the sizes of tests would be left to one thread, and tests of threads would test nothing."""
    from numba_lstm.kernels.cpu.runtime import thread_pool

    thread_pool.MIN_WORK_PER_THREAD, thread_pool.MIN_WORK_PER_QUEUED_CALL = 500_000, 4_000_000


@pytest.fixture(autouse=True)
def _threads_and_device_as_before() -> Iterator[None]:
    """No test leaves its number of threads, or its default device, to the next."""
    from numba_lstm import device, get_num_threads, set_device, set_num_threads

    before, default = get_num_threads(), device._default
    yield
    if get_num_threads() != before:
        set_num_threads(before)
    if device._default != default:
        set_device(default)
