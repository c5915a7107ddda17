"""Plans of predictions that wait for the next batch of their shape."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ..planning import Settings

#: Shapes of batches that have plans at a time.
MAX_SHAPES = 4

#: The settings of a model, and the versions of its weights; None before the first call.
Version = tuple[Settings, list[int]] | None


class WaitingPlans:
    """Plans of a model in one version, by the shapes of batches."""

    def __init__(self, version: Version, serves: bool) -> None:
        self.version, self.serves = version, serves
        self.plans: dict[Any, list[Any]] = {}
        self.arrays: dict[Any, list[Any]] = {}  #: the same, by the shape and dtype of a host array and the number of threads

    def of(self, shape: Hashable) -> list[Any]:
        """The plans for a shape; the oldest of other shapes are dropped."""
        plans = self.plans.get(shape)
        if plans is None:
            plans = self.plans.setdefault(shape, [])
            for other in list(self.plans)[:-MAX_SHAPES]:
                self.plans.pop(other, None)
                self.arrays.clear()  # the next batches of the other shapes find their plans by these
        return plans
