"""Plans of training steps: the tasks of the passes and of the loss, recorded for a shape and run for each of its batches."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from ...device import get_num_threads
from ...inputs.targets import is_sparse
from ...kernels.contract import Array, Plan
from ...kernels.specs import Key
from ...losses import Loss
from ...losses.reductions import MEANS
from ...optimizers import Optimizer
from ...training.batches import Batch
from ...training.loss_weights import Weights, batch_weights, loss_weight
from ...training.results import StepOutput, TrainedWeights
from ..chain import Chain

#: Steps that are kept: of a batch, and of the smaller one at the end of an epoch.
MAX_STEPS = 2

#: Shapes that are remembered. A plan takes as long as a step or two, so it waits until a shape comes a second time.
MAX_REMEMBERED = 8


class TrainingPlans:
    """Training steps of a model, with the bits of single ops. The first shape of a batch has a plan at once."""

    def __init__(self, model: Chain) -> None:
        self._model = model
        self.forget()

    def __len__(self) -> int:
        """Return the number of shapes that have a plan."""
        return len(self._steps)

    def forget(self) -> None:
        """Drop all plans, with their buffers."""
        self._remembered: list[Hashable] = []
        self._steps: dict[Hashable, _Step] = {}

    def __call__(
        self, batch: Batch, key: Key, loss: Loss, scale: float, optimizer: Optimizer, trained: TrainedWeights
    ) -> StepOutput | None:
        """Take a step on a batch, all but the constraints; None where no plan serves."""
        model = self._model
        if trained.first >= len(trained.indices) or model.why_not_planned() is not None:
            return None
        shapes = tuple(None if array is None else (array.shape, array.dtype) for array in batch[:4])
        version = *model.changes(), id(trained), *trained.weights, loss, scale, optimizer, key.seed, shapes, get_num_threads()
        step = self._steps.pop(version, None)
        if step is None:
            known = not self._remembered or version in self._remembered
            self._remembered = [*self._remembered[1 - MAX_REMEMBERED :], version]
            if not known:
                return None
            step = _Step(model, batch, key, loss, scale, optimizer, trained)
        output = step(batch, key)
        self._steps[version] = step
        if len(self._steps) > MAX_STEPS:
            del self._steps[next(iter(self._steps))]
        return output


class _Step:
    """A step for batches of one shape.

    Without a mask of the output one plan computes both passes. With one the loss needs the mask's values between two plans.
    """

    def __init__(
        self, model: Chain, batch: Batch, key: Key, loss: Loss, scale: float, optimizer: Optimizer, trained: TrainedWeights
    ) -> None:
        self._model, self._ops, self._loss, self._scale = model, model.ops, loss, scale
        self._optimizer, self._trained = optimizer, trained
        assert batch.target is not None
        self._leading = batch.target.shape if is_sparse(loss.spec) else batch.target.shape[:-1]
        self._constant = self._weight(Weights(None, None, None)) if batch.weight is None else None
        inputs = [batch.x, batch.target, self._loss_weight(batch), batch.mask]
        plan = self._ops.plan(self._passes, inputs, key=key, training=True)
        assert plan is not None  # for the device is the CPU
        self._forward: Plan = plan
        self._backward: Plan | None = None
        self._update: Callable[[], None] | None = None

    def _passes(self, x: Array, target: Array, weight: Array | None, mask: Array | None, key: Key) -> Any:
        result = self._model.forward(x, True, key, mask)
        if result.mask is not None:
            return result.y, result.mask, result.tapes
        value, dy = self._ops.loss(result.y, target, self._loss.spec, weight=weight, gradient=True)
        assert dy is not None
        return result.y, None, (value, self._gradients(result.tapes, dy))

    def _gradients(self, tapes: Any, dy: Array) -> list[Array]:
        return self._model.backward(tapes, dy, trained=self._trained, penalties=False).weights

    def _weight(self, weights: Weights) -> Array | None:
        """Return the weights of the loss op."""
        if self._scale == 1 and self._loss.reduction in MEANS:
            return weights.loss
        return loss_weight(self._ops, self._loss, self._scale, self._leading, weights, self._model.dtype)

    def _loss_weight(self, batch: Batch) -> Array | None:
        if batch.weight is None:
            return self._constant
        return self._weight(Weights(batch.weight, None, batch.weight))

    def __call__(self, batch: Batch, key: Key) -> StepOutput:
        weights = Weights(batch.weight, None, batch.weight)
        y, mask, rest = self._forward(batch.x, batch.target, self._loss_weight(batch), batch.mask, key=key)
        if mask is None:
            value, gradients = rest
        else:
            weights = batch_weights(self._ops, batch.weight, mask, self._model.dtype)
            assert batch.target is not None
            value, dy = self._ops.loss(y, batch.target, self._loss.spec, weight=self._weight(weights), gradient=True)
            assert dy is not None
            if self._backward is None:
                self._backward = self._ops.plan(lambda dy, _: self._gradients(rest, dy), [dy], training=True)
            assert self._backward is not None
            gradients = self._backward(dy)
        self._step(gradients)
        return StepOutput(float(value), y.copy(), weights)

    def _step(self, gradients: list[Array]) -> None:
        """Take a step of the optimizer."""
        if self._trained.regularized:
            gradients = self._model.with_penalties(gradients, self._trained)
            self._optimizer.apply(self._ops, gradients, self._trained.weights)
            return
        if self._update is None:
            self._update = self._optimizer.step_function(self._ops, gradients, self._trained.weights)
        self._update()
