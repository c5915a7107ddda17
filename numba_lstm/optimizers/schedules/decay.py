"""ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay and PolynomialDecay."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...inputs import as_number
from .base import Decay, as_rate


class ExponentialDecay(Decay):
    """Rate ``initial_learning_rate * decay_rate ** (step / decay_steps)``, as in ``keras.optimizers.schedules``.

    Parameters
    ----------
    initial_learning_rate : float
        Rate at step 0.
    decay_steps : float
        Number of steps in which the rate is multiplied once by ``decay_rate``.
    decay_rate : float
        Factor of the decay.
    staircase : bool
        Round the exponent down, so that the rate is piecewise constant.
    name : str
        Name of the schedule.

    Raises
    ------
    TypeError, ValueError
        For a number of the wrong type or outside of its interval.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = as_rate(initial_learning_rate, "initial_learning_rate")
        self.decay_steps = as_number(decay_steps, "decay_steps", "(0, inf)")
        self.decay_rate = as_number(decay_rate, "decay_rate", "(0, inf)")
        self.staircase = bool(staircase)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the rate after ``step`` steps."""
        exponent = step // self.decay_steps if self.staircase else step / self.decay_steps
        return float(self.initial_learning_rate * self.decay_rate**exponent)


class InverseTimeDecay(ExponentialDecay):
    """Rate ``initial_learning_rate / (1 + decay_rate * step / decay_steps)``, as in ``keras.optimizers.schedules``.

    Parameters
    ----------
    initial_learning_rate, decay_steps, decay_rate, staircase, name
        See :class:`ExponentialDecay`.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: int) -> float:
        """Return the rate after ``step`` steps."""
        periods = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * periods)


class PiecewiseConstantDecay(Decay):
    """Rate ``values[k]``, where k is the number of boundaries below ``step``, as in ``keras.optimizers.schedules``.

    Parameters
    ----------
    boundaries : sequence of float
        Steps in rising order. At a step that equals a boundary the rate is that before the boundary.
    values : sequence of float
        Rates, one more than boundaries.
    name : str
        Name of the schedule.

    Raises
    ------
    ValueError
        If the numbers of boundaries and values do not fit, or the boundaries do not rise.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        self.boundaries = [as_number(boundary, "a boundary", "[0, inf)") for boundary in boundaries]
        self.values = [as_rate(value, "a value") for value in values]
        self.name = name
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"PiecewiseConstantDecay takes one value more than boundaries, "
                f"got {len(self.boundaries)} boundaries and {len(self.values)} values."
            )
        if self.boundaries != sorted(set(self.boundaries)):
            raise ValueError(f"the boundaries of PiecewiseConstantDecay must rise, got {self.boundaries}.")

    def __call__(self, step: int) -> float:
        """Return the rate after ``step`` steps."""
        return self.values[sum(step > boundary for boundary in self.boundaries)]


class PolynomialDecay(Decay):
    """Rate ``(initial - end) * (1 - step / decay_steps) ** power + end``, as in ``keras.optimizers.schedules``.

    Parameters
    ----------
    initial_learning_rate : float
        Rate at step 0.
    decay_steps : float
        Number of steps until ``end_learning_rate``.
    end_learning_rate : float
        Rate after ``decay_steps``.
    power : float
        Power of the polynomial. 1 is linear.
    cycle : bool
        After ``decay_steps``, extend the decay to the next multiple of it instead of keeping the rate constant.
    name : str
        Name of the schedule.

    Raises
    ------
    TypeError, ValueError
        For a number of the wrong type or outside of its interval.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = as_rate(initial_learning_rate, "initial_learning_rate")
        self.decay_steps = as_number(decay_steps, "decay_steps", "(0, inf)")
        self.end_learning_rate = as_rate(end_learning_rate, "end_learning_rate")
        self.power = as_number(power, "power", "(0, inf)")
        self.cycle = bool(cycle)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the rate after ``step`` steps."""
        cycles = max(1, math.ceil(step / self.decay_steps)) if self.cycle else 1
        remainder = 1 - min(1.0, step / (self.decay_steps * cycles))
        return float((self.initial_learning_rate - self.end_learning_rate) * remainder**self.power + self.end_learning_rate)
