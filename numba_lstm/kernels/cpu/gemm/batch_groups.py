"""Groups: rows of a batch whose steps follow on one another on the tape, so that other threads write nothing near them.

A core that writes next to what another one works with loses lines to the other's prefetches, and gets them back across the
chip; and weights' gradients that threads share by columns have each of them read what others wrote. At 32 100 1 50 a training
step took two threads 0.70 of one thread's time with one tape, and 0.57 with a group each. How rows are grouped is a matter of
shapes alone, since each group has a sum of its own in the weights' gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: The groups of a batch. With four of 128 rows two threads were no faster than with two, and a single one slower.
NUMBER = 2

#: The fewest rows of a group, two tiles of rows.
ROWS = 12


class Size(NamedTuple):
    """What a call is large in."""

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
        """Their number."""
        return self.last - self.first

    @property
    def begins(self) -> int:
        """The row of the tape that has the first one's first step; ``rows`` rows later comes its second step."""
        return self.first * self.size.T


def grouped(size: Size, several: bool) -> list[Group]:
    """The groups of a batch; a single one if it is small, or is not to have ``several``. The last may have fewer rows."""
    rows = -(-size.N // NUMBER) if several and size.N >= NUMBER * ROWS else size.N
    return [Group(first, min(size.N, first + rows), size) for first in range(0, size.N, rows)]


def parts_of_each(parts: int, of_rows: Sequence[Group]) -> int:
    """The parts of each group that so many threads share evenly."""
    number = max(1, len(of_rows))
    return parts if parts % number else parts // number
