"""Random stacks of all layers with small sizes everywhere, and data for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from numba_lstm import Input, Sequential, set_random_seed
from numba_lstm.layers import (
    LSTM,
    RNN,
    Activation,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    Layer,
    LayerNormalization,
    LSTMCell,
    Masking,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    StackedRNNCells,
    TimeDistributed,
)

#: Indices that an Embedding takes.
WORDS = 4

#: A sample has at most so many elements.
MOST = 54

Make = Callable[[], Layer]


class Drawn(NamedTuple):
    """A stack, as what makes its layers, and a batch for it."""

    seed: int
    layers: list[Make]
    x: npt.NDArray[Any]
    y: npt.NDArray[Any]

    def model(self, dtype: str, device: str) -> Sequential:
        """The stack, the same each time."""
        set_random_seed(self.seed)
        model = Sequential([make() for make in self.layers], dtype=dtype, device=device)
        model.compile("sgd", "mse")
        return model

    def __str__(self) -> str:
        names = ", ".join(repr(make()) for make in self.layers)
        return f"seed {self.seed}: {names}, x {self.x.shape}"


class _Drawing:
    """A stack on its way up."""

    def __init__(self, seed: int, sizes: tuple[int, ...]) -> None:
        self.rng, self.sizes = np.random.default_rng(seed), sizes
        self.layers: list[Make] = []
        self.shape: tuple[int, ...] = ()

    def size(self) -> int:
        return int(self.rng.choice(self.sizes))

    def choice(self, *values: Any) -> Any:
        return values[self.rng.integers(len(values))]

    def add(self, layer: Callable[..., Layer], *arguments: Any, **options: Any) -> None:
        self.layers.append(lambda: layer(*arguments, **options))

    def begin(self) -> None:
        """An input of sequences, of rows, or of words."""
        kind = self.choice("sequences", "sequences", "rows", "words")
        self.shape = (self.size(), self.size()) if kind == "sequences" else (self.size(),)
        self.add(Input, self.shape)
        N, rng = self.size(), self.rng
        if kind == "words":
            self.x = rng.integers(0, WORDS, (N, *self.shape))
            units = self.size()
            self.add(Embedding, WORDS, units, mask_zero=self.choice(True, False))
            self.shape = (*self.shape, units)
        else:
            self.x = rng.normal(size=(N, *self.shape)) * (rng.random((N, *self.shape[:-1], 1)) > 0.2)

    def more(self) -> None:
        """One more layer that takes what there is."""
        kinds = [self.dense, self.activation, self.norm, self.noise, self.reshape, self.flatten]
        if len(self.shape) == 2:
            kinds += [self.lstm, self.lstm, self.lstm, self.lstm_of_rows, self.bidirectional, self.cells]
            kinds += [self.masking, self.spatial, self.distributed]
        else:
            kinds += [self.repeat, self.repeat]
        self.choice(*kinds)()

    def recurrent(self, sequences: bool, units: int) -> None:
        self.shape = (self.shape[0], units) if sequences else (units,)

    def lstm(self) -> None:
        units, sequences = self.size(), self.choice(True, True, False)
        options: dict[str, Any] = self.choice({}, {}, {"go_backwards": True}, {"dropout": 0.4}, {"recurrent_dropout": 0.4})
        self.add(LSTM, units, return_sequences=sequences, **options)
        self.recurrent(sequences, units)

    def lstm_of_rows(self) -> None:
        units, sequences, projection = self.size(), self.choice(True, True, False), self.choice(None, 1, 2)
        self.add(LSTM, units, return_sequences=sequences, projection=projection, layer_norm=projection is None)
        self.recurrent(sequences, projection or units)

    def bidirectional(self) -> None:
        units, sequences, merge = self.size(), self.choice(True, True, False), self.choice("concat", "sum", "mul", "ave")
        self.add(lambda: Bidirectional(LSTM(units, return_sequences=sequences), merge))
        self.recurrent(sequences, 2 * units if merge == "concat" else units)

    def cells(self) -> None:
        first, units, sequences = self.size(), self.size(), self.choice(True, False)
        self.add(lambda: RNN(StackedRNNCells([LSTMCell(first), LSTMCell(units)]), return_sequences=sequences))
        self.recurrent(sequences, units)

    def dense(self) -> None:
        units = self.size()
        self.add(Dense, units, self.choice(None, "tanh", "softmax"), use_bias=self.choice(True, False))
        self.shape = (*self.shape[:-1], units)

    def distributed(self) -> None:
        units = self.size()
        self.add(lambda: TimeDistributed(Dense(units)))
        self.shape = (self.shape[0], units)

    def activation(self) -> None:
        self.add(Activation, self.choice("tanh", "softmax"))

    def norm(self) -> None:
        self.add(self.choice(LayerNormalization, BatchNormalization))

    def noise(self) -> None:
        self.add(*self.choice((Dropout, 0.4), (GaussianNoise, 0.1)))

    def spatial(self) -> None:
        self.add(SpatialDropout1D, 0.4)

    def masking(self) -> None:
        self.add(Masking, 0.0)

    def flatten(self) -> None:
        self.add(Flatten)
        self.shape = (int(np.prod(self.shape)),)

    def reshape(self) -> None:
        n = int(np.prod(self.shape))
        steps = self.choice(*[k for k in range(1, n + 1) if n % k == 0])
        self.shape = self.choice((steps, n // steps), (steps, n // steps), (n,))
        self.add(Reshape, self.shape)

    def repeat(self) -> None:
        times = self.size()
        self.add(RepeatVector, times)
        self.shape = (times, *self.shape)


def draw(seed: int, sizes: tuple[int, ...] = (1, 2, 3), most: int = MOST) -> Drawn:
    """A stack of two to seven layers on a batch, all of whose sizes are drawn from ``sizes``."""
    drawing = _Drawing(seed, sizes)
    drawing.begin()
    depth = drawing.rng.integers(2, 7)
    while len(drawing.layers) <= depth:
        before = len(drawing.layers), drawing.shape
        drawing.more()
        if np.prod(drawing.shape) > most:
            drawing.layers[before[0] :], drawing.shape = [], before[1]
    y = drawing.rng.normal(size=(len(drawing.x), *drawing.shape))
    return Drawn(seed, drawing.layers, drawing.x, y)
