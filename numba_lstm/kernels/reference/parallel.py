"""Calls that do not depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def num_splits(multiplications: float, most: int) -> int:
    """One: there are no threads."""
    return 1


def run_parallel(calls: Sequence[Callable[[], Any]], work: float) -> list[Any]:
    """One after the other."""
    return [call() for call in calls]
