"""The tests that need an NVIDIA GPU: what tests/cuda checks on a processor, on the device itself, and what only it can show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from numba_lstm.device import get_ops, obstacle

HERE = Path(__file__).parent
STUB = HERE / "driver_stub"  # its tests need no GPU

# The cases and tests of tests/kernels are for all devices.
sys.path += [str(HERE.parent / "kernels"), str(HERE.parent / "cuda")]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark those of this folder ``gpu``, and skip them where there is none."""
    gpu_items = [item for item in items if HERE in item.path.parents and STUB not in item.path.parents]
    missing = obstacle() if gpu_items else None
    for item in gpu_items:
        item.add_marker("gpu")
        if missing is not None:
            item.add_marker(pytest.mark.skip(reason=f"no GPU: {missing}"))


@pytest.fixture
def ops() -> Any:
    """The ops to compare with the reference device."""
    return get_ops("cuda")


@pytest.fixture
def every_ops(ops: Any) -> Any:
    """The same, by the name that tests of all devices use."""
    return ops
