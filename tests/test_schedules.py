"""Learning-rate schedules; their values are compared with Keras's in ``test_keras_training``."""

from __future__ import annotations

import json

import pytest

from numba_lstm.optimizers import schedules

ALL = [
    schedules.ExponentialDecay(0.1, 7, 0.8, staircase=True),
    schedules.InverseTimeDecay(0.1, 7.0, 0.5),
    schedules.PiecewiseConstantDecay([3, 9], [0.1, 0.05, 0.01]),
    schedules.PolynomialDecay(0.1, 10, 0.01, 2.0, cycle=True),
    schedules.CosineDecay(0.01, 20, 0.1, warmup_target=0.2, warmup_steps=5),
    schedules.CosineDecayRestarts(0.1, 5, 1.5, 0.9, 0.05),
]


@pytest.mark.parametrize("schedule", ALL, ids=lambda schedule: schedule.name)
def test_a_config_of_json_makes_an_equal_schedule(schedule):
    duplicate = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    assert [duplicate(step) for step in range(40)] == [schedule(step) for step in range(40)]


def test_a_boundary_belongs_to_the_rate_before_it():
    schedule = schedules.PiecewiseConstantDecay([3], [0.1, 0.2])
    assert [schedule(step) for step in (2, 3, 4)] == [0.1, 0.1, 0.2]


def test_a_cosine_ends_at_alpha_and_stays():
    schedule = schedules.CosineDecay(0.5, 10, alpha=0.1)
    assert schedule(0) == 0.5
    assert schedule(10) == schedule(1000) == pytest.approx(0.05)


def test_a_warmup_is_a_straight_line_to_its_target():
    schedule = schedules.CosineDecay(0.0, 10, warmup_target=0.8, warmup_steps=4)
    assert [schedule(step) for step in range(5)] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])


def test_each_restart_is_longer_and_lower():
    schedule = schedules.CosineDecayRestarts(1.0, 5, t_mul=2.0, m_mul=0.5)
    assert [schedule(step) for step in (0, 5, 15)] == pytest.approx([1.0, 0.5, 0.25])


def test_a_schedule_of_ones_own():
    class Halving(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5**step

    assert schedules.get(Halving())(3) == 0.125


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: schedules.ExponentialDecay(-1, 5, 0.9), r"initial_learning_rate must be a number in \[0, inf\), got -1"),
        (lambda: schedules.ExponentialDecay("0.1", 5, 0.9), "initial_learning_rate must be a number"),
        (lambda: schedules.CosineDecay(0.1, 0), r"decay_steps must be a number in \(0, inf\), got 0"),
        (lambda: schedules.PiecewiseConstantDecay([3], [0.1]), "one value more than boundaries, got 1 boundaries and 1 values"),
        (lambda: schedules.PiecewiseConstantDecay([3, 3], [0.1, 0.2, 0.3]), "must rise, got"),
        (lambda: schedules.CosineDecayRestarts(0.1, 5, t_mul=0.5), r"t_mul must be a number in \[1, inf\), got 0.5"),
        (lambda: schedules.get("cosine"), "unknown learning-rate schedule 'cosine', did you mean 'CosineDecay'"),
        (lambda: schedules.LearningRateSchedule()(0), r"must override __call__"),
    ],
)
def test_a_wrong_argument_is_a_sentence(make, sentence):
    with pytest.raises((TypeError, ValueError, NotImplementedError), match=sentence):
        make()
