"""The CUDA ops on this processor: what a GPU would compute, as far as that can be seen without one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# The twins' cases and tests are those of the other devices.
sys.path.append(str(Path(__file__).parents[1] / "kernels"))

from check_driver import CheckDriver

from numba_lstm.kernels.cuda.runtime import driver


@pytest.fixture
def device() -> Iterator[CheckDriver]:
    """The driver that ops run on in a test."""
    mine = CheckDriver()
    before = driver.bind(mine)
    yield mine
    driver.bind(before)


@pytest.fixture
def ops(device: CheckDriver) -> Any:
    """The ops that are compared with the witness's."""
    from numba_lstm.kernels import cuda

    return cuda


@pytest.fixture
def every_ops(ops: Any) -> Any:
    """The same, by the name that tests of all devices use."""
    return ops
