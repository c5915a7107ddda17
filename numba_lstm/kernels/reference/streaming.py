"""Streams, by the other ops for one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..contract import DensePart, LSTMPart, LSTMWeights
from .dense import activation_forward, dense_forward
from .lstm import lstm_forward

Array = npt.NDArray[Any]


class _Copy(NamedTuple):
    """A weight as it was."""

    value: Array


def copied(part: LSTMPart | DensePart) -> LSTMPart | DensePart:
    """The part with the weights of this moment."""

    def copy(weight: Any) -> _Copy | None:
        return None if weight is None else _Copy(weight.value.copy())

    if isinstance(part, LSTMPart):
        return part._replace(weights=LSTMWeights(*map(copy, part.weights)))
    return part._replace(kernel=copy(part.kernel), bias=copy(part.bias))


class _Stepper:
    """The parts, and the states as arrays."""

    def __init__(self, parts: Sequence[LSTMPart | DensePart], N: int, dtype: Any) -> None:
        self._parts = [copied(part) for part in parts]
        shapes = [part.weights.recurrent_kernel.value.shape for part in parts if isinstance(part, LSTMPart)]
        self._states = [(np.zeros((N, P), dtype), np.zeros((N, columns // 4), dtype)) for P, columns in shapes]

    def __call__(self, x: Array) -> Array:
        y, states = np.atleast_2d(x), iter(self._states)
        moved = []
        for part in self._parts:
            if isinstance(part, LSTMPart):
                out = lstm_forward(y[None], part.weights, *next(states), part.spec)
                moved.append((out.h, out.c))
                y = out.h
            elif part.kernel is None:
                y, _ = activation_forward(y, part.activation)
            else:
                y, _ = dense_forward(y, part.kernel, part.bias, part.activation)
        self._states = moved
        return y.reshape(*x.shape[:-1], -1)

    def through(self, x: Array) -> Array:
        return self.run(x)[-1]

    def run(self, x: Array) -> Array:
        return np.stack([self(step) for step in x])

    @property
    def states(self) -> list[tuple[Array, Array]]:
        return [(h.copy(), c.copy()) for h, c in self._states]

    def set_states(self, states: Sequence[tuple[Array, Array]] | None) -> None:
        self._states = (
            [(h * 0, c * 0) for h, c in self._states] if states is None else [(h.copy(), c.copy()) for h, c in states]
        )


def stream(parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any, threads: int = 1) -> _Stepper:
    """One step of each op after another."""
    return _Stepper(parts, N, dtype)
