"""What is measured: inference, a training step plain and with options, a step of a stream, an epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from .problem import GRID, WINDOWS, Shape


@dataclass(frozen=True)
class Mode:
    """One table: what a call does, at which shapes, in which unit."""

    title: str
    shapes: tuple[Shape, ...]
    quick: tuple[Shape, ...]  #: the shapes of ``--quick``
    flops: Callable[[Shape], float]  #: of one call
    unit: str = "ms"
    activation: str = "tanh"
    tolerance: float = 1e-4  #: how far an answer may be from the reference's, which is computed in float64

    @property
    def scale(self) -> float:
        """Units in a second."""
        return {"s": 1.0, "ms": 1e3, "µs": 1e6}[self.unit]


STREAMED = (Shape(1, 100, 1, 50), Shape(1, 100, 16, 128), Shape(1, 100, 64, 512))

MODES = {
    "infer": Mode("Inference of a batch", GRID, GRID[:2], attrgetter("forward_flops")),
    "train": Mode(
        "One training step (Adam, mean squared error)",
        GRID,
        GRID[:2],
        attrgetter("training_flops"),
        tolerance=1e-3,  # losses after steps of Adam, whose epsilon frameworks add in two different places
    ),
    "masked": Mode(
        "One training step with relu, a mask of lengths from 1 to T, and recurrent dropout",
        (Shape(32, 100, 64, 128),),
        (Shape(32, 100, 64, 128),),
        attrgetter("training_flops"),
        activation="relu",
    ),
    "stream": Mode(
        "One step of a stream, one sample, from Python",
        STREAMED,
        STREAMED[:1],
        lambda shape: shape.forward_flops / (shape.N * shape.T),
        unit="µs",
    ),
    "fit": Mode(
        f"An epoch of fit on {WINDOWS:,} windows, in batches of N",
        (Shape(32, 100, 1, 50),),
        (Shape(32, 100, 1, 50),),
        lambda shape: WINDOWS / shape.N * shape.training_flops,
        unit="s",
        activation="relu",
    ),
}
