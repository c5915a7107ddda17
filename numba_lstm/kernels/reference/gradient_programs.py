"""Gradient programs, which run the forward and backward op of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..op_types import DenseLayerSpec, GradientProgram, LossAndOutput, LSTMLayerSpec
from .dense import dense_backward, dense_forward
from .losses import loss as loss_op
from .lstm import lstm_backward, lstm_forward

Array = npt.NDArray[Any]


class _Program:
    """The ops of all layers in order."""

    def __init__(self, layers: Sequence[LSTMLayerSpec | DenseLayerSpec], loss: Any, first: int, weight: Array | None) -> None:
        self._layers, self._loss, self._first, self._weight = list(layers), loss, first, weight
        self.gradients = [tuple(np.zeros_like(weight.value) for weight in layer.variables) for layer in layers]

    def __call__(self, x: Array, target: Array) -> LossAndOutput:
        tapes = []
        for layer in self._layers:
            x, tape = _forward(layer, x)
            tapes.append(tape)
        value, dy = loss_op(x, target, self._loss, weight=self._weight, gradient=True)
        for index in reversed(range(self._first, len(tapes))):
            dy, gradients = _backward(self._layers[index], tapes[index], dy, need_dx=index > self._first)
            for array, gradient in zip(self.gradients[index], gradients, strict=True):
                array[...] = gradient
        return LossAndOutput(float(value), x)


def _forward(layer: LSTMLayerSpec | DenseLayerSpec, x: Array) -> tuple[Array, Any]:
    if not isinstance(layer, LSTMLayerSpec):
        return dense_forward(x, layer.kernel, layer.bias, layer.activation, training=True)
    out = lstm_forward(x, layer.weights, None, None, layer.spec, sequences=layer.sequences, training=True)
    return (out.y if layer.sequences else out.h), out.tape


def _backward(layer: LSTMLayerSpec | DenseLayerSpec, tape: Any, dy: Any, *, need_dx: bool) -> tuple[Any, tuple[Array, ...]]:
    if isinstance(layer, LSTMLayerSpec):
        dys, dh = (dy, None) if layer.sequences else (None, dy)
        dx, _, _, weights = lstm_backward(tape, dys, dh, None, need_dx=need_dx)
        return dx, tuple(gradient for gradient in weights if gradient is not None)
    dx, *gradients = dense_backward(tape, dy, need_dx=need_dx)
    return dx, tuple(gradient for gradient in gradients if gradient is not None)


def gradient_program(
    layers: Sequence[LSTMLayerSpec | DenseLayerSpec],
    x: Array,
    target: Array,
    loss: Any,
    *,
    first: int,
    weight: Array | None = None,
) -> GradientProgram | None:
    """Prepares nothing but the arrays of the gradients."""
    return _Program(layers, loss, first, weight)
