"""Video: how a digit moves through noise and behind bars, frame by frame, by convolutions and an LSTM."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, TimeDistributed
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from ..classification import confusion, draw_confusion
from ..options import Options
from ..result import Result

Array = npt.NDArray[Any]

MOTIONS = ("right", "left", "up", "down", "clockwise", "anticlockwise", "zigzag", "still")
FRAMES, SIZE, DIGIT = 16, 24, 8  #: of a video; pixels of a frame and of a digit
TEST, BATCH = 400, 32
NOISE, BARS = 0.15, 2  #: deviation of the noise; number of bars in front of the digit


def run(options: Options) -> Result:
    """Train on videos of some digits, and recognise motions of other ones after each frame."""
    samples = options.limit
    assert samples is not None
    generator = np.random.default_rng(options.seed)
    digits = load_digits()
    half = len(digits) * 3 // 4
    x, y = videos(digits[:half], samples, generator)
    x_test, y_test = videos(digits[half:], min(TEST, samples), generator)
    model = build(options.epochs * -(-samples // BATCH))
    targets = np.repeat(y[:, None], FRAMES, axis=1)
    history = model.fit(x, targets, batch_size=BATCH, epochs=options.epochs, verbose=options.verbose).history
    probabilities = model.predict(x_test, verbose=0)
    right = (probabilities.argmax(axis=2) == y_test[:, None]).mean(axis=0)
    rows = [[str(frames), f"{right[frames - 1]:.1%}"] for frames in (1, 2, 4, 8, 16)]
    streamed, seconds = stream(model, x_test[:20])
    return Result(
        f"Motions of {len(x_test)} videos after some frames, {samples} videos to learn from; a guess is right in 12.5%",
        ("Frames", "accuracy"),
        rows,
        lambda figure: draw(figure, x_test, y_test, probabilities),
        model,
        "Frame by frame, as a stream: p50 {:.0f} µs, p99 {:.0f} µs.".format(*np.percentile(seconds * 1e6, [50, 99])),
        {"accuracy": right, "history": history, "probabilities": probabilities[:20], "streamed": streamed},
    )


def load_digits() -> Array:
    """Return the handwritten digits of scikit-learn, (1797, 8, 8) from 0 to 1."""
    from sklearn import datasets

    return np.asarray(datasets.load_digits().images / 16)


def videos(digits: Array, count: int, draw: np.random.Generator) -> tuple[Array, Array]:
    """Return videos (N, 16, 24, 24, 1) and their motions (N,)."""
    motions = draw.integers(0, len(MOTIONS), count)
    frames = draw.normal(0, NOISE, (count, FRAMES, SIZE, SIZE)).astype(np.float32)
    rows = np.arange(DIGIT)
    for video, motion in zip(frames, motions, strict=True):
        digit = digits[draw.integers(len(digits))]
        for frame, (top, left) in zip(video, path(int(motion), draw), strict=True):
            frame[top + rows[:, None], left + rows] += digit
        for column in draw.permutation(SIZE - 2)[:BARS]:
            video[:, :, column : column + 2] = 0.5
    return frames[..., None], motions


def path(motion: int, draw: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return the upper left corners (16, 2) of a digit that moves, all within the frame."""
    t, free = np.arange(FRAMES) / (FRAMES - 1), SIZE - DIGIT
    name, start, speed = MOTIONS[motion], draw.uniform(0, free, 2), draw.uniform(0.5, 1.0) * free
    begin, fixed = draw.uniform(0, free - speed), np.full(FRAMES, start[0])
    forth = begin + speed * t
    if name in ("clockwise", "anticlockwise"):
        angle = 2 * np.pi * (draw.random() + t * draw.uniform(0.6, 1.2)) * (1 if name == "clockwise" else -1)
        radius = draw.uniform(0.3, 0.5) * free
        centre = draw.uniform(radius, free - radius, 2)
        corners = centre + radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    elif name == "zigzag":
        waves = np.abs((2 * draw.uniform(1.5, 2.5) * t + draw.random()) % 2 - 1)
        corners = np.stack([begin + speed * waves, forth if draw.random() < 0.5 else free - forth], axis=1)
    else:
        corners = {
            "right": np.stack([fixed, forth], axis=1),
            "left": np.stack([fixed, free - forth], axis=1),
            "up": np.stack([free - forth, fixed], axis=1),
            "down": np.stack([forth, fixed], axis=1),
            "still": np.tile(start, (FRAMES, 1)),
        }[name]
    return np.clip(np.rint(corners), 0, free).astype(np.int64)


def build(steps: int) -> Sequential:
    """Return a compiled model that names the motion after each frame."""
    model = Sequential(
        [
            Input((None, SIZE, SIZE, 1)),
            TimeDistributed(Conv2D(8, 3, activation="relu")),
            TimeDistributed(MaxPooling2D(2)),
            TimeDistributed(Conv2D(16, 3, activation="relu")),
            TimeDistributed(MaxPooling2D(2)),
            TimeDistributed(Flatten()),
            Dropout(0.2),
            LSTM(64, return_sequences=True),
            Dense(len(MOTIONS), activation="softmax"),
        ],
        name="video",
    )
    model.compile(Adam(CosineDecay(3e-3, steps), clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def stream(model: Sequential, x: Array) -> tuple[Array, Array]:
    """Return the probabilities (N, T, 8) frame by frame, and the seconds that each frame took."""
    steps, seconds, found = model.stream(), [], []
    for frame in x[0]:
        steps.step(frame)  # the first steps of a stream take longer
    for video in x:
        steps.reset()
        for frame in video:
            before = time.perf_counter()
            found.append(steps.step(frame))
            seconds.append(time.perf_counter() - before)
    return np.reshape(found, (*x.shape[:2], -1)), np.array(seconds)


def draw(figure: Any, x: Array, truth: Array, probabilities: Array) -> None:
    """Draw frames of four videos with the motion found after each, and the confusion matrix after the last frame."""
    frames, matrix = figure.subfigures(1, 2, width_ratios=[3, 2])
    shown = range(0, FRAMES, 3)
    for row, k in zip(frames.subplots(4, len(shown)), _several_motions(truth), strict=True):
        for axes, frame in zip(row, shown, strict=True):
            axes.imshow(x[k, frame, :, :, 0], cmap="gray", vmin=-0.2, vmax=1.2)
            found = probabilities[k, frame].argmax()
            axes.set_title(MOTIONS[found], fontsize=7, color="C2" if found == truth[k] else "C3", pad=2)
            axes.set_xticks([])
            axes.set_yticks([])
        row[0].set_ylabel(MOTIONS[truth[k]], fontsize=8)
    axes = matrix.subplots()
    draw_confusion(
        axes, confusion(truth, probabilities[:, -1].argmax(axis=1), len(MOTIONS)), list(MOTIONS), "After the last frame"
    )
    axes.tick_params("x", rotation=90)


def _several_motions(truth: Array) -> list[int]:
    """Return four videos, of different motions as far as there are."""
    firsts = [int(np.flatnonzero(truth == motion)[0]) for motion in (4, 6, 2, 0) if (truth == motion).any()]
    return (firsts + [0] * 4)[:4]
