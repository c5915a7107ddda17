"""Form: an array, and the call that fills it. An op makes the call at once; what is bound makes it over and over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from .work import Work


class Form(NamedTuple):
    """An array, and the call that fills it from its operands as they are then."""

    array: npt.NDArray[Any]
    fill: Work

    def filled(self) -> npt.NDArray[Any]:
        """The array for the operands as they are now."""
        self.fill()
        return self.array
