"""The device under test."""

from __future__ import annotations

from typing import Any

import pytest

from numba_lstm.device import get_ops


@pytest.fixture(params=["cpu"])
def ops(request: pytest.FixtureRequest) -> Any:
    """The ops that are compared with the reference's."""
    return get_ops(request.param)


@pytest.fixture(params=["reference", "cpu"])
def every_ops(request: pytest.FixtureRequest) -> Any:
    """The ops of each device, the reference too."""
    return get_ops(request.param)
