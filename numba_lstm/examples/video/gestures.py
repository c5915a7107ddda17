"""Gestures: a hand draws a gun or points, from video (GunPoint), and a hand picks things up (PickupGestureWiimoteZ)."""

from __future__ import annotations

from typing import Any

import numpy as np

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Bidirectional, Dense, Dropout, GaussianNoise, Input
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from ..classification import Labelled, Problem, confusion, draw_confusion, load_aeon, nearest_neighbour
from ..options import Options
from ..result import Result

PATCHES = {"GunPoint": 5, "PickupGestureWiimoteZ": 8}  #: steps of a recording that the LSTM reads as one
CLASSES = {"GunPoint": ["gun", "point"]}  #: names of classes that are numbers in the files
BATCH = 10


def run(options: Options) -> Result:
    """Train a classifier for each of two problems and compare it with nearest neighbours."""
    rows, shown, accuracy, histories = [], [], {}, {}
    model = None
    for name, patch in PATCHES.items():
        problem = load_aeon(name, options.limit)
        model = build(problem, patch, options.epochs)
        x, x_test = (patches(some, patch) for some in (problem.train, problem.test))
        history = model.fit(x, problem.train.labels, batch_size=BATCH, epochs=options.epochs, verbose=options.verbose).history
        truth, found = problem.test.labels, model.predict(x_test, verbose=0).argmax(axis=1)
        accuracy[name] = {
            "LSTM": np.mean(found == truth),
            "warping": np.mean(nearest_neighbour(problem) == truth),
            "warping, 10%": np.mean(nearest_neighbour(problem, window=0.1) == truth),
            "Euclidean": np.mean(nearest_neighbour(problem, window=None) == truth),
        }
        rows.append([name, str(len(truth)), *(f"{value:.1%}" for value in accuracy[name].values())])
        shown.append((name, confusion(truth, found, len(problem.classes)), CLASSES.get(name, problem.classes)))
        histories[name] = history["loss"]
    return Result(
        "Accuracy on the test set",
        ("Recordings", "number", "LSTM", "1-NN, warping", "1-NN, warping 10%", "1-NN, Euclidean"),
        rows,
        lambda figure: draw(figure, shown),
        model,
        figures={"accuracy": accuracy, "losses": histories},
    )


def patches(some: Labelled, size: int) -> list[Any]:
    """Return sequences whose steps are ``size`` steps of a recording side by side; what remains at the end is repeated."""
    found = []
    for x in some.sequences:
        steps = -(-len(x) // size)
        padded = np.concatenate([x, np.repeat(x[-1:], steps * size - len(x), axis=0)])
        found.append(padded.reshape(steps, -1))
    return found


def build(problem: Problem, patch: int, epochs: int) -> Sequential:
    """Return a compiled model."""
    channels = problem.train.sequences[0].shape[1]
    model = Sequential(
        [
            Input((None, patch * channels)),
            GaussianNoise(0.05),
            Bidirectional(LSTM(32, return_sequences=True)),
            Dropout(0.3),
            Bidirectional(LSTM(32)),
            Dropout(0.3),
            Dense(len(problem.classes), activation="softmax"),
        ],
        name="gestures",
    )
    steps = epochs * -(-len(problem.train.labels) // BATCH)
    model.compile(Adam(CosineDecay(5e-3, steps), clipnorm=1.0), "sparse_categorical_crossentropy")
    return model


def draw(figure: Any, shown: list[tuple[str, Any, list[str]]]) -> None:
    """Draw the confusion matrices."""
    for axes, (name, counts, classes) in zip(figure.subplots(1, len(shown)), shown, strict=True):
        draw_confusion(axes, counts, classes, name)
