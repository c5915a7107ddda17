"""The learning rate as programs for Keras use it: a number that can be assigned to."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class _HasRate(Protocol):
    name: str
    learning_rate: Any


class LearningRate(float):
    """A learning rate: a float, the one of the moment when the optimizer was asked, with Keras's methods of a variable."""

    _optimizer: _HasRate

    @classmethod
    def of(cls, optimizer: _HasRate, rate: float) -> LearningRate:
        """``rate``, the present one of ``optimizer``."""
        made = cls(rate)
        made._optimizer = optimizer
        return made

    def assign(self, value: Any) -> LearningRate:
        """Set the optimizer's rate, and answer it; raises what setting ``optimizer.learning_rate`` does."""
        self._optimizer.learning_rate = value
        answer: LearningRate = self._optimizer.learning_rate
        return answer

    def numpy(self) -> np.float64:
        """The number for NumPy."""
        return np.float64(self)

    @property
    def value(self) -> float:
        """The number alone."""
        return float(self)

    @property
    def name(self) -> str:
        """``"learning_rate"``."""
        return "learning_rate"

    @property
    def path(self) -> str:
        """The optimizer's name before it."""
        return f"{self._optimizer.name}/learning_rate"

    @property
    def shape(self) -> tuple[()]:
        """That of a single number."""
        return ()

    def __reduce__(self) -> tuple[Any, ...]:  # copies are numbers, and take no optimizer along
        return float, (float(self),)
