"""Arrays that are computed later: an op computes one at once, a plan each time that it runs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from .graph import run_eagerly
from .task import Task


class DeferredArray(NamedTuple):
    """An array, and the tasks that compute it from what their operands hold when they run."""

    array: npt.NDArray[Any]
    tasks: tuple[Task, ...]

    def compute(self) -> npt.NDArray[Any]:
        """Run the tasks and return the array."""
        run_eagerly(self.tasks)
        return self.array
