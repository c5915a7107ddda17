"""What is measured: inference, a training step plain and with options, a step of a stream, an epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from . import kinds
from .problem import GRID, WINDOWS
from .shape import Shape


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
    task: str = ""  #: of :mod:`.tasks`; by default that of the mode's name
    model: str = kinds.LSTM

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


def _mode(task: str, model: str, title: str, *shapes: Shape, unit: str = "ms") -> Mode:
    """Return a mode of a model of :mod:`.kinds`."""
    kind, training = kinds.KINDS[model], task == "train"
    flops = kind.training_flops if training else kind.forward_flops
    title = f"{'One training step' if training else 'Inference'} of {title}" if task != "beam" else title
    return Mode(title, shapes, shapes[:1], flops, unit, tolerance=1e-3 if training else 1e-4, task=task, model=model)


CELLS = (Shape(32, 100, 64, 64), Shape(1, 100, 64, 64), Shape(32, 100, 64, 128))
SEQUENCES = Shape(32, 100, 64, 64)
SMALL = (Shape(10, 1, 1, 8), Shape(32, 1, 1, 16), Shape(10, 10, 1, 8), Shape(32, 10, 1, 16))

#: Models other than an LSTM with a dense layer.
MODES |= {
    "gru": _mode("infer", kinds.GRU, "a GRU and a dense layer", *CELLS),
    "gru-train": _mode("train", kinds.GRU, "a GRU and a dense layer", *CELLS),
    "rnn": _mode("infer", kinds.SIMPLE_RNN, "a SimpleRNN and a dense layer", *CELLS),
    "rnn-train": _mode("train", kinds.SIMPLE_RNN, "a SimpleRNN and a dense layer", *CELLS),
    "conv": _mode("infer", kinds.CONVOLUTIONS, "two Conv1D(H, 5), the first with relu", SEQUENCES),
    "conv-train": _mode("train", kinds.CONVOLUTIONS, "two Conv1D(H, 5), the first with relu", SEQUENCES),
    "autoencoder": _mode("train", kinds.AUTOENCODER, "an autoencoder of four LSTMs", *SMALL, unit="µs"),
    "encoder-decoder": _mode("train", kinds.ENCODER_DECODER, "an encoder-decoder of two LSTMs", Shape(64, 30, 60, 256)),
    "attention": _mode("train", kinds.ATTENTION, "an encoder-decoder with dot-product attention", Shape(64, 30, 60, 128)),
    "beam": _mode(
        "beam",
        kinds.DECODER,
        f"Beam search of width {kinds.WIDTH} for T of {kinds.TOKENS} tokens, after an embedding of D",
        Shape(1, 30, 64, 256),
        Shape(16, 30, 64, 256),
    ),
}
