"""Pendulum: a plant learned from random torques, with the velocity hidden, and steered by a model-predictive controller."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay
from numba_lstm.utils import Progbar

from ..options import Options
from ..result import Result
from .planner import DT, LARGEST_TORQUE, LARGEST_TURN, KnownPlant, LearnedPlant, Planner, Plant
from .timing import draw_times

Array = npt.NDArray[Any]

EPISODE, BATCH, UNITS = 50, 32, 32  #: steps of random play; episodes of a batch; units of a layer
ROWS, HORIZON = 128, 25  #: futures that a controller compares, and their steps: 1.25 s
STEPS, LAST = 200, 100  #: of a run, 10 s; steps at its end that decide whether the pendulum is held
UPRIGHT = 15.0  #: degrees from the vertical within which it is held


class Run(NamedTuple):
    """A run of 10 s with a controller."""

    angles: npt.NDArray[np.float64]  #: before each step, in degrees from the vertical, not wrapped, (200,)
    reward: float
    seconds: npt.NDArray[np.float64]  #: that each choice of a torque took, (200,)

    @property
    def held(self) -> bool:
        """Whether the pendulum stayed upright in the last 5 s."""
        return float(from_vertical(self.angles[-LAST:]).max()) < UPRIGHT


def run(options: Options) -> Result:
    """Learn from random torques, and let three controllers swing the pendulum up from the same starts."""
    import gymnasium

    environment = gymnasium.make("Pendulum-v1")
    assert options.limit is not None
    x, y = random_play(environment, options.limit, np.random.default_rng(options.seed))
    x_test, y_test = random_play(environment, max(options.limit // 10, 1), np.random.default_rng([options.seed, 1]))
    epochs, runs, lines, histories = options.epochs, {}, [], {}
    model = None
    for name, memory in (("dense layers, no memory", False), ("LSTM", True)):
        model = build(memory, epochs * -(-len(x) // BATCH))
        histories[name] = model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=options.verbose).history["loss"]
        error = np.sqrt(np.mean((model.predict(x_test, verbose=0) - y_test)[:, 10:] ** 2)) * LARGEST_TURN / DT
        lines.append(f"Error of the velocity after 10 steps of play, {name}: {error:.2f} rad/s.")
        runs[name] = steer(environment, LearnedPlant(model, ROWS), options, name)
    physics: Any = environment.unwrapped  # Gymnasium's base class does not declare the state
    known = KnownPlant(lambda: float(physics.state[1]))
    runs["equations, velocity measured"] = steer(environment, known, options, "equations")
    environment.close()
    return Result(
        f"{options.runs} runs of {STEPS * DT:.0f} s; held: within {UPRIGHT:.0f}° of upright in the last {LAST * DT:.0f} s",
        ("Model of the controller", "held", "return, mean", "worst", "control step p50, ms", "p99, ms"),
        [row(name, some) for name, some in runs.items()],
        lambda figure: draw(figure, runs),
        model,
        "\n".join([*lines, f"A step of the pendulum lasts {DT * 1e3:.0f} ms."]),
        {"runs": runs, "losses": histories},
    )


def random_play(environment: Any, episodes: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Return inputs (N, 50, 3), cosine and sine of the angle and torque, and the turns (N, 50, 1) that follow.

    Turns are shares of the largest. A torque lasts five steps in the mean. Episodes begin at any angle, with up to 8 rad/s.
    """
    x, y = np.empty((episodes, EPISODE, 3), np.float32), np.empty((episodes, EPISODE, 1), np.float32)
    for episode in range(episodes):
        observed, _ = environment.reset(seed=int(generator.integers(2**31)), options={"x_init": np.pi, "y_init": 8.0})
        torque = 0.0
        for step in range(EPISODE):
            if step == 0 or generator.random() < 0.2:
                torque = generator.uniform(-LARGEST_TORQUE, LARGEST_TORQUE)
            x[episode, step] = observed[0], observed[1], torque / LARGEST_TORQUE
            before = angle_of(observed)
            observed, *_ = environment.step(np.array([torque]))
            y[episode, step] = np.remainder(angle_of(observed) - before + np.pi, 2 * np.pi) - np.pi
    return x, y / np.float32(LARGEST_TURN)


