"""The time of a call, however short."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable
from typing import Any

#: Seconds of calls that one turn takes, where a call takes less.
TURN = 0.02


class Stopwatch:
    """Times ``call`` in turns of about :data:`TURN` seconds, without garbage collection."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._timer = timeit.Timer(call)
        self._number = 1

    def warm(self) -> None:
        """Call until the time of a call is known."""
        self._number, seconds = 1, self._timer.timeit(1)
        while seconds < TURN:
            self._number = max(2 * self._number, int(self._number * TURN / max(seconds, 1e-9)))
            seconds = self._timer.timeit(self._number)

    def seconds(self) -> float:
        """Seconds a call, from one turn."""
        return self._timer.timeit(self._number) / self._number


def medians(*calls: Callable[[], Any], rounds: int = 9) -> list[float]:
    """Median seconds of calls that take turns in this process."""
    watches = [Stopwatch(call) for call in calls]
    for watch in watches:
        watch.warm()
    turns = [[watch.seconds() for watch in watches] for _ in range(rounds)]
    return [statistics.median(times) for times in zip(*turns, strict=True)]
