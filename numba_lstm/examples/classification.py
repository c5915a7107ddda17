"""Sequences with a label: files of aeon, nearest neighbours with dynamic time warping, confusion matrices."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Labelled(NamedTuple):
    """Sequences of a training or a test set."""

    sequences: list[Array]  #: (T_i, D) float32
    labels: npt.NDArray[np.int64]  #: (N,) from 0


class Problem(NamedTuple):
    """A training and a test set, standardised by the training set."""

    train: Labelled
    test: Labelled
    classes: list[str]


def load_aeon(name: str, limit: int | None = None) -> Problem:
    """Return a problem from the files in the package aeon, without an import of the package.

    Parameters
    ----------
    name : str
        Name of the problem, as ``"JapaneseVowels"``.
    limit : int, optional
        Number of sequences of each set at most, spread over the set.
    """
    found = importlib.util.find_spec("aeon")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "datasets" / "data" / name
    (train, classes), (test, _) = (read_ts(folder / f"{name}_{part}.ts") for part in ("TRAIN", "TEST"))
    steps = np.concatenate(train.sequences)
    mean, deviation = steps.mean(axis=0), steps.std(axis=0)
    train, test = (
        Labelled([((x - mean) / deviation).astype(np.float32) for x in some.sequences], some.labels)
        for some in (_spread(train, limit), _spread(test, limit))
    )
    return Problem(train, test, classes)


def read_ts(path: Path) -> tuple[Labelled, list[str]]:
    """Return the sequences of a file in the format ``.ts``, and the names of their classes."""
    head, _, data = path.read_text(encoding="utf-8").partition("@data")
    (line,) = (line for line in head.lower().splitlines() if line.startswith("@classlabel"))
    classes = sorted(line.split()[2:], key=lambda name: (len(name), name))
    sequences, labels = [], []
    for line in data.split():
        *channels, label = line.lower().split(":")
        columns = [np.array(channel.replace("?", "nan").split(","), np.float64) for channel in channels]
        steps = np.stack(columns, axis=1)
        sequences.append(steps[~np.isnan(steps).any(axis=1)])
        labels.append(classes.index(label))
    return Labelled(sequences, np.array(labels)), classes


def _spread(some: Labelled, limit: int | None) -> Labelled:
    if limit is None or limit >= len(some.labels):
        return some
    rows = np.linspace(0, len(some.labels) - 1, limit).astype(int)
    return Labelled([some.sequences[row] for row in rows], some.labels[rows])


def nearest_neighbour(problem: Problem, window: float | None = 1.0) -> npt.NDArray[np.int64]:
    """Return the label of each test sequence's nearest training sequence.

    ``window`` is that of :func:`warping_distances`. None compares step by step, up to the end of the shorter sequence.
    """
    train, labels = problem.train
    if window is None:
        nearest = [int(np.argmin([_mean_square(x, other) for other in train])) for x in problem.test.sequences]
    else:
        nearest = [int(distances.argmin()) for distances in warping_distances(problem.test.sequences, train, window)]
    return np.asarray(labels[nearest])


def _mean_square(x: Array, other: Array) -> float:
    steps = min(len(x), len(other))
    return float(((x[:steps] - other[:steps]) ** 2).sum() / steps)


def warping_distances(sequences: list[Array], others: list[Array], window: float) -> Array:
    """Return the distances (N, M) of sequences to others by dynamic time warping (Sakoe and Chiba 1978).

    The cost of a step is the squared Euclidean distance of all channels. ``window`` is the part of the longer sequence by which
    two steps may differ in time, 1 for any.
    """
    one_distance = _compiled_distance()
    found = np.empty((len(sequences), len(others)))
    for n, m in np.ndindex(found.shape):
        x, other = (np.asarray(sequence, np.float64) for sequence in (sequences[n], others[m]))
        longer = max(len(x), len(other))
        found[n, m] = one_distance(x, other, max(int(np.ceil(window * longer)), abs(len(x) - len(other))))
    return found


@cache
def _compiled_distance() -> Callable[[Array, Array, int], float]:
    import numba

    compiler: Any = numba.njit
    distance: Callable[[Array, Array, int], float] = compiler(warping_distance)
    return distance


def warping_distance(x: Array, other: Array, reach: int) -> float:
    """Return the sum of the costs along the best alignment of two sequences, whose steps differ by ``reach`` at most."""
    before = np.full(len(other) + 1, np.inf)
    before[0] = 0.0
    now = np.full(len(other) + 1, np.inf)
    for i in range(len(x)):
        now[:] = np.inf
        for j in range(max(0, i - reach), min(len(other), i + reach + 1)):
            cost = 0.0
            for channel in range(x.shape[1]):
                cost += (x[i, channel] - other[j, channel]) ** 2
            now[j + 1] = cost + min(before[j], before[j + 1], now[j])
        before, now = now, before
    return float(before[-1])


def confusion(truth: Array, found: Array, classes: int) -> Array:
    """Return the counts (true class, found class)."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, found), 1)
    return counts


def draw_confusion(axes: Any, counts: Array, classes: list[str], title: str) -> None:
    """Draw a confusion matrix with its counts."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(classes))
    axes.set(title=title, xlabel="found", ylabel="true")
    axes.set_xticks(ticks, classes)
    axes.set_yticks(ticks, classes)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(
                column, row, str(count), ha="center", va="center", color="w" if shares[row, column] > 0.5 else "k", fontsize=8
            )


def draw_losses(axes: Any, history: dict[str, list[float]]) -> None:
    """Draw the losses of the epochs."""
    for name in ("loss", "val_loss"):
        if name in history:
            axes.plot(range(1, len(history[name]) + 1), history[name], label={"loss": "training"}.get(name, "validation"))
    axes.set(xlabel="epoch", ylabel="loss", title="Learning curve", yscale="log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
