"""CPU twin of gradient programs: the ops' own kernels on the ops' own arguments, which are bound once for a size.

A training step of a small model takes longer in Python than in kernels: buffers, views, packed weights, plans. A program has
all of that ready, and a step is a walk along a list of calls without arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import DenseLayerSpec, GradientProgram, LossAndOutput, LSTMLayerSpec
from ...specs import LossSpec
from ..arrays.copy_tasks import copied
from ..runtime.graph import TaskGraph, run_eagerly
from ..runtime.memory import address, empty, empty_like_strided
from ..runtime.task import Task
from ..training.losses import LOSSES, SPARSE, loss_call
from .bound import Bound
from .bound_dense import BoundDense
from .bound_lstm import BoundLSTM

Array = npt.NDArray[Any]


class _Program:
    """Both passes through all parts, and the loss between them."""

    def __init__(
        self,
        parts: Sequence[LSTMLayerSpec | DenseLayerSpec],
        x: Array,
        target: Array,
        loss: LossSpec,
        first: int,
        weight: Array | None,
    ) -> None:
        self._weights = [weight for part in parts for weight in part.variables]
        self._x = y = empty_like_strided(x) if _read_in_place(parts, x) else empty(x.shape, x.dtype)
        self._target = empty(target.shape, np.int64 if loss.name == LOSSES[SPARSE] else x.dtype)
        tasks: list[Task] = []
        bound: list[Bound] = []
        for part in parts:
            bound.append(BoundLSTM(part, y) if isinstance(part, LSTMLayerSpec) else BoundDense(part, y))
            tasks += bound[-1].forward
            y = bound[-1].y
        self._y, self._value = y, empty(1)
        dy = empty(y.shape, y.dtype)
        tasks.append(loss_call(y, self._target, loss, weight, dy, self._value))
        for index in reversed(range(first, len(bound))):
            bound[index].bind_backward(dy, need_dx=index > first)
            tasks += bound[index].backward
            dy = bound[index].dx
        self._score = TaskGraph(tasks, self._x)
        self.gradients = [part.gradients for part in bound]

    def __call__(self, x: Array, target: Array) -> LossAndOutput:
        for weight in self._weights:
            weight.value  # noqa: B018  # what a device holds comes first
        if x.strides != self._x.strides:
            run_eagerly([copied(x, self._x)])
            x = self._x
        self._target[...] = target
        self._score(address(x))
        return LossAndOutput(float(self._value[0]), self._y.copy())


def _read_in_place(parts: Sequence[LSTMLayerSpec | DenseLayerSpec], x: Array) -> bool:
    """Whether x, as a batch of whole samples or steps, is for an LSTM, which puts it on its tape itself."""
    return isinstance(parts[0], LSTMLayerSpec) and (x.flags.c_contiguous or x.transpose(1, 0, 2).flags.c_contiguous)


def gradient_program(
    layers: Sequence[LSTMLayerSpec | DenseLayerSpec],
    x: Array,
    target: Array,
    loss: LossSpec,
    *,
    first: int,
    weight: Array | None = None,
) -> GradientProgram | None:
    """CPU twin: for LSTMs that go panel by panel without a tape of more than their states, and Dense layers."""
    return _Program(layers, x, target, loss, first, weight)
