"""Exercises: what a wrist with a watch does, decided at each sample by a stream, for people that training has not seen."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Conv1D, Dense, Dropout, GaussianNoise, Input, Normalization
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay
from numba_lstm.preprocessing import RandomWindows

from ..classification import confusion, draw_confusion
from ..options import Options
from ..result import Result
from . import watch
from .timing import draw_times, percentiles
from .watch import RATE, Recordings

Array = npt.NDArray[Any]

WINDOW, BATCH = 400, 32  #: samples of a window, 8 s


class Tested(NamedTuple):
    """A recording of a person who was left out, with the probabilities (T, 7) at each sample."""

    row: int
    lstm: Array
    forest: Array


def run(options: Options) -> Result:
    """Leave people out, one after the other, and name each sample of their recordings."""
    recordings = watch.load(options.limit)
    tested, seconds, histories = [], [], {}
    model, lines = None, []
    for person in np.unique(recordings.people)[: options.folds]:
        train, test = recordings.of(person)
        model, histories[int(person)] = learn(recordings, train, options)
        forest = watch.forest(recordings, train, options.seed)
        for row in test:
            probabilities, times = stream(model, recordings.x[row])
            seconds.append(times)
            tested.append(Tested(int(row), probabilities, forest.predict_proba(watch.features(recordings.x[row]))))
        lines.append(by_person(recordings, tested[-len(test) :], int(person)))
    found = {
        "LSTM, from the present sample": score(recordings, tested, "lstm", so_far=False),
        "LSTM, from all samples so far": score(recordings, tested, "lstm", so_far=True),
        "random forest, from the last 2 s": score(recordings, tested, "forest", so_far=False),
        "random forest, from all samples so far": score(recordings, tested, "forest", so_far=True),
    }
    times = np.concatenate(seconds)
    lines.append("Time of a step, µs: " + ", ".join(f"p{p} {value:.1f}" for p, value in percentiles(times).items()) + ".")
    return Result(
        f"Exercises of {options.folds} of 10 people, each by a model of the other nine; {len(tested)} recordings",
        ("Decision", "samples right", "recordings right", "delay, median s", "90%"),
        [[name, *one.cells()] for name, one in found.items()],
        lambda figure: draw(figure, recordings, tested, times),
        model,
        "\n".join(lines),
        {"scores": found, "history": histories, "recordings": recordings, "tested": tested, "seconds": times},
    )


def learn(recordings: Recordings, train: Array, options: Options) -> tuple[Sequential, dict[str, list[float]]]:
    """Return a model that is trained on random windows of some recordings, and its history."""
    xs = [recordings.x[row] for row in train]
    targets = [np.full(len(x), label) for x, label in zip(xs, recordings.labels[train], strict=True)]
    data = RandomWindows(xs, targets, WINDOW, BATCH, windows=3, transform=watch.rotated, seed=options.seed)
    steps = np.concatenate(xs)
    model = build(steps.mean(axis=0), steps.var(axis=0), len(recordings.exercises), options.epochs * len(data))
    return model, model.fit(data, epochs=options.epochs, verbose=options.verbose).history


def build(mean: Array, variance: Array, classes: int, steps: int) -> Sequential:
    """Return a compiled model that names the exercise at each sample, of causal convolutions and an LSTM."""
    model = Sequential(
        [
            Input((None, len(mean))),
            Normalization(mean=mean, variance=variance),
            GaussianNoise(0.3),
            Conv1D(32, 5, padding="causal", activation="relu"),
            Conv1D(32, 5, padding="causal", dilation_rate=4, activation="relu"),
            Dropout(0.3),
            LSTM(64, return_sequences=True),
            Dropout(0.3),
            Dense(classes, activation="softmax"),
        ],
        name="exercises",
    )
    model.compile(Adam(CosineDecay(4e-3, steps), clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def stream(model: Sequential, x: Array) -> tuple[Array, Array]:
    """Return the probabilities (T, 7), sample by sample, and the seconds that each took."""
    steps = model.stream()
    steps.step(x[0])  # the first step of a stream takes longer
    steps.reset()
    found, seconds = [], np.empty(len(x))
    for k, sample in enumerate(x):
        before = time.perf_counter()
        found.append(steps.step(sample))
        seconds[k] = time.perf_counter() - before
    return np.array(found), seconds


def decisions(probabilities: Array, so_far: bool) -> npt.NDArray[np.int64]:
    """Return the exercise (T,) of each sample: by its probabilities, or by the product of those of all samples up to it."""
    logs = np.log(np.maximum(probabilities, 1e-7))
    return np.asarray((np.cumsum(logs, axis=0) if so_far else logs).argmax(axis=1))


def delay(right: npt.NDArray[np.bool_]) -> float:
    """Return the seconds after which decisions stay right to the end, infinity if they do not."""
    wrong = np.flatnonzero(~right)
    if not len(wrong):
        return 1 / RATE
    return float("inf") if wrong[-1] == len(right) - 1 else (wrong[-1] + 2) / RATE


class Score(NamedTuple):
    """How often decisions are right, and when."""

    samples: float  #: share of the samples
    recordings: float  #: share of the recordings that end with the right exercise
    delays: npt.NDArray[np.float64]  #: seconds of each recording

    def cells(self) -> list[str]:
        """Return the cells of a row of the table."""
        quantiles = np.quantile(self.delays, [0.5, 0.9], method="inverted_cdf")
        return [f"{self.samples:.1%}", f"{self.recordings:.1%}", *(f"{q:.1f}" if q < np.inf else "never" for q in quantiles)]


def score(recordings: Recordings, tested: list[Tested], model: str, *, so_far: bool) -> Score:
    """Return the score of the LSTM's or the forest's decisions."""
    right = [decisions(getattr(one, model), so_far) == recordings.labels[one.row] for one in tested]
    delays = np.array([delay(one) for one in right])
    return Score(float(np.concatenate(right).mean()), float((delays < np.inf).mean()), delays)


def by_person(recordings: Recordings, tested: list[Tested], person: int) -> str:
    """Return a line with the score of a person's recordings."""
    now, all_so_far = (score(recordings, tested, "lstm", so_far=so_far) for so_far in (False, True))
    return f"Person {person}: {now.samples:.1%} of the samples, {all_so_far.recordings:.1%} of {len(tested)} recordings."


