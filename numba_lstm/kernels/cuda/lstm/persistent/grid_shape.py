"""Sizes of a cooperative grid: units and rows per block, and the resources that they need."""

from __future__ import annotations

from typing import NamedTuple

from .....gates import COUNT
from ...runtime.protocol import Properties

ROWS_PER_THREAD = 2
DEPTH = 64  #: terms of a product in shared memory at a time
PITCH = DEPTH + 4  #: padded by four numbers, so that neighbouring threads use different banks
ROWS = (8, 16, 32, 64)
UNITS = (4, 8, 10, 12, 16)


class Shape(NamedTuple):
    """The sizes that the code depends on, besides the traits."""

    H: int
    units: int
    rows: int

    @property
    def threads(self) -> int:
        """Threads per block."""
        return self.units * self.rows // ROWS_PER_THREAD

    @property
    def pitch(self) -> int:
        """Weights of a unit for one gate, rounded up to vectors of four."""
        return -(-self.H // 4) * 4

    @property
    def shared(self) -> int:
        """Bytes of weights in shared memory. The backward kernel pads rows by four numbers."""
        return 4 * self.units * (COUNT * self.pitch + 4)

    @property
    def total_shared(self) -> int:
        """Bytes of all shared memory."""
        return self.shared + 4 * self.rows * PITCH

    @property
    def registers(self) -> int:
        """Maximum registers per thread, a multiple of eight, since a block has 65536."""
        return min(255, 65536 // self.threads // 8 * 8)

    @property
    def columns(self) -> int:
        """Blocks along the units."""
        return -(-self.H // self.units)

    @property
    def cycles(self) -> float:
        """Estimated cycles of a step of a block: 128 fma, then 32 bytes of h from the L2 cache, per cycle."""
        return COUNT * self.units * self.rows * self.H / 128 + 4 * self.rows * self.H / 32


def shape(N: int, H: int, properties: Properties) -> Shape | None:
    """Return the fastest sizes with all blocks resident, one on each multiprocessor, or None."""
    candidates = (Shape(H, units, rows) for units in UNITS for rows in ROWS)
    fitting = [
        size
        for size in candidates
        if size.columns * -(-N // size.rows) <= properties.multiprocessors
        and size.total_shared <= properties.shared_opt_in
        and size.threads <= 512
    ]
    return min(fitting, key=lambda size: size.cycles, default=None)
