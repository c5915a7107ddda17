"""Sequences with labels: files, distances by dynamic time warping, confusion matrices."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm.examples.classification import Labelled, Problem, confusion, nearest_neighbour, read_ts, warping_distances


def test_a_file_has_channels_between_colons_and_a_label_at_the_end(tmp_path):
    path = tmp_path / "Two_TRAIN.ts"
    path.write_text("#words: 1\n@problemName Two\n@classLabel true 1 10 2\n@data\n1,2,3:4,5,6:10\n7,8,?:9,9,?:2\n")
    (sequences, labels), classes = read_ts(path)
    assert classes == ["1", "2", "10"]
    np.testing.assert_array_equal(labels, [2, 1])
    np.testing.assert_array_equal(sequences[0], [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(sequences[1], [[7, 9], [8, 9]])


def test_a_missing_value_is_no_step(tmp_path):
    path = tmp_path / "One_TRAIN.ts"
    path.write_text("@classLabel true a\n@data\n1,NaN,3:a\n")
    np.testing.assert_array_equal(read_ts(path)[0].sequences[0], [[1], [3]])


def warped(x, y):
    """The distance by its definition, cell after cell."""
    total = np.full((len(x) + 1, len(y) + 1), np.inf)
    total[0, 0] = 0
    for i, j in np.ndindex(len(x), len(y)):
        total[i + 1, j + 1] = ((x[i] - y[j]) ** 2).sum() + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return total[-1, -1]


def test_distances_are_those_of_the_definition():
    draw = np.random.default_rng(0)
    x, *others = (draw.normal(size=(size, 2)) for size in (5, 3, 7, 5))
    found = warping_distances([x], others, 1.0)
    np.testing.assert_allclose(found, [[warped(x, other) for other in others]])
    np.testing.assert_allclose(warping_distances([x], others, 0.0)[0, 2], ((x - others[2]) ** 2).sum())


@pytest.mark.parametrize("window", [None, 0.2, 1.0])
def test_nearest_neighbour_takes_the_label_of_the_nearest(window):
    ramp = np.arange(8, dtype=float)[:, None]
    train = Labelled([ramp, -ramp[:5]], np.array([1, 0]))
    test = Labelled([0.9 * ramp[:6], -1.1 * ramp], np.array([1, 0]))
    np.testing.assert_array_equal(nearest_neighbour(Problem(train, test, ["a", "b"]), window), [1, 0])


def test_confusion_counts_true_by_found():
    np.testing.assert_array_equal(confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2), [[1, 0], [1, 1]])
