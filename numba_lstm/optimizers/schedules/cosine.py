"""CosineDecay and CosineDecayRestarts."""

from __future__ import annotations

import math

from ...inputs import as_number
from .base import Decay, as_rate


class CosineDecay(Decay):
    """Decay along half a cosine, optionally after a linear warm-up, as ``keras.optimizers.schedules.CosineDecay``.

    The rate is ``peak * ((1 - alpha) * (1 + cos(pi * p)) / 2 + alpha)``, where p is the past fraction of ``decay_steps``
    (Loshchilov & Hutter 2017, without restarts). ``peak`` is ``warmup_target``, or the initial rate without a warm-up.

    Parameters
    ----------
    initial_learning_rate : float
        Rate at step 0.
    decay_steps : float
        Number of steps of the decay, after those of the warm-up.
    alpha : float
        Last rate as a fraction of the peak.
    name : str
        Name of the schedule.
    warmup_target : float, optional
        Rate at the end of the warm-up.
    warmup_steps : float
        Number of steps of the warm-up, which needs a target.

    Raises
    ------
    TypeError, ValueError
        For a number of the wrong type or outside of its interval.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = as_rate(initial_learning_rate, "initial_learning_rate")
        self.decay_steps = as_number(decay_steps, "decay_steps", "(0, inf)")
        self.alpha = as_number(alpha, "alpha", "[0, inf)")
        self.name = name
        self.warmup_target = None if warmup_target is None else as_rate(warmup_target, "warmup_target")
        self.warmup_steps = as_number(warmup_steps, "warmup_steps", "[0, inf)")

    def __call__(self, step: int) -> float:
        """Return the rate after ``step`` steps."""
        start, peak = self.initial_learning_rate, self.warmup_target
        if peak is None:
            return start * _cosine(min(1.0, step / self.decay_steps), self.alpha)
        if step < self.warmup_steps:
            return (peak - start) * step / self.warmup_steps + start
        return peak * _cosine(min(1.0, (step - self.warmup_steps) / self.decay_steps), self.alpha)


class CosineDecayRestarts(Decay):
    """Decay along half cosines with restarts (SGDR, Loshchilov & Hutter 2017), as in ``keras.optimizers.schedules``.

    Parameters
    ----------
    initial_learning_rate : float
        Rate at step 0.
    first_decay_steps : float
        Number of steps of the first period.
    t_mul : float
        Ratio of the lengths of successive periods.
    m_mul : float
        Ratio of the initial rates of successive periods.
    alpha : float
        Lowest rate as a fraction of the initial rate.
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
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = as_rate(initial_learning_rate, "initial_learning_rate")
        self.first_decay_steps = as_number(first_decay_steps, "first_decay_steps", "(0, inf)")
        self.t_mul = as_number(t_mul, "t_mul", "[1, inf)")
        self.m_mul = as_number(m_mul, "m_mul", "(0, inf)")
        self.alpha = as_number(alpha, "alpha", "[0, inf)")
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the rate after ``step`` steps."""
        past, period, restarts = 0.0, self.first_decay_steps, 0
        if self.t_mul == 1:
            restarts = int(step // period)
            past = restarts * period
        while step >= past + period:
            past, period, restarts = past + period, period * self.t_mul, restarts + 1
        return self.initial_learning_rate * _cosine((step - past) / period, self.alpha, self.m_mul**restarts)


def _cosine(fraction: float, alpha: float, height: float = 1.0) -> float:
    return (1 - alpha) * height * (1 + math.cos(math.pi * fraction)) / 2 + alpha
