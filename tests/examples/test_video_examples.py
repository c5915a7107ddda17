"""Examples with motion, shortened."""

from __future__ import annotations

import numpy as np
import pytest
from example_runs import assert_drawn, needs, short_run

from numba_lstm.examples.classification import Labelled
from numba_lstm.examples.video import gestures, video


@pytest.mark.parametrize("motion", range(len(video.MOTIONS)))
def test_digits_stay_in_the_frame_and_move_as_named(motion):
    draw = np.random.default_rng(motion)
    for _ in range(20):
        corners = video.path(motion, draw)
        assert corners.min() >= 0
        assert corners.max() <= video.SIZE - video.DIGIT
        down, right = corners[-1] - corners[0]
        turn = np.diff(corners, axis=0)
        area = (turn[:-1, 1] * turn[1:, 0] - turn[:-1, 0] * turn[1:, 1]).sum()  # positive: clockwise, as rows go down
        assert {
            "right": right > 0 == down,
            "left": right < 0 == down,
            "up": down < 0 == right,
            "down": down > 0 == right,
            "clockwise": area > 0,
            "anticlockwise": area < 0,
            "zigzag": right != 0,
            "still": right == down == 0,
        }[video.MOTIONS[motion]]


@pytest.mark.on_the_cpu(reason="products of the reference depend on the rows of a batch")
@needs("video")
def test_video_frame_by_frame_is_the_prediction():
    result = short_run("video", "--limit", "64", "--epochs", "3")
    assert_drawn(result)
    np.testing.assert_array_equal(result.figures["streamed"], result.figures["probabilities"])
    losses = result.figures["history"]["loss"]
    assert losses[-1] < losses[0]


@needs("gestures")
def test_gestures_are_learned():
    result = short_run("gestures", "--limit", "10", "--epochs", "10")
    assert_drawn(result)
    for losses in result.figures["losses"].values():
        assert min(losses) < losses[0]


def test_patches_repeat_the_last_step():
    x = np.arange(10, dtype=np.float32).reshape(5, 2)
    (found,) = gestures.patches(Labelled([x], np.array([0])), 3)
    np.testing.assert_array_equal(found, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 8, 9]])
