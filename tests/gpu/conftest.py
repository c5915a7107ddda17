"""The tests that need an NVIDIA GPU: what tests/cuda checks on a processor, on the device itself, and what only it can show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from numba_lstm.device import get_ops, obstacle

HERE = Path(__file__).parent

# The twins' cases and tests are those of the other devices.
sys.path += [str(HERE.parent / "kernels"), str(HERE.parent / "cuda")]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark those of this folder ``gpu``, and skip them where there is none."""
    mine = [item for item in items if HERE in item.path.parents]
    missing = obstacle() if mine else None
    for item in mine:
        item.add_marker("gpu")
        if missing is not None:
            item.add_marker(pytest.mark.skip(reason=f"no GPU: {missing}"))


@pytest.fixture
def ops() -> Any:
    """The ops that are compared with the witness's."""
    return get_ops("cuda")


@pytest.fixture
def every_ops(ops: Any) -> Any:
    """The same, by the name that tests of all devices use."""
    return ops
