"""The sizes of a cooperative grid: units and rows of a block, and what they take of the device."""

from __future__ import annotations

from typing import NamedTuple

from .....gates import COUNT
from ...runtime.driver import Properties

HEIGHT = 2  #: rows of a thread
DEPTH = 64  #: terms of a product whose h or dz is in shared memory at a time
PITCH = DEPTH + 4  #: rows are apart by four numbers more, so that threads side by side meet different banks
ROWS = (8, 16, 32, 64)
UNITS = (4, 8, 10, 12, 16)


class Shape(NamedTuple):
    """What the code depends on beside the traits."""

    H: int
    units: int
    rows: int

    @property
    def threads(self) -> int:
        """Of a block."""
        return self.units * self.rows // HEIGHT

    @property
    def pitch(self) -> int:
        """A unit's weights of one gate, in steps of four."""
        return -(-self.H // 4) * 4

    @property
    def shared(self) -> int:
        """Bytes of the weights in shared memory; on the way back rows are apart by four numbers more."""
        return 4 * self.units * (COUNT * self.pitch + 4)

    @property
    def all_shared(self) -> int:
        """Bytes of all shared memory."""
        return self.shared + 4 * self.rows * PITCH

    @property
    def registers(self) -> int:
        """The most that a thread may have: in whole steps of eight, since the block has 65536."""
        return min(255, 65536 // self.threads // 8 * 8)

    @property
    def columns(self) -> int:
        """Blocks side by side."""
        return -(-self.H // self.units)

    @property
    def cycles(self) -> float:
        """A step of a block, roughly: 128 fma, then 32 bytes of h from the second-level cache, in a cycle."""
        return COUNT * self.units * self.rows * self.H / 128 + 4 * self.rows * self.H / 32


def shape(N: int, H: int, properties: Properties) -> Shape | None:
    """The fastest one that the device holds at once with one block a multiprocessor, or None."""
    every = (Shape(H, units, rows) for units in UNITS for rows in ROWS)
    fitting = [
        size
        for size in every
        if size.columns * -(-N // size.rows) <= properties.multiprocessors
        and size.all_shared <= properties.shared_opt_in
        and size.threads <= 512
    ]
    return min(fitting, key=lambda size: size.cycles, default=None)
