"""Model-predictive control: torques chosen by the cross-entropy method on futures that a model computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from numba_lstm import Model

Array = npt.NDArray[Any]

DT, LARGEST_TURN, LARGEST_TORQUE = 0.05, 0.4, 2.0  #: Pendulum-v1: seconds and radians of a step, newton metres


class Plant(Protocol):
    """A model of the pendulum, which follows what happens and computes what would happen."""

    def reset(self) -> None:
        """Forget what happened."""

    def turns(self, angle: float, torques: Array) -> Array:
        """Return by how much (N, H) radians the pendulum would turn in each step, from the present angle."""

    def follow(self, angle: float, torque: float) -> None:
        """Take note of a measured angle, and of the torque that is applied from then on."""


class LearnedPlant:
    """Two streams of a model of the cosine and sine of the angle, and of the torque, to the turn of the next step.

    One of them follows what happens. The other one has N rows. It begins at the state of the first one, and reads the angles
    that it has computed.
    """

    def __init__(self, model: Model, rows: int) -> None:
        self._present, self._futures = model.stream(), model.stream(rows)
        self._x = np.empty((rows, 3), np.float32)

    def reset(self) -> None:
        self._present.reset()

    def turns(self, angle: float, torques: Array) -> Array:
        rows = len(torques)
        self._futures.state = [tuple(np.repeat(state, rows, axis=0) for state in states) for states in self._present.state]
        angles, found, x = np.full(rows, angle), np.empty(torques.shape), self._x
        for k, torque in enumerate(torques.T):
            x[:, 0], x[:, 1], x[:, 2] = np.cos(angles), np.sin(angles), torque / LARGEST_TORQUE
            found[:, k] = LARGEST_TURN * self._futures.step(x)[:, 0]
            angles += found[:, k]
        return found

    def follow(self, angle: float, torque: float) -> None:
        self._present.step(np.array([np.cos(angle), np.sin(angle), torque / LARGEST_TORQUE], np.float32))


class KnownPlant:
    """The equations of Pendulum-v1 in Gymnasium, which need the angular velocity: what no model can be better than."""

    def __init__(self, velocity: Callable[[], float]) -> None:
        self._velocity = velocity  #: radians a second, at present

    def reset(self) -> None:
        pass

    def turns(self, angle: float, torques: Array) -> Array:
        rows = len(torques)
        angles, velocities, found = np.full(rows, angle), np.full(rows, self._velocity()), np.empty(torques.shape)
        for k, torque in enumerate(torques.T):
            velocities = np.clip(velocities + DT * (15 * np.sin(angles) + 3 * torque), -LARGEST_TURN / DT, LARGEST_TURN / DT)
            found[:, k] = DT * velocities
            angles += found[:, k]
        return found

    def follow(self, angle: float, torque: float) -> None:
        pass


class Planner:
    """Chooses torques by the cross-entropy method (Rubinstein 1999).

    It draws N sequences of H torques around a mean, makes the mean and the deviation those of the best ones, and repeats that.
    The first torque of the last mean is applied; the others, moved by a step, are the mean that the next choice begins with.
    """

    def __init__(self, plant: Plant, rows: int, horizon: int, generator: np.random.Generator, rounds: int = 3) -> None:
        self.plant, self._rows, self._rounds, self._generator = plant, rows, rounds, generator
        self._mean = np.zeros(horizon)

    def reset(self) -> None:
        """Forget what happened, and the torques that were chosen."""
        self.plant.reset()
        self._mean[:] = 0

    def choose(self, angle: float) -> float:
        """Return the torque for a measured angle, and let the plant follow."""
        mean, deviation = self._mean, np.full(len(self._mean), LARGEST_TORQUE)
        for _ in range(self._rounds):
            noise = self._generator.normal(size=(self._rows, len(mean)))
            torques = np.clip(mean + deviation * noise, -LARGEST_TORQUE, LARGEST_TORQUE)
            torques[0] = mean
            best = torques[costs(angle, self.plant.turns(angle, torques), torques).argsort()[: self._rows // 10]]
            mean, deviation = best.mean(axis=0), best.std(axis=0)
        torque = float(mean[0])
        self._mean = np.append(mean[1:], 0.0)
        self.plant.follow(angle, torque)
        return torque


def costs(angle: float, turns: Array, torques: Array) -> Array:
    """Return the cost (N,) of each future: that of Pendulum-v1, summed over the steps."""
    angles = wrapped(angle + np.cumsum(turns, axis=1))
    return np.asarray((angles**2 + 0.1 * (turns / DT) ** 2 + 0.001 * torques**2).sum(axis=1))


def wrapped(angles: Any) -> Any:
    """Return angles from -pi to pi, 0 upright."""
    return (angles + np.pi) % (2 * np.pi) - np.pi
