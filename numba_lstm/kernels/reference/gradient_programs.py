"""Both passes through a model's parts, op by op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..values import DensePart, GradientProgram, LSTMPart, Passes
from .dense import dense_backward, dense_forward
from .losses import loss as loss_op
from .lstm import lstm_backward, lstm_forward

Array = npt.NDArray[Any]


class _Program:
    """The ops of all parts, one after the other."""

    def __init__(self, parts: Sequence[LSTMPart | DensePart], loss: Any, first: int, weight: Array | None) -> None:
        self._parts, self._loss, self._first, self._weight = list(parts), loss, first, weight
        self.gradients = [tuple(np.zeros_like(weight.value) for weight in part.own) for part in parts]

    def __call__(self, x: Array, target: Array) -> Passes:
        tapes = []
        for part in self._parts:
            x, tape = _forward(part, x)
            tapes.append(tape)
        value, dy = loss_op(x, target, self._loss, weight=self._weight, gradient=True)
        for index in reversed(range(self._first, len(tapes))):
            dy, own = _backward(self._parts[index], tapes[index], dy, need_dx=index > self._first)
            for array, gradient in zip(self.gradients[index], own, strict=True):
                array[...] = gradient
        return Passes(float(value), x)


def _forward(part: LSTMPart | DensePart, x: Array) -> tuple[Array, Any]:
    if not isinstance(part, LSTMPart):
        return dense_forward(x, part.kernel, part.bias, part.activation, training=True)
    out = lstm_forward(x, part.weights, None, None, part.spec, sequences=part.sequences, training=True)
    return (out.y if part.sequences else out.h), out.tape


def _backward(part: LSTMPart | DensePart, tape: Any, dy: Any, *, need_dx: bool) -> tuple[Any, tuple[Array, ...]]:
    if isinstance(part, LSTMPart):
        dys, dh = (dy, None) if part.sequences else (None, dy)
        dx, _, _, weights = lstm_backward(tape, dys, dh, None, need_dx=need_dx)
        return dx, tuple(gradient for gradient in weights if gradient is not None)
    dx, *own = dense_backward(tape, dy, need_dx=need_dx)
    return dx, tuple(gradient for gradient in own if gradient is not None)


def gradient_program(
    parts: Sequence[LSTMPart | DensePart],
    x: Array,
    target: Array,
    loss: Any,
    *,
    first: int,
    weight: Array | None = None,
) -> GradientProgram | None:
    """Nothing is prepared."""
    return _Program(parts, loss, first, weight)
