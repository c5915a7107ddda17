"""Form: an array, and the works that fill it. An op does them at once; what is bound does them over and over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from .task import Work, in_order


class Form(NamedTuple):
    """An array, and the works that fill it, in their order, from its operands as they are then."""

    array: npt.NDArray[Any]
    works: tuple[Work, ...]

    def filled(self) -> npt.NDArray[Any]:
        """The array for the operands as they are now."""
        in_order(self.works)
        return self.array
