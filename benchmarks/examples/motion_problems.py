"""Problems of the examples with video, motion and control."""

from __future__ import annotations

import numpy as np

from numba_lstm.examples.classification import load_aeon
from numba_lstm.examples.control import exercises, pendulum, planner, watch
from numba_lstm.examples.video import gestures, video
from numba_lstm.preprocessing import RandomWindows

from .problem import Array, Problem, batches, wrong, wrong_at_the_end


def gestures_problem(epochs: int = 60) -> Problem:
    """GunPoint: two bidirectional LSTMs with noise and dropout, as in the example gestures."""
    problem, size = load_aeon("GunPoint"), gestures.PATCHES["GunPoint"]
    x, x_test = (np.stack(gestures.patches(some, size)) for some in (problem.train, problem.test))
    return Problem(
        "gestures",
        "wrong, %",
        "classes",
        [x],
        problem.train.labels,
        [x_test],
        problem.test.labels,
        lambda: gestures.build(problem, size, epochs),
        wrong,
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
    steps = epochs * batches(samples, video.BATCH)
    return Problem(
        "video",
        "wrong, %",
        "classes",
        [x],
        classes,
        [x_test],
        classes_test,
        lambda: video.build(steps),
        wrong_at_the_end,
        3e-3,
        epochs,
        video.BATCH,
        1.0,
    )


def exercises_problem(epochs: int = 4, person: int = 4, window: int = 100, steps: int = 900) -> Problem:
    """Exercises of a watch: convolutions and an LSTM on windows that are the same in each epoch, one person left out."""
    recordings = watch.load()
    train, test = recordings.of(person)
    xs = [recordings.x[row] for row in train]
    targets = [np.full(len(x), label) for x, label in zip(xs, recordings.labels[train], strict=True)]
    data = RandomWindows(xs, targets, window, 3 * len(xs), windows=3, transform=watch.rotated, seed=0)
    x, y = data[0]
    every_step = np.concatenate(xs)
    mean, variance = every_step.mean(axis=0), every_step.var(axis=0)
    total = epochs * batches(len(x), exercises.BATCH)
    return Problem(
        "exercises",
        "wrong samples, %",
        "classes",
        [x],
        y,
        [np.stack([recordings.x[row][:steps] for row in test])],
        np.repeat(recordings.labels[test][:, None], steps, axis=1),
        lambda: exercises.build(mean, variance, len(recordings.exercises), total),
        wrong,
        4e-3,
        epochs,
        exercises.BATCH,
        1.0,
    )


def pendulum_problem(epochs: int = 15, episodes: int = 800) -> Problem:
    """Motion of a pendulum: an LSTM of 32 units predicts the turn of each step, as in the example."""
    import gymnasium

    environment = gymnasium.make("Pendulum-v1")
    x, y = pendulum.random_play(environment, episodes, np.random.default_rng(0))
    x_test, y_test = pendulum.random_play(environment, 200, np.random.default_rng(1))
    environment.close()
    total = epochs * batches(episodes, pendulum.BATCH)

    def error(outputs: Array, truth: Array) -> float:
        return 100 * float(np.sqrt(np.mean((outputs - truth)[:, 10:] ** 2)) * planner.LARGEST_TURN / planner.DT)

    return Problem(
        "pendulum",
        "RMSE, 0.01 rad/s",
        "mse",
        [x],
        y,
        [x_test],
        y_test,
        lambda: pendulum.build(True, total),
        error,
        5e-3,
        epochs,
        pendulum.BATCH,
        1.0,
    )
