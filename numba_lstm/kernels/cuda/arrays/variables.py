"""Weights that the device changes: its copy is the truth until the host asks for the value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...values import Weight
from .arrays import FORM, on_device, to_host


@contextmanager
def moved(weight: Weight) -> Iterator[Any]:
    """The array of a weight on the device, to write to; the host fetches it when it is asked for the value."""
    array = on_device(weight)
    yield array
    weight.written_as(FORM, array, to_host)
