"""Weights that kernels update: the device array holds the value until the host reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...op_types import Weight
from .arrays import FORM, device_value, to_host


@contextmanager
def updating(weight: Weight) -> Iterator[Any]:
    """Give the device array of a weight for writing. The host downloads it when it reads the value."""
    array = device_value(weight)
    yield array
    weight.written_as(FORM, array, to_host)
