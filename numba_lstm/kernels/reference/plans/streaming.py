"""Streams, which run the forward op of each layer for one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import DenseLayerSpec, LSTMLayerSpec, LSTMWeights
from ..ops.dense import activation_forward, dense_forward
from ..ops.lstm import lstm_forward

Array = npt.NDArray[Any]


class _WeightCopy(NamedTuple):
    """A copy of a weight."""

    value: Array


def with_copied_weights(layer: LSTMLayerSpec | DenseLayerSpec) -> LSTMLayerSpec | DenseLayerSpec:
    """Return the layer with copies of its weights."""

    def copy(weight: Any) -> _WeightCopy | None:
        return None if weight is None else _WeightCopy(weight.value.copy())

    if isinstance(layer, LSTMLayerSpec):
        return layer._replace(weights=LSTMWeights(*map(copy, layer.weights)))
    return layer._replace(kernel=copy(layer.kernel), bias=copy(layer.bias))


class _Stepper:
    """The layers and their states."""

    def __init__(self, layers: Sequence[LSTMLayerSpec | DenseLayerSpec], N: int, dtype: Any) -> None:
        self._layers = [with_copied_weights(layer) for layer in layers]
        shapes = [layer.weights.recurrent_kernel.value.shape for layer in layers if isinstance(layer, LSTMLayerSpec)]
        self._states = [(np.zeros((N, P), dtype), np.zeros((N, columns // 4), dtype)) for P, columns in shapes]

    def __call__(self, x: Array) -> Array:
        y, states = np.atleast_2d(x), iter(self._states)
        new_states = []
        for layer in self._layers:
            if isinstance(layer, LSTMLayerSpec):
                out = lstm_forward(y[None], layer.weights, *next(states), layer.spec)
                new_states.append((out.h, out.c))
                y = out.h
            elif layer.kernel is None:
                y, _ = activation_forward(y, layer.activation)
            else:
                y, _ = dense_forward(y, layer.kernel, layer.bias, layer.activation)
        self._states = new_states
        return y.reshape(*x.shape[:-1], -1)

    def run_last(self, x: Array) -> Array:
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


def stream(layers: Sequence[LSTMLayerSpec | DenseLayerSpec], features: int, N: int, dtype: Any, threads: int = 1) -> _Stepper:
    """Runs one step of each op in order."""
    return _Stepper(layers, N, dtype)
