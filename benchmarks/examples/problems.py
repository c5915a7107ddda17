"""Problems of the examples as arrays, with a model and a score for each, for engines that train the same model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm import Sequential
from numba_lstm.examples.classification import load_aeon
from numba_lstm.examples.series import demand
from numba_lstm.examples.video import gestures, video
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """Data, architecture and recipe of an example."""

    name: str
    score: str  #: what :meth:`score_of` returns
    x: Array
    y: Array  #: targets, (N, outputs); or classes (N,) or (N, T)
    x_test: Array
    y_test: Array
    build: Callable[[], Sequential]  #: returns a compiled model with new weights
    score_of: Callable[[Array, Array], float]  #: of outputs and true targets of the test; smaller is better
    rate: float  #: of Adam at first; it falls to zero on half a cosine
    epochs: int
    batch: int
    clipnorm: float | None = None  #: of the gradient of each weight

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.epochs * -(-len(self.x) // self.batch)


def _wrong(outputs: Array, classes: Array) -> float:
    """Percentage of wrong classes, of the last step if there are several."""
    if outputs.ndim == 3:
        outputs, classes = outputs[:, -1], classes[:, -1]
    return 100 * float(np.mean(outputs.argmax(axis=1) != classes))


def demand_problem(epochs: int = 5, stride: int = 6) -> Problem:
    """Half-hourly demand: LSTM(64) and Dense(48) on two days of demand, beside the covariates of a day later."""
    day, units, batch, rate = demand.DAY, 64, 32, 5e-3
    data = demand.load()
    y, covariates = data.y.to_numpy(), data.covariates.to_numpy()
    hours = 2 * np.pi * np.arange(len(y)) / day
    test = len(y) - demand.TEST_DAYS * day
    mean, deviation = y[:test].mean(), y[:test].std()
    scaled = (y - mean) / deviation
    known = (covariates - covariates[:test].mean(axis=0)) / covariates[:test].std(axis=0)

    def windows(origins: Array) -> tuple[Array, Array]:
        past, future = origins[:, None] + np.arange(-2 * day, 0), origins[:, None] + np.arange(day)
        columns = [scaled[past], np.sin(hours[past]), np.cos(hours[past]), *np.moveaxis(known[past + day], 2, 0)]
        return np.stack(columns, axis=2).astype(np.float32), scaled[future].astype(np.float32)

    x, targets = windows(np.arange(2 * day, test - day, stride))
    x_test, targets_test = windows(np.arange(test, len(y), day))
    steps = epochs * -(-len(x) // batch)

    def build() -> Sequential:
        model = Sequential([Input(x.shape[1:]), LSTM(units), Dense(day)], name="demand")
        model.compile(Adam(CosineDecay(rate, steps)), "mse")
        return model

    def error(outputs: Array, truth: Array) -> float:
        return 1000 * float(np.abs(outputs - truth).mean() * deviation)

    return Problem("demand", "MAE, MW", x, targets, x_test, targets_test, build, error, rate, epochs, batch)


def gestures_problem(epochs: int = 60) -> Problem:
    """GunPoint: two bidirectional LSTMs with noise and dropout, as in the example gestures."""
    problem, size = load_aeon("GunPoint"), gestures.PATCHES["GunPoint"]
    x, x_test = (np.stack(gestures.patches(some, size)) for some in (problem.train, problem.test))
    return Problem(
        "gestures",
        "wrong, %",
        x,
        problem.train.labels,
        x_test,
        problem.test.labels,
        lambda: gestures.build(problem, size, epochs),
        _wrong,
        5e-3,
        epochs,
        gestures.BATCH,
        1.0,
    )


def video_problem(epochs: int = 4, samples: int = 1000) -> Problem:
    """Moving digits: convolutions of each frame and an LSTM, as in the example video."""
    digits, generator = video.load_digits(), np.random.default_rng(0)
    half = len(digits) * 3 // 4
    x, motions = video.videos(digits[:half], samples, generator)
    x_test, motions_test = video.videos(digits[half:], video.TEST, generator)
    classes, classes_test = (np.repeat(some[:, None], video.FRAMES, axis=1) for some in (motions, motions_test))
    steps = epochs * -(-samples // video.BATCH)
    return Problem(
        "video",
        "wrong, %",
        x,
        classes,
        x_test,
        classes_test,
        lambda: video.build(steps),
        _wrong,
        3e-3,
        epochs,
        video.BATCH,
        1.0,
    )


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "demand": demand_problem,
    "gestures": gestures_problem,
    "video": video_problem,
}
