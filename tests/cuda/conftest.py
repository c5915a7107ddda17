"""The CUDA ops on this processor, by an emulation of the GPU."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# The cases and tests of tests/kernels are for all devices.
sys.path.append(str(Path(__file__).parents[1] / "kernels"))

from check_driver import CheckDriver

from numba_lstm.kernels.cuda.runtime import driver


@pytest.fixture
def device() -> Iterator[CheckDriver]:
    """The driver that ops run on in a test."""
    check_driver = CheckDriver()
    before = driver.bind(check_driver)
    yield check_driver
    driver.bind(before)


@pytest.fixture
def ops(device: CheckDriver) -> Any:
    """The ops to compare with the reference device."""
    from numba_lstm.kernels import cuda

    return cuda


@pytest.fixture
def every_ops(ops: Any) -> Any:
    """The same, by the name that tests of all devices use."""
    return ops
