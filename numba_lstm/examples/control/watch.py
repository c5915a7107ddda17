"""Recordings of a watch: seven exercises of the shoulder by ten people, in the package seglearn (Burns et al. 2018)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

RATE = 50  #: samples a second
FEATURE_STEPS = 2 * RATE  #: samples of whose means and deviations the forest decides
TREES = 200  #: of a random forest
TURN = np.deg2rad(8)  #: deviation of the rotation of a watch around each axis
_MIRROR = np.array([-1, 1, 1, 1, -1, -1], np.float32)  #: acceleration of a reflected x, and rotation, which turns round y and z


class Recordings(NamedTuple):
    """Recordings of six channels: acceleration in units of gravity, rotation in radians a second."""

    x: list[Array]  #: (T_i, 6) float32
    labels: npt.NDArray[np.int64]  #: of exercises, (N,)
    people: npt.NDArray[np.int64]  #: from 1 on, (N,)
    exercises: list[str]

    def of(self, person: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the recordings of all others, and those of a person."""
        return np.flatnonzero(self.people != person), np.flatnonzero(self.people == person)


def load(limit: int | None = None) -> Recordings:
    """Return the recordings, those of left wrists mirrored, without an import of seglearn.

    ``limit`` is the number of recordings of each person at most, of all exercises as far as they go.
    """
    found = importlib.util.find_spec("seglearn")
    assert found is not None
    assert found.origin is not None
    data = np.load(Path(found.origin).parent / "data" / "watch_dataset.npy", allow_pickle=True).item()
    labels, people = np.asarray(data["y"]), np.asarray(data["subject"])
    rows = np.concatenate([_first_of_each(np.flatnonzero(people == person), labels)[:limit] for person in np.unique(people)])
    x = [mirrored(data["X"][row]) if data["side"][row] == 0 else np.asarray(data["X"][row], np.float32) for row in rows]
    return Recordings(x, labels[rows], people[rows], list(data["y_labels"]))


def _first_of_each(rows: Array, labels: Array) -> Array:
    """Return rows in an order of turns: the first of each label, the second of each, and so on."""
    turns = np.array([(labels[rows[:k]] == labels[row]).sum() for k, row in enumerate(rows)])
    return rows[np.lexsort((labels[rows], turns))]


def mirrored(x: Array) -> Array:
    """Return the recording of a left wrist as that of a right one."""
    return np.asarray(x, np.float32) * _MIRROR


def rotated(x: Array, generator: np.random.Generator) -> Array:
    """Return a recording of a watch that sits on the wrist at another angle: both vectors turned by a random rotation."""
    turn = generator.normal(0, TURN, 3)
    angle = np.linalg.norm(turn)
    a, b, c = turn / angle
    cross = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])
    matrix = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross  # Rodrigues 1840
    return np.asarray((x.reshape(-1, 3) @ matrix.T).reshape(x.shape), np.float32)


def features(x: Array) -> Array:
    """Return means and deviations (T, 12) of the last 2 seconds up to each sample."""
    sums = np.cumsum(np.concatenate([np.zeros((1, 12)), np.concatenate([x, x.astype(np.float64) ** 2], axis=1)]), axis=0)
    ends = np.arange(1, len(x) + 1)
    starts = np.maximum(ends - FEATURE_STEPS, 0)
    mean, square = np.split((sums[ends] - sums[starts]) / (ends - starts)[:, None], 2, axis=1)
    return np.concatenate([mean, np.sqrt(np.maximum(square - mean**2, 0))], axis=1)


def forest(recordings: Recordings, train: Array, seed: int) -> Any:
    """Return a random forest (Breiman 2001) that is trained on the features of each tenth sample."""
    from sklearn.ensemble import RandomForestClassifier

    x = [features(recordings.x[row])[9::10] for row in train]
    y = np.repeat(recordings.labels[train], list(map(len, x)))
    return RandomForestClassifier(TREES, min_samples_leaf=5, random_state=seed, n_jobs=1).fit(np.concatenate(x), y)