def angle_of(observed: Array) -> float:
    """Return the angle of an observation, 0 upright. The angular velocity that Gymnasium gives is not read."""
    return float(np.arctan2(observed[1], observed[0]))


def build(memory: bool, steps: int) -> Sequential:
    """Return a compiled model of the turn of a step."""
    layers = [LSTM(UNITS, return_sequences=True)] if memory else [Dense(2 * UNITS, "tanh"), Dense(2 * UNITS, "tanh")]
    model = Sequential([Input((None, 3)), *layers, Dense(1)], name="pendulum")
    model.compile(Adam(CosineDecay(5e-3, steps), clipnorm=1.0), "mse")
    return model


def steer(environment: Any, plant: Plant, options: Options, name: str) -> list[Run]:
    """Return a run from each start, that of Gymnasium's seeds 0, 1 and so on."""
    planner = Planner(plant, ROWS, HORIZON, np.random.default_rng(options.seed))
    bar = Progbar(options.runs, verbose=int(bool(options.verbose)), unit_name="run", stateful_metrics=["return"])
    found: list[Run] = []
    for start in range(options.runs):
        found.append(one_run(environment, planner, start))
        bar.update(start + 1, [("return", np.mean([one.reward for one in found]))])
    return found


def one_run(environment: Any, planner: Planner, start: int) -> Run:
    """Return a run from the start of a seed of Gymnasium."""
    observed, _ = environment.reset(seed=start)
    planner.reset()
    angles, seconds, reward = np.empty(STEPS), np.empty(STEPS), 0.0
    for step in range(STEPS):
        angles[step] = angle_of(observed)
        before = time.perf_counter()
        torque = planner.choose(angles[step])
        seconds[step] = time.perf_counter() - before
        observed, gain, *_ = environment.step(np.array([torque]))
        reward += float(gain)
    return Run(np.degrees(np.unwrap(angles)), reward, seconds)


def from_vertical(degrees: Array) -> Array:
    """Return by how many degrees angles differ from the vertical."""
    return np.asarray(np.abs((degrees + 180) % 360 - 180))


def row(name: str, runs: list[Run]) -> list[str]:
    """Return a row of the table."""
    rewards = [one.reward for one in runs]
    times = np.percentile(np.concatenate([one.seconds for one in runs]) * 1e3, [50, 99])
    held = sum(one.held for one in runs)
    return [name, f"{held} of {len(runs)}", f"{np.mean(rewards):.0f}", f"{min(rewards):.0f}", *(f"{t:.1f}" for t in times)]


def draw(figure: Any, runs: dict[str, list[Run]]) -> None:
    """Draw the angles of all runs over time for each controller, and the times of the LSTM's control steps."""
    for axes, (name, some) in zip(figure.subplots(2, 2).ravel(), [*runs.items(), ("", [])], strict=True):
        if not name:
            draw_times(axes, np.concatenate([one.seconds for one in runs["LSTM"]]), "ms")
            axes.axvline(DT * 1e3, color="k", linestyle=":", label="a step of the pendulum")
            axes.legend(fontsize="small")
            continue
        for k, one in enumerate(some):
            nearest = np.round(one.angles[-1] / 360) * 360  # the upright position at which it ends
            axes.plot(np.arange(STEPS) * DT, one.angles - nearest, color=f"C{k % 10}", linewidth=1, alpha=0.8)
        axes.axhspan(-UPRIGHT, UPRIGHT, color="0.85")
        held = sum(one.held for one in some)
        axes.set(xlabel="s", ylabel="degrees from upright", title=f"{name}: {held} of {len(some)} held")
