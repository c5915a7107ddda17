"""What a part of a model is in a gradient program."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ..runtime.task import Task

Array = npt.NDArray[Any]


class Bound:
    """A part's two passes over batches of one shape: its buffers, and the works that fill them.

    Attributes
    ----------
    y : array
        Where the output appears.
    forward, backward : lists of works
        To be done in their order.
    dx, gradients : array and arrays
        What :meth:`bind_backward` is bound to leave: the input's gradient, where it is asked for, and those of the weights.
    """

    y: Array
    dx: Array | None = None
    gradients: tuple[Array, ...] = ()

    def __init__(self) -> None:
        self.forward: list[Task] = []
        self.backward: list[Task] = []

    def bind_backward(self, dy: Array, *, need_dx: bool) -> None:
        """Bind the backward pass to a gradient ``dy`` of the output, which is where it is at each call."""
        raise NotImplementedError
