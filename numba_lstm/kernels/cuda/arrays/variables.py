"""Weights that kernels update: the device array holds the value until the host reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...op_types import Weight
from ..recording import FORM, active, fetch
from .arrays import device_value


@contextmanager
def updating(weight: Weight) -> Iterator[Any]:
    """Give the device array of a weight for writing. The host downloads it when it reads the value."""
    array = device_value(weight)
    yield array
    recording = active()
    if recording is None:
        weight.written_as(FORM, array, fetch)
    else:
        recording.written[id(weight)] = weight, array
