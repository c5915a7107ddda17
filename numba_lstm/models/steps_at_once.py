"""A training step at once: by calls that are bound once for a shape, where a model is LSTMs and Dense layers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from ..device import get_num_threads
from ..kernels.contract import Array, DenseLayerSpec, GradientProgram, LossAndOutput, LSTMLayerSpec
from ..layers.parts import trained
from ..losses import Loss
from ..optimizers import Optimizer
from ..targets import is_sparse
from ..training.weighing import constant_weight
from .chain import Chain, Plan

#: Steps that are kept: of a batch, and of the smaller one at the end of an epoch.
MOST = 2

#: Shapes that are remembered. Binding takes as long as a step or two, so it waits until a shape comes a second time.
REMEMBERED = 8


class _Step(NamedTuple):
    passes: GradientProgram
    update: Callable[[], None]


class StepsAtOnce:
    """Training steps with the bits of every other way. What is bound is kept from step to step.

    A thread takes a step out and puts it back, so none is ever shared.
    """

    def __init__(self, model: Chain) -> None:
        self._model = model
        kind = type(model)
        self._own = kind.forward is not Chain.forward or kind.backward is not Chain.backward
        self.forget()

    def forget(self) -> None:
        """Drop all that is bound, with its buffers."""
        self._seen: list[Hashable] = []
        self._kept: dict[Hashable, _Step | None] = {}  # None where the device has no such way

    def __call__(
        self, x: Array, target: Array, loss: Loss, scale: float, optimizer: Optimizer, plan: Plan
    ) -> LossAndOutput | None:
        """A step on a batch, all but the constraints; None where this is not the way, or not yet."""
        model = self._model
        if self._own or plan.penalized or plan.first >= len(plan.chosen):
            return None
        parts: list[LSTMLayerSpec | DenseLayerSpec] = []
        for layer in model.layers:
            part = trained(layer)
            if part is None:
                return None
            parts.append(part)
        key = (*parts, *plan.weights, loss, scale, optimizer, x.shape, target.shape, model.device, get_num_threads())
        if key in self._kept:
            step = self._kept.pop(key)
        elif key in self._seen:
            step = self._bound(parts, x, target, loss, scale, optimizer, plan)
        else:
            self._seen = [*self._seen[1 - REMEMBERED :], key]
            return None
        passes = None
        if step is not None:
            passes = step.passes(x, target)
            step.update()
        self._kept[key] = step
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return passes

    def _bound(
        self,
        parts: list[LSTMLayerSpec | DenseLayerSpec],
        x: Array,
        target: Array,
        loss: Loss,
        scale: float,
        optimizer: Optimizer,
        plan: Plan,
    ) -> _Step | None:
        ops = self._model.ops
        leading = target.shape if is_sparse(loss.spec) else target.shape[:-1]
        weight = constant_weight(loss, scale, leading, self._model.dtype)
        program = ops.gradient_program(parts, x, target, loss.spec, first=plan.first, weight=weight)
        if program is None:
            return None
        chosen = zip(program.gradients, plan.chosen, strict=True)
        gradients = [own[place] for own, places in chosen for place in places]
        return _Step(program, optimizer.bound(ops, gradients, plan.weights))
