"""Speakers: who of nine people says a vowel, from recordings of unequal lengths (JapaneseVowels, Kudo et al. 1999)."""

from __future__ import annotations

from typing import Any

import numpy as np

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Bidirectional, Dense, Dropout, Input
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from ..classification import Problem, confusion, draw_confusion, draw_losses, load_aeon, nearest_neighbour
from ..options import Options
from ..result import Result

BATCH = 16


def run(options: Options) -> Result:
    """Train a classifier and compare it with nearest neighbours."""
    problem = load_aeon("JapaneseVowels", options.limit)
    (x, y), (x_test, y_test), classes = problem
    model = build(problem, options.epochs)
    history = model.fit(x, y, batch_size=BATCH, epochs=options.epochs, verbose=options.verbose).history
    found = model.predict(x_test, verbose=0).argmax(axis=1)
    accuracy = {
        "bidirectional LSTM": np.mean(found == y_test),
        "1-NN, dynamic time warping": np.mean(nearest_neighbour(problem) == y_test),
        "1-NN, Euclidean": np.mean(nearest_neighbour(problem, window=None) == y_test),
    }
    return Result(
        f"{len(x_test)} recordings of {len(classes)} speakers, {len(x)} to learn from",
        ("Classifier", "accuracy"),
        [[name, f"{value:.1%}"] for name, value in accuracy.items()],
        lambda figure: draw(figure, confusion(y_test, found, len(classes)), classes, history),
        model,
        figures={"accuracy": accuracy, "history": history},
    )


def build(problem: Problem, epochs: int) -> Sequential:
    """Return a compiled model. A list of sequences needs no padding: batches have recordings of similar lengths."""
    channels = problem.train.sequences[0].shape[1]
    model = Sequential(
        [
            Input((None, channels)),
            Dropout(0.2),
            Bidirectional(LSTM(48)),
            Dropout(0.4),
            Dense(len(problem.classes), activation="softmax"),
        ],
        name="speakers",
    )
    steps = epochs * -(-len(problem.train.labels) // BATCH)
    model.compile(Adam(CosineDecay(5e-3, steps)), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def draw(figure: Any, counts: Any, classes: list[str], history: dict[str, list[float]]) -> None:
    """Draw the confusion matrix and the learning curve."""
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    draw_confusion(left, counts, classes, "Speakers of the test set")
    draw_losses(right, history)
