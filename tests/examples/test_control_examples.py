"""Examples with measured motion and control, shortened."""

from __future__ import annotations

import numpy as np
import pytest
from example_runs import assert_drawn, needs, short_run

from numba_lstm.examples.control import exercises, pendulum, planner, watch
from numba_lstm.examples.control.watch import Recordings
from numba_lstm.examples.options import Options


class Swing:
    """Pendulum-v1 for what the example calls, with equations that are written here."""

    def reset(self, seed, options=None):
        angle, speed = ([*options.values()] if options else [np.pi, 1.0]) * np.random.default_rng(seed).uniform(-1, 1, 2)
        self.angle, self.speed = angle, speed
        return self._observed(), {}

    def step(self, torque):
        cost = planner.wrapped(self.angle) ** 2 + 0.1 * self.speed**2 + 0.001 * torque[0] ** 2
        self.speed = np.clip(self.speed + 0.05 * (15 * np.sin(self.angle) + 3 * torque[0]), -8, 8)
        self.angle += 0.05 * self.speed
        return self._observed(), -cost, False, False, {}

    def _observed(self):
        return np.array([np.cos(self.angle), np.sin(self.angle), self.speed], np.float32)


def options(**values):
    return Options(**{"seed": 0, "verbose": 0, "limit": None, **values})


def synthetic(people=3, exercise_count=2):
    """Recordings of waves, whose frequency is the exercise, by people who differ a little."""
    draw = np.random.default_rng(0)
    labels, who = (axis.ravel() for axis in np.meshgrid(range(exercise_count), range(1, people + 1)))
    x = [
        np.sin(np.arange(420 + 10 * k)[:, None] * (0.1 + 0.2 * label) + np.arange(6)) + draw.normal(0, 0.1, (420 + 10 * k, 6))
        for k, label in enumerate(labels)
    ]
    return Recordings([one.astype(np.float32) for one in x], labels, who, ["slow", "fast"])


def test_exercises_of_waves_are_named_at_each_sample(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(watch, "load", lambda limit: synthetic())
    monkeypatch.setattr(watch, "TREES", 10)
    result = exercises.run(options(epochs=8, folds=1))
    assert_drawn(result)
    found = result.figures["scores"]["LSTM, from all samples so far"]
    assert found.recordings == 1
    assert found.samples > 0.9
    (one, *_), recordings = result.figures["tested"], result.figures["recordings"]
    np.testing.assert_array_equal(one.lstm, result.model.predict(recordings.x[one.row][None], verbose=0)[0])  # the stream's


@needs("exercises")
def test_recordings_of_people_are_those_of_the_package():
    recordings = watch.load(7)
    assert len(recordings.x) == 70
    assert all(set(recordings.labels[recordings.people == person]) == set(range(7)) for person in range(1, 11))
    train, test = recordings.of(3)
    assert not set(recordings.people[train]) & set(recordings.people[test])
    hanging = [x[:, 0].mean() for x, label in zip(recordings.x, recordings.labels, strict=True) if label == 0]
    assert max(hanging) < -0.5  # mirrored: the arm hangs to the same side on both wrists


def test_decisions_and_their_delay():
    p = np.array([[0.6, 0.4], [0.1, 0.9], [0.55, 0.45], [0.45, 0.55]])
    np.testing.assert_array_equal(exercises.decisions(p, so_far=False), [0, 1, 0, 1])
    np.testing.assert_array_equal(exercises.decisions(p, so_far=True), [0, 1, 1, 1])
    assert exercises.delay(np.array([False, True, True])) == 2 / watch.RATE
    assert exercises.delay(np.array([True, True])) == 1 / watch.RATE
    assert exercises.delay(np.array([True, False])) == np.inf


def test_features_are_of_the_last_two_seconds():
    x = np.random.default_rng(0).normal(size=(150, 6))
    found = watch.features(x)
    for step, start in ((0, 0), (99, 0), (149, 50)):
        np.testing.assert_allclose(found[step, :6], x[start : step + 1].mean(axis=0))
        np.testing.assert_allclose(found[step, 6:], x[start : step + 1].std(axis=0), atol=1e-7)


def test_a_rotated_watch_measures_the_same_magnitudes():
    x = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    found = watch.rotated(x, np.random.default_rng(1))
    for part in (slice(0, 3), slice(3, 6)):
        np.testing.assert_allclose(np.linalg.norm(found[:, part], axis=1), np.linalg.norm(x[:, part], axis=1), rtol=1e-5)
    assert np.abs(found - x).max() > 0.01


def test_a_known_pendulum_is_swung_up():
    swing = Swing()
    steps = planner.Planner(planner.KnownPlant(lambda: swing.speed), 64, 25, np.random.default_rng(0))
    run = pendulum.one_run(swing, steps, start=3)
    assert np.abs(run.angles[0]) > 90
    assert run.held


def test_a_plant_is_learned_and_its_futures_are_predictions():
    x, y = pendulum.random_play(Swing(), 32, np.random.default_rng(0))
    model = pendulum.build(True, 20)
    losses = model.fit(x, y, batch_size=8, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    plant, angles, torques = planner.LearnedPlant(model, 4), np.arctan2(x[0, :, 1], x[0, :, 0]), 2 * x[0, :, 2]
    for angle, torque in zip(angles[:6], torques[:6], strict=True):
        plant.follow(angle, torque)
    turns = plant.turns(angles[6], np.tile(torques[6:9], (4, 1)))
    seen = np.concatenate([x[0, :6], np.zeros((3, 3), np.float32)])
    angle = angles[6]
    for k in range(3):
        seen[6 + k] = np.cos(angle), np.sin(angle), torques[6 + k] / 2
        turn = planner.LARGEST_TURN * model.predict(seen[None, : 7 + k], verbose=0)[0, -1, 0]
        np.testing.assert_allclose(turns[:, k], turn, rtol=1e-4, atol=1e-6)
        angle += turn


@needs("pendulum")
def test_the_pendulum_of_the_package_has_the_equations_of_the_planner():
    import gymnasium

    environment = gymnasium.make("Pendulum-v1")
    for seed in range(3):
        before, _ = environment.reset(seed=seed, options={"x_init": np.pi, "y_init": 8.0})
        known = planner.KnownPlant(lambda: float(environment.unwrapped.state[1]))
        torques = np.random.default_rng(seed).uniform(-2, 2, 40)
        turns = known.turns(pendulum.angle_of(before), torques[None])[0]
        for torque, turn in zip(torques, turns, strict=True):
            after, *_ = environment.step(np.array([torque]))
            np.testing.assert_allclose(planner.wrapped(pendulum.angle_of(after) - pendulum.angle_of(before)), turn, atol=1e-4)
            before = after


@needs("pendulum")
def test_runs_of_a_pendulum_are_counted_and_drawn(monkeypatch):
    monkeypatch.setattr(pendulum, "STEPS", 12)
    monkeypatch.setattr(pendulum, "LAST", 5)
    result = short_run("pendulum", "--limit", "16", "--epochs", "1", "--runs", "2")
    assert_drawn(result)
    for (name, held, *_), (again, runs) in zip(result.rows, result.figures["runs"].items(), strict=True):
        assert (name, held) == (again, f"{sum(one.held for one in runs)} of 2")
