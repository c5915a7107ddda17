"""Independent calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def num_splits(multiplications: float, limit: int) -> int:
    """One, since there are no threads."""
    return 1


def run_parallel(calls: Sequence[Callable[[], Any]], work: float) -> list[Any]:
    """Sequential."""
    return [call() for call in calls]