def draw(figure: Any, recordings: Recordings, tested: list[Tested], seconds: Array) -> None:
    """Draw the confusion matrix, one recording, the share of right decisions over time, and the times of the steps."""
    matrix, example, over_time, histogram = figure.subplots(2, 2).ravel()
    names = recordings.exercises
    ends = np.array([decisions(one.lstm, so_far=True)[-1] for one in tested])
    truth = recordings.labels[[one.row for one in tested]]
    draw_confusion(matrix, confusion(truth, ends, len(names)), names, "Recordings, after the last sample")
    matrix.tick_params(labelsize="small")
    one = max(tested, key=lambda one: _doubt(one, recordings))
    moments = np.arange(len(one.lstm)) / RATE
    for k, name in enumerate(names):
        example.plot(moments, one.lstm[:, k], color=f"C{k}", linewidth=1, label=name)
    example.set(xlabel="s", ylabel="probability", ylim=(0, 1.3), title=f"A recording of {names[recordings.labels[one.row]]}")
    example.legend(fontsize="x-small", ncols=4, loc="upper center")
    shortest = min(len(one.lstm) for one in tested)
    for so_far, label in ((False, "present sample"), (True, "all samples so far")):
        right = [(decisions(one.lstm, so_far) == recordings.labels[one.row])[:shortest] for one in tested]
        over_time.plot(np.arange(shortest) / RATE, np.mean(right, axis=0), label=f"LSTM, {label}")
    over_time.set(xlabel="s", ylabel="right decisions", ylim=(0, 1.02), title="Decisions over time")
    over_time.legend(fontsize="small", loc="lower right")
    draw_times(histogram, seconds)


def _doubt(one: Tested, recordings: Recordings) -> float:
    """Return for how long the decision of a recording that ends right was another one, minus infinity if it does not."""
    late = delay(decisions(one.lstm, so_far=True) == recordings.labels[one.row])
    return late if late < np.inf else -np.inf
