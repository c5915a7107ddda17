"""Answers are compared, and differ where they must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.peers.engine import Unsupported
from benchmarks.peers.modes import MODES
from benchmarks.peers.ours import Reference
from benchmarks.peers.problem import Problem, Shape
from benchmarks.peers.tasks import distance, task

PROBLEM = Problem(Shape(3, 5, 7, 11))


class Swapped(Problem):
    """The same weights with two gates exchanged: what an engine would do that mistakes their order."""

    @property
    def weights(self):
        def swap(w):
            i, f, g, o = np.split(w, 4, axis=-1)
            return np.concatenate([i, f, o, g], axis=-1)

        W, U, b, *dense = super().weights
        return swap(W), swap(U), swap(b), *dense


def test_distance_is_absolute_below_one_and_relative_above():
    assert distance(np.array([0.1, 0.2]), np.array([0.1, 0.25])) == pytest.approx(0.05)
    assert distance(np.array([0.0, 105.0]), np.array([0.0, 100.0])) == pytest.approx(0.05)


def test_nan_and_missing_answers_are_infinitely_far():
    assert distance(np.array([np.nan, 1.0]), np.array([1.0, 1.0])) == np.inf
    assert distance(np.array([1.0]), np.array([1.0, 1.0])) == np.inf


@pytest.mark.parametrize("mode", ["infer", "train", "masked", "stream"])
def test_an_engine_that_mistakes_the_order_of_gates_is_noticed(mode):
    right, _ = task(mode, Reference(1), PROBLEM)
    wrong, _ = task(mode, Reference(1), Swapped(PROBLEM.shape))
    assert distance(wrong, right) > 10 * MODES[mode].tolerance


def test_the_stream_answers_what_inference_answers():
    one = Problem(replace(PROBLEM.shape, N=1))
    steps, _ = task("stream", Reference(1), one)
    full, _ = task("infer", Reference(1), one)
    assert len(steps) == one.shape.T
    assert steps[-1] == pytest.approx(full[0], abs=1e-12)


def test_sequences_that_are_padded_answer_what_they_answer_without_padding():
    padded = PROBLEM.padded
    lengths = np.any(padded != 0, axis=2).sum(axis=1)
    assert lengths.tolist() == [5, 3, 1]
    output, _ = task("masked", Reference(1), PROBLEM)
    for row, length in enumerate(lengths):
        alone = Reference(1).model(PROBLEM).predict_on_batch(padded[row : row + 1, :length])
        assert output[row] == pytest.approx(alone.item(), abs=1e-12)


def test_training_answers_losses_that_fall():
    losses, step = task("train", Reference(1), PROBLEM)
    assert len(losses) == 2
    assert losses[1] < losses[0]
    assert step() < losses[1]


@pytest.mark.parametrize("mode", [name for name, mode in MODES.items() if mode.task])
def test_models_depend_on_all_of_their_weights(mode):
    problem = Problem(Shape(2, 10, 3, 4), model=MODES[mode].model)
    right, _ = task(mode, Reference(1), problem)
    for index in range(len(problem.weights)):
        changed = Problem(problem.shape, model=problem.model)
        changed.weights[index][...] *= 1.5
        wrong, _ = task(mode, Reference(1), changed)
        assert distance(wrong, right) > 1e-9  # the reference's float64


def test_an_engine_has_no_other_models_than_it_says():
    class Lstms(Reference):
        models = ("lstm",)

    with pytest.raises(Unsupported, match="no gru"):
        task("gru", Lstms(1), Problem(PROBLEM.shape, model="gru"))
