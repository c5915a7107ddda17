"""What all tests share: markers, hypothesis without a clock, and the number of threads."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from numba_lstm import get_device

# A first example may compile a kernel: its time says nothing.
hypothesis.settings.register_profile("numba_lstm", deadline=None)
hypothesis.settings.load_profile("numba_lstm")

ON_THE_CPU = "on_the_cpu"


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


@pytest.fixture(autouse=True, scope="session")
def _threads_share_what_is_worth_it_anywhere() -> None:
    """Where a processor is fast, the sizes of tests would be left to one thread, and tests of threads would test nothing."""
    from numba_lstm.kernels.cpu.runtime import thread_pool

    thread_pool.MIN_WORK_PER_THREAD, thread_pool.MIN_WORK_PER_QUEUED_CALL = 500_000, 4_000_000


@pytest.fixture(autouse=True)
def _as_many_threads_as_before() -> Iterator[None]:
    """No test leaves its number of threads to the next."""
    from numba_lstm import get_num_threads, set_num_threads

    before = get_num_threads()
    yield
    if get_num_threads() != before:
        set_num_threads(before)
