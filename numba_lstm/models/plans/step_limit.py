"""StepLimit: the number of steps of a stream through causal attention, whose keys and values have limited memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from .step_graph import StepGraph


class StepLimit:
    """Counts the steps of a stream, up to the most for which its graph keeps keys and values."""

    def __init__(self, graph: StepGraph, name: str) -> None:
        self.counts, self._most, self._name = graph.step_counts, graph.max_steps or 0, name
        self._steps = 0

    def add(self, steps: int) -> None:
        """Count further steps.

        Raises
        ------
        ValueError
            For more of them than there is memory for.
        """
        if self.counts:
            if self._steps + steps > self._most:
                raise ValueError(
                    f"this stream of {self._name} keeps keys and values of {self._most} steps: {self._steps} are computed, "
                    f"{steps} more came. Call stream.reset(), or make a stream with a larger max_steps."
                )
            self._steps += steps

    def restore(self, states: Sequence[npt.NDArray[Any]]) -> None:
        """Take the count from states, flat in the order of cells.

        Raises
        ------
        ValueError
            For states without one number of steps.
        """
        if self.counts:
            found = {float(count) for index in self.counts for count in states[index].ravel()}
            steps = found.pop()
            if found or not 0 <= steps <= self._most or steps != int(steps):
                raise ValueError(
                    f"the last array of a causal attention's state is one number of steps from 0 to {self._most}, got "
                    f"{sorted({*found, steps})}. Assign what the state of a stream was."
                )
            self._steps = int(steps)

    def reset(self) -> None:
        """Begin with the first step."""
        self._steps = 0
