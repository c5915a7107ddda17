"""Streams: the ops of the layers for a few steps, with copies of the weights and states in device memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...op_types import DenseLayerSpec, LSTMLayerSpec, LSTMWeights
from ..arrays.arrays import asarray, device_value, to_host
from ..arrays.elementwise import empty_like
from ..lstm.call import fill
from ..lstm.forward import lstm_forward
from ..ops.dense import activation_forward, dense_forward
from ..runtime import driver

Array = Any
Host = npt.NDArray[Any]


class _WeightCopy(NamedTuple):
    """A copy of the device array of a weight."""

    array: Array

    def prepared(self, form: str, make: Callable[[Host], Any]) -> Array:
        """Return the array, the only form that the ops of this device use."""
        return self.array


def _with_copied_weights(layer: LSTMLayerSpec | DenseLayerSpec) -> LSTMLayerSpec | DenseLayerSpec:
    """Return the layer with copies of its weights."""

    def copy(weight: Any) -> _WeightCopy | None:
        if weight is None:
            return None
        array = device_value(weight)
        array_copy = empty_like(array)
        fill(array_copy, array)
        return _WeightCopy(array_copy)

    if isinstance(layer, LSTMLayerSpec):
        return layer._replace(weights=LSTMWeights(*map(copy, layer.weights)))
    return layer._replace(kernel=copy(layer.kernel), bias=copy(layer.bias))


class _Stepper:
    """The layers, and the states of each LSTM: (N, P) and (N, H)."""

    def __init__(self, layers: Sequence[LSTMLayerSpec | DenseLayerSpec], N: int, dtype: Any) -> None:
        self._layers, self._dtype = [_with_copied_weights(layer) for layer in layers], np.dtype(dtype)
        recurrent = [
            device_value(layer.weights.recurrent_kernel).shape for layer in self._layers if isinstance(layer, LSTMLayerSpec)
        ]
        self._shapes = [((N, P), (N, columns // 4)) for P, columns in recurrent]
        self.set_states(None)

    def __call__(self, x: Host) -> Host:
        y = self.run_last(x.reshape(1, -1, x.shape[-1]))
        return y.reshape(*x.shape[:-1], -1)

    def run_last(self, x: Host) -> Host:
        y, new_states = asarray(x, self._dtype), []
        for layer in self._layers:
            if isinstance(layer, LSTMLayerSpec):
                last = len(new_states) == len(self._states) - 1
                out = lstm_forward(y, layer.weights, *self._states[len(new_states)], layer.spec, sequences=not last)
                new_states.append((out.h, out.c))
                y = out.h.reshape(1, *out.h.shape) if last else out.y
            elif layer.kernel is None:
                y, _ = activation_forward(y, layer.activation)
            else:
                y, _ = dense_forward(y, layer.kernel, layer.bias, layer.activation)
        self._states = new_states
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


def stream(layers: Sequence[LSTMLayerSpec | DenseLayerSpec], features: int, N: int, dtype: Any, threads: int = 1) -> _Stepper:
    """CUDA: a step runs the ops of the layers for T = 1. Several steps run layer by layer."""
    return _Stepper(layers, N, dtype)
