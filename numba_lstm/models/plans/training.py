"""Plans of training steps: the tasks of the passes and of the loss, recorded for a shape and run for each of its batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...device import get_num_threads
from ...kernels.contract import Array, Plan
from ...kernels.specs import Key
from ...optimizers import Optimizer
from ...training.batches import Batch, as_tuple
from ...training.loss_weights import Weights
from ...training.output_losses import (
    element_weights,
    losses_of_outputs,
    per_output,
    scales_of_losses,
    weights_of_outputs,
)
from ...training.plan_protocols import CompiledOutput
from ...training.results import StepOutput, TrainedWeights, added_losses
from ..passes import Passes

#: Steps that are kept: of a batch, and of the smaller one at the end of an epoch. Shards of each may have two sizes.
MAX_STEPS, MAX_SHARD_STEPS = 2, 4

#: Shapes that are remembered. A plan takes as long as a step or two, so it waits until a shape comes a second time.
MAX_REMEMBERED = 8


class TrainingPlans:
    """Training steps of a model, with the bits of single ops. The first shape of a batch has a plan from its first batch on."""

    def __init__(self, model: Passes) -> None:
        self._model = model
        self.forget()

    def __len__(self) -> int:
        """Return the number of shapes that have a plan."""
        return len(self._steps)

    def forget(self) -> None:
        """Drop all plans, with their buffers."""
        self._remembered: list[Any] = []  #: versions that came, with or without a plan, the last one at the end
        self._steps: list[tuple[Any, _Step]] = []  #: those with a plan, the last one used at the end
        self._update: tuple[Any, list[Array], Callable[[], None]] | None = None  #: of shards: the gradients that it reads
        self.valid_arrays: Any = None  #: what the last single batch had, which needs no validation

    def __call__(
        self, batch: Batch, key: Key, outputs: Sequence[CompiledOutput], optimizer: Optimizer, trained: TrainedWeights
    ) -> StepOutput | None:
        """Take a step on a batch, all but the constraints; None where no plan serves."""
        step = self._step(batch, key, outputs, optimizer, trained)
        return None if step is None else step(batch, key)

    def gradients(
        self, batch: Batch, key: Key, outputs: Sequence[CompiledOutput], trained: TrainedWeights, shares: Sequence[float]
    ) -> tuple[StepOutput, list[Array]] | None:
        """Return the loss and the gradients of a shard without masks, as multiplied by its share in the loss of each output.

        The gradients are overwritten by the next call. None where no plan serves.
        """
        if self._model.device != "cpu":
            return None  # a plan of another device keeps the place of its first shard
        step = self._step(batch, key, outputs, None, trained, tuple(shares))
        return None if step is None else step.gradients(batch, key)

    def update(self, gradients: Sequence[Array], optimizer: Optimizer, trained: TrainedWeights) -> None:
        """Take a step of the optimizer, by a bound program, with gradients of several shards; they are copied."""
        version = get_num_threads(), self._model.changes(), trained, optimizer
        if self._update is None or self._update[0] != version:
            buffers = [np.empty_like(gradient) for gradient in gradients]
            self._update = version, buffers, optimizer.step_function(self._model.ops, buffers, trained.weights)
        _, buffers, step = self._update
        for buffer, gradient in zip(buffers, gradients, strict=True):
            buffer[...] = gradient
        step()

    def _step(
        self,
        batch: Batch,
        key: Key,
        outputs: Sequence[CompiledOutput],
        optimizer: Optimizer | None,
        trained: TrainedWeights,
        shares: tuple[float, ...] | None = None,
    ) -> _Step | None:
        changes = self._model.changes()
        if not trained.weights or self._model.why_not_planned(changes) is not None:
            return None
        shapes = _shapes(batch.x), _shapes(batch.target), _shapes(batch.weight), _shapes(batch.mask)
        version = shapes, key.seed, get_num_threads(), changes, trained, outputs, optimizer, shares
        steps = self._steps
        if not steps or steps[-1][0] != version:
            found = next((entry for entry in steps if entry[0] == version), None)
            if found is not None:
                steps.remove(found)
            elif self._known(version):
                found = version, _Step(self._model, batch, key, outputs, optimizer, trained, shares)
            else:
                return None
            most = MAX_STEPS if shares is None else MAX_SHARD_STEPS
            steps[:] = [*steps[1 - most :], found]
        return steps[-1][1]

    def _known(self, version: Any) -> bool:
        """Whether a plan of this version is worth while: it is the first one, or has come before."""
        known = not self._remembered or version in self._remembered
        self._remembered = [*self._remembered[1 - MAX_REMEMBERED :], version]
        return known


def _shapes(value: Any) -> Any:
    """Return the shape and dtype of an array, or a tuple of those of several; None for None."""
    if isinstance(value, tuple):
        return tuple(map(_shapes, value))
    return None if value is None else (value.shape, value.dtype)


class _Step:
    """A step for batches of one shape.

    Without a mask of an output one plan computes both passes. With one the losses need the mask's values between two plans.
    """

    def __init__(
        self,
        model: Passes,
        batch: Batch,
        key: Key,
        outputs: Sequence[CompiledOutput],
        optimizer: Optimizer | None,
        trained: TrainedWeights,
        shares: Sequence[float] | None = None,
    ) -> None:
        self._model, self._ops, self._outputs = model, model.ops, outputs
        self._optimizer, self._trained = optimizer, trained
        factors = [1.0] * len(outputs) if shares is None else shares
        self._scales = [scale * factor for scale, factor in zip(scales_of_losses(outputs)[0], factors, strict=True)]
        xs, targets = as_tuple(batch.x), as_tuple(batch.target)
        shapes = model.output_shape if isinstance(model.output_shape, list) else [model.output_shape]
        self._unweighted = [Weights(None, None, None, None)] * len(outputs)
        self._measured = [bool(output.metrics or output.weighted_metrics) for output in outputs]
        self._leading = [
            () if output.loss is None else output.loss.leading_shape(target.shape, len(shape))
            for output, target, shape in zip(outputs, targets, shapes, strict=True)
        ]
        ignoring = any(output.loss is not None and output.loss.spec.ignore_class is not None for output in outputs)
        constant = batch.weight is None and not ignoring
        self._constants = self._elements([Weights(None, None, None, None)] * len(outputs)) if constant else None
        inputs = [*xs, *targets, *self._loss_weights(batch), batch.mask]
        plan = self._ops.plan(self._passes, inputs, key=key, training=True)
        assert plan is not None  # for why_not_planned returned None
        self._forward: Plan = plan
        self._backward: Plan | None = None
        self._update: Callable[[], None] | None = None

    def _passes(self, *arrays: Any) -> Any:
        *arrays_, mask, key = arrays
        count = len(self._outputs)
        xs, targets, weights = arrays_[: -2 * count], arrays_[-2 * count : -count], arrays_[-count:]
        result = self._model.forward(tuple(xs) if len(xs) > 1 else xs[0], True, key, mask)
        ys = as_tuple(result.y)
        if result.mask is not None:
            return ys, result.mask, result.losses, result.tapes
        values, slopes = losses_of_outputs(self._ops, self._outputs, ys, targets, weights, None, gradient=True)
        return ys, None, result.losses, (values, self._gradients(result.tapes, slopes))

    def _gradients(self, tapes: Any, slopes: Sequence[Array | None]) -> list[Array]:
        dy = tuple(slopes) if len(slopes) > 1 else slopes[0]
        gradients = self._model.backward(tapes, dy, trained=self._trained, penalties=False).weights
        if self._trained.regularized or self._optimizer is None:
            return gradients
        return list(self._optimizer.recorded_gradients(self._ops, gradients))

    def _backward_pass(self, tapes: Any, slopes: Sequence[Array | None], *arrays: Any) -> list[Array]:
        """Compute the gradients for those ``arrays`` in place of ``slopes`` that are not None; the last one is a key."""
        given = iter(arrays)
        return self._gradients(tapes, [None if slope is None else next(given) for slope in slopes])

    def _elements(self, weights: Sequence[Weights]) -> list[Array | None]:
        """Return the weights of the loss op of each output."""
        return [
            None if output.loss is None else element_weights(self._ops, output, scale, leading, weight, self._model.dtype)
            for output, scale, leading, weight in zip(self._outputs, self._scales, self._leading, weights, strict=True)
        ]

    def _loss_weights(self, batch: Batch) -> list[Array | None]:
        return self._elements(self._weights(batch)) if self._constants is None else self._constants

    def _weights(self, batch: Batch, mask: Any = None) -> list[Weights]:
        return weights_of_outputs(self._ops, self._outputs, batch, mask, self._model.dtype)

    def __call__(self, batch: Batch, key: Key) -> StepOutput:
        output, gradients = self.gradients(batch, key)
        self._step(gradients)
        return output

    def gradients(self, batch: Batch, key: Key) -> tuple[StepOutput, list[Array]]:
        """Return the loss and the output, and the gradients of the weights, which are buffers of the plan."""
        ops, targets, weights = self._ops, as_tuple(batch.target), self._unweighted
        if batch.weight is not None:
            weights = [Weights(None, None, weight, None) for weight in per_output(batch.weight, len(targets))]
        ys, mask, losses, rest = self._forward(*as_tuple(batch.x), *targets, *self._loss_weights(batch), batch.mask, key=key)
        if mask is None:
            values, gradients = rest
        else:
            weights = self._weights(batch, mask)
            elements = self._elements(weights)
            values, slopes = losses_of_outputs(ops, self._outputs, ys, targets, elements, mask, gradient=True)
            given = [slope for slope in slopes if slope is not None]
            if self._backward is None:
                self._backward = ops.plan(partial(self._backward_pass, rest, slopes), given, training=True)
            assert self._backward is not None
            gradients = self._backward(*given)
        added = added_losses(ops, losses)
        ys = [ops.copy_output(y) if measured else None for y, measured in zip(ys, self._measured, strict=True)]
        return StepOutput(
            [None if value is None else ops.copy_output(value) for value in values], ys, weights, added
        ), gradients

    def _step(self, gradients: list[Array]) -> None:
        """Take a step of the optimizer."""
        assert self._optimizer is not None
        if self._trained.regularized:
            gradients = self._model.with_penalties(gradients, self._trained)
            self._optimizer.update_weights(self._ops, gradients, self._trained.weights)
            return
        if self._update is None:
            self._update = self._optimizer.step_function(self._ops, gradients, self._trained.weights)
        self._update()
