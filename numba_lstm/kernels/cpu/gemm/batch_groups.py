"""Groups of rows of a batch: the steps of a group are contiguous on the tape, so that threads do not write near each other.

A core that writes next to another core's data loses cache lines to the other's prefetches and fetches them back across the
chip. Threads that split weight gradients by columns read what other threads wrote. At 32 100 1 50 a training step took two
threads 0.70 of one thread's time with one tape, and 0.57 with a group each. Groups depend on shapes alone, since each group
is a separate sum in the weight gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Number of groups of a batch. With four groups of 128 rows two threads were no faster, and a single thread was slower.
NUM_GROUPS = 2

#: Minimum number of rows of a group: two tiles of rows.
MIN_GROUP_ROWS = 12


class Size(NamedTuple):
    """Steps T, rows N and features D of a call."""

    T: int
    N: int
    D: int


class Group(NamedTuple):
    """Rows ``first`` .. ``last`` of a batch of this size."""

    first: int
    last: int
    size: Size

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.last - self.first

    @property
    def begins(self) -> int:
        """Row of the tape with the first step of the first row; its second step is ``rows`` rows later."""
        return self.first * self.size.T


def make_groups(size: Size, several: bool) -> list[Group]:
    """Return the groups of a batch: one if it is small or not ``several``. The last group may have fewer rows."""
    rows = -(-size.N // NUM_GROUPS) if several and size.N >= NUM_GROUPS * MIN_GROUP_ROWS else size.N
    return [Group(first, min(size.N, first + rows), size) for first in range(0, size.N, rows)]


def splits_per_group(splits: int, groups: Sequence[Group]) -> int:
    """Return the number of splits of each group that divides the work of ``splits`` threads evenly."""
    num_groups = max(1, len(groups))
    return splits if splits % num_groups else splits // num_groups
