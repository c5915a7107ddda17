"""What every engine is given: shapes, weights and data, made by NumPy and the same in every process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .kinds import KINDS, LSTM
from .shape import Shape

Array = npt.NDArray[np.float32]

#: The recurrent dropout of the mode ``masked``.
RECURRENT_DROPOUT = 0.2

#: Windows of an epoch in the mode ``fit``.
WINDOWS = 2048


#: Smaller weights for activations whose states grow beyond all numbers in a hundred steps else.
GAINS = {"exponential": 0.15}

#: Published shapes; never edit one, add one.
GRID = tuple(
    Shape(*sizes)
    for sizes in (
        (1, 100, 1, 50),
        (32, 100, 1, 50),
        (1, 100, 64, 128),
        (32, 100, 64, 128),
        (128, 24, 8, 64),
        (1, 100, 512, 512),
        (64, 64, 512, 512),
        (16, 32, 1024, 1024),
    )
)


@dataclass(frozen=True)
class Problem:
    """Weights and data of a shape. Weights are Keras-shaped, gate blocks in the order i, f, g, o."""

    shape: Shape
    activation: str = "tanh"
    model: str = LSTM  #: of :data:`.kinds.KINDS`

    def _draw(self, which: int, *sizes: int) -> Array:
        # RandomState and not a Generator: its stream is the same in every version of NumPy.
        return np.random.RandomState(which).uniform(-1, 1, sizes).astype(np.float32)

    @cached_property
    def weights(self) -> tuple[Array, ...]:
        """Arrays in the order of Keras. Of an LSTM: (D, 4H), (H, 4H) and (4H,), and of the dense layer (H, 1) and (1,)."""
        scale = np.float32(GAINS.get(self.activation, 1.0) * self.shape.H**-0.5)
        sizes = KINDS[self.model].weights(self.shape)
        return tuple(scale * self._draw(k if k < 5 else 20 + k, *size) for k, size in enumerate(sizes))

    @cached_property
    def x(self) -> Array:
        """A batch (N, T, D)."""
        return self._draw(5, self.shape.N, self.shape.T, self.shape.D)

    @cached_property
    def padded(self) -> Array:
        """The batch with zeros behind sequences of 1 to T steps."""
        N, T = self.shape.N, self.shape.T
        lengths = np.linspace(T, 1, N).round()[:, None]
        return self.x * (np.arange(T) < lengths)[:, :, None].astype(np.float32)

    @cached_property
    def y(self) -> Array:
        """Its targets: (N, 1), tokens (N, T), or of the shape of the output."""
        return self._draw(6, *KINDS[self.model].output(self.shape))

    @cached_property
    def batch(self) -> tuple[Any, Array]:
        """What a step of training is given: x and y, or two arrays of one-hot rows (N, T, D) and tokens (N, T)."""
        if not KINDS[self.model].tokens:
            return self.x, self.y
        N, T, D = self.shape.N, self.shape.T, self.shape.D
        *inputs, target = (np.random.RandomState(k).randint(0, D, (N, T)).astype(np.int32) for k in (10, 11, 12))
        return [np.eye(D, dtype=np.float32)[tokens] for tokens in inputs], target

    @cached_property
    def windows(self) -> tuple[Array, Array]:
        """An epoch's data: windows of a noisy wave (WINDOWS, T, D), and the value that follows each (WINDOWS, 1)."""
        T, D = self.shape.T, self.shape.D
        wave = np.sin(np.arange(WINDOWS + T + D) / 8) + 0.1 * self._draw(7, WINDOWS + T + D)
        view = np.lib.stride_tricks.sliding_window_view(wave, (T + D,))[:WINDOWS]
        x = np.lib.stride_tricks.sliding_window_view(view[:, :-1], D, axis=1)
        return np.ascontiguousarray(x, np.float32), view[:, -1:].astype(np.float32)
