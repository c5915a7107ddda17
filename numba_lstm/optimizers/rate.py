"""LearningRate: a float with the methods of Keras's variables, so that a rate can be assigned."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class _HasRate(Protocol):
    name: str
    learning_rate: Any


class LearningRate(float):
    """The learning rate of an optimizer when it was read: a float with the methods of Keras's variables."""

    _optimizer: _HasRate

    @classmethod
    def of(cls, optimizer: _HasRate, rate: float) -> LearningRate:
        """Return ``rate``, the current one of ``optimizer``."""
        value = cls(rate)
        value._optimizer = optimizer
        return value

    def assign(self, value: Any) -> LearningRate:
        """Set the optimizer's rate and return it. Raises as assigning to ``optimizer.learning_rate`` does."""
        self._optimizer.learning_rate = value
        rate: LearningRate = self._optimizer.learning_rate
        return rate

    def numpy(self) -> np.float64:
        """Return the rate as a NumPy number."""
        return np.float64(self)

    @property
    def value(self) -> float:
        """Rate as a plain float."""
        return float(self)

    @property
    def name(self) -> str:
        """Name of the variable, ``"learning_rate"``."""
        return "learning_rate"

    @property
    def path(self) -> str:
        """Path of the variable: the optimizer's name, then ``learning_rate``."""
        return f"{self._optimizer.name}/learning_rate"

    @property
    def shape(self) -> tuple[()]:
        """Shape of a single number."""
        return ()

    def __reduce__(self) -> tuple[Any, ...]:  # copies are numbers, and take no optimizer along
        return float, (float(self),)
