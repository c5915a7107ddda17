"""Streams: the other ops for a few steps at a time, with weights of their own and states that stay on the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...values import DensePart, LSTMPart, LSTMWeights
from ..arrays.arrays import asarray, on_device, to_host
from ..arrays.elementwise import like
from ..lstm.call import fill
from ..lstm.forward import lstm_forward
from ..ops.dense import activation_forward, dense_forward
from ..runtime import driver

Array = Any
Host = npt.NDArray[Any]


class _Held(NamedTuple):
    """A weight's device array as it was at the moment of the stream."""

    array: Array

    def prepared(self, form: str, make: Callable[[Host], Any]) -> Array:
        """The array: a device's own form is the only one that ops ask for."""
        return self.array


def _held(part: LSTMPart | DensePart) -> LSTMPart | DensePart:
    """The part with copies of its weights, which training may go on to change."""

    def copy(weight: Any) -> _Held | None:
        if weight is None:
            return None
        array = on_device(weight)
        held = like(array)
        fill(held, array)
        return _Held(held)

    if isinstance(part, LSTMPart):
        return part._replace(weights=LSTMWeights(*map(copy, part.weights)))
    return part._replace(kernel=copy(part.kernel), bias=copy(part.bias))


class _Stepper:
    """The parts, and the states of each LSTM: (N, P) and (N, H)."""

    def __init__(self, parts: Sequence[LSTMPart | DensePart], N: int, dtype: Any) -> None:
        self._parts, self._dtype = [_held(part) for part in parts], np.dtype(dtype)
        recurrent = [on_device(part.weights.recurrent_kernel).shape for part in self._parts if isinstance(part, LSTMPart)]
        self._shapes = [((N, P), (N, columns // 4)) for P, columns in recurrent]
        self.set_states(None)

    def __call__(self, x: Host) -> Host:
        y = self.through(x.reshape(1, -1, x.shape[-1]))
        return y.reshape(*x.shape[:-1], -1)

    def through(self, x: Host) -> Host:
        y, moved = asarray(x, self._dtype), []
        for part in self._parts:
            if isinstance(part, LSTMPart):
                last = len(moved) == len(self._states) - 1
                out = lstm_forward(y, part.weights, *self._states[len(moved)], part.spec, sequences=not last)
                moved.append((out.h, out.c))
                y = out.h.reshape(1, *out.h.shape) if last else out.y
            elif part.kernel is None:
                y, _ = activation_forward(y, part.activation)
            else:
                y, _ = dense_forward(y, part.kernel, part.bias, part.activation)
        self._states = moved
        return to_host(y[y.shape[0] - 1 :])[0]

    def run(self, x: Host) -> Host:
        return np.stack([self(step) for step in x])

    @property
    def states(self) -> list[tuple[Host, Host]]:
        return [(to_host(h), to_host(c)) for h, c in self._states]

    def set_states(self, states: Sequence[tuple[Host, Host]] | None) -> None:
        if states is None:
            device = driver.current()
            empty = [tuple(device.empty(shape, self._dtype) for shape in shapes) for shapes in self._shapes]
            for state in (array for pair in empty for array in pair):
                fill(state, None)
            self._states = empty
        else:
            self._states = [(asarray(h, self._dtype), asarray(c, self._dtype)) for h, c in states]


def stream(parts: Sequence[LSTMPart | DensePart], features: int, N: int, dtype: Any, threads: int = 1) -> _Stepper:
    """CUDA twin: a step is the ops of its parts for T = 1; many steps at once go through all of a layer's at once."""
    return _Stepper(parts, N, dtype)
