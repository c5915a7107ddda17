"""What all tests share: a kernel cache of their own, markers, and hypothesis without a clock."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest


def kernel_cache() -> Path:
    """A cache folder for this state of the kernels' sources, kept from run to run: other sources never meet its kernels."""
    package = find_spec("numba_lstm")
    assert package is not None, "numba_lstm is not installed. Run: pip install -e '.[test]'"
    sources = sorted(Path(next(iter(package.submodule_search_locations or ())), "kernels").rglob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "numba_lstm" / f"tests-{digest[:16]}"


# Here and not in a fixture: Numba reads the variable when it is imported, and tests import it at their top.
os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_cache()))

# A first example may compile a kernel: its time says nothing.
hypothesis.settings.register_profile("numba_lstm", deadline=None)
hypothesis.settings.load_profile("numba_lstm")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; run with -m slow")
    config.addinivalue_line("markers", "gpu: needs an NVIDIA GPU, and is skipped without one; run alone with -m gpu")
    config.addinivalue_line("markers", "peers: compares with another framework, which must be installed; run with -m peers")


@pytest.fixture(autouse=True, scope="session")
def _threads_share_what_is_worth_it_anywhere() -> None:
    """Where a processor is fast, the sizes of tests would be left to one thread, and tests of threads would test nothing."""
    from numba_lstm.kernels.cpu import pool

    pool.WORTHWHILE, pool.WORTH_A_QUEUE = 500_000, 4_000_000


@pytest.fixture(autouse=True)
def _as_many_threads_as_before() -> Iterator[None]:
    """No test leaves its number of threads to the next."""
    from numba_lstm import get_num_threads, set_num_threads  # here, after the variable above

    before = get_num_threads()
    yield
    if get_num_threads() != before:
        set_num_threads(before)
