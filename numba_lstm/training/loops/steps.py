"""Steps on one batch: of training, of truncated backpropagation through time, and of evaluation."""

from __future__ import annotations

from typing import Any

from ...inputs import as_count
from ...kernels.contract import Array, Ops
from ...layers import Bidirectional
from ...losses.reductions import MEANS
from ..batches import Batch, HostBatch, Shape
from ..data.loading import load
from ..loss_weights import batch_weights, loss_weight
from ..protocols import Trainable
from ..results import States, TrainedWeights
from .metric_tracker import MetricTracker, StepResult


def train_step(
    model: Trainable, ops: Ops, trained: TrainedWeights, batch: Batch, states: States | None = None
) -> tuple[StepResult, States]:
    """Take one step of the optimizer.

    Parameters
    ----------
    model : Sequential
        Compiled and built, its optimizer too.
    ops : Ops
        Its device's.
    trained : TrainedWeights
        What the step changes.
    batch : Batch
        With targets.
    states : list of tuples, optional
        What each layer begins with, as an earlier step returned it, and empty for the first of several; no gradient goes back
        into them. None for a step by itself.

    Returns
    -------
    result : StepResult
        From before the step.
    states : list of tuples
        The last states of each layer, where ``states`` were given.
    """
    optimizer, loss, key = model.optimizer, model.loss, model.random.next_key()
    assert optimizer is not None
    assert loss is not None
    after: States = []
    penalty = trained.penalty() if trained.regularized else 0.0
    step = None if states is not None else model.training_plans(batch, key, loss, model.loss_weight, optimizer, trained)
    if step is not None:
        result = StepResult(step.value + penalty, step.y, batch.target, step.weights.plain, step.weights.weighted, batch.size)
    else:
        passed = model.forward(batch.x, True, key, batch.mask, states)
        result, dy = _loss_and_gradient(model, ops, batch, passed.y, passed.mask, passed.penalty + penalty, gradient=True)
        optimizer.apply(ops, model.backward(passed.tapes, dy, trained=trained).weights, trained.weights)
        after = passed.states
    model.constrain()
    return result, after


def test_step(model: Trainable, ops: Ops, trained: TrainedWeights, batch: Batch) -> StepResult:
    """Compute the loss and the output of a batch without training."""
    penalty = trained.penalty() if trained.regularized else 0.0
    output = model.prediction_plans.forward(batch.x, batch.mask)
    if output is None:
        passed = model.forward(batch.x, False, None, batch.mask)
        return _loss_and_gradient(model, ops, batch, passed.y, passed.mask, passed.penalty + penalty, gradient=False)[0]
    return _loss_and_gradient(model, ops, batch, output.y, output.mask, penalty, gradient=False)[0]


def _loss_and_gradient(
    model: Trainable, ops: Ops, batch: Batch, y: Array, mask: Array | None, penalty: float, *, gradient: bool
) -> tuple[StepResult, Array]:
    """Compute the result of a batch, and with ``gradient`` the loss's gradient with respect to the output."""
    assert model.loss is not None
    weights, loss_ = batch_weights(ops, batch.weight, mask, model.dtype), model.loss
    weight = weights.loss
    if model.loss_weight != 1 or loss_.reduction not in MEANS:
        weight = loss_weight(ops, loss_, model.loss_weight, y.shape[:-1], weights, model.dtype)
    value, dy = ops.loss(y, batch.target, loss_.spec, weight=weight, gradient=gradient)
    loss: Any = float(value) + penalty if penalty else value  # reading a value may mean to wait for the device
    return StepResult(loss, y, batch.target, weights.plain, weights.weighted, batch.size), dy


def as_window(model: Trainable, length: Any, input_shape: Shape) -> int:
    """Return ``length`` as the number of steps of a window of truncated backpropagation, for inputs of ``input_shape``.

    Raises
    ------
    TypeError, ValueError
        For anything but a whole number, and for a model without an output for each step, in the order of time.
    """
    steps = as_count(length, "tbptt")
    timed = len(input_shape) == (2 if model.takes_indices else 3)
    shape = model.compute_output_shape((None, None, *input_shape[2:])) if timed else ()
    if len(shape) != 3 or shape[1] is not None:
        raise ValueError(
            f"tbptt={steps} cuts time into windows with a loss each, but {model.name} does not answer each step. "
            "Give its LSTMs return_sequences=True, or leave tbptt out."
        )
    for layer in model.layers:
        if isinstance(layer, Bidirectional) or getattr(layer, "go_backwards", False):
            raise ValueError(
                f"tbptt={steps} carries states from window to window, but {layer.name} also begins at the end of time. "
                "Take layers that go forward, or leave tbptt out."
            )
    return steps


def train_windows(
    model: Trainable, ops: Ops, trained: TrainedWeights, host_batch: HostBatch, length: int, tracker: MetricTracker
) -> None:
    """Train by truncated backpropagation through time (Williams & Peng 1990), one step of the optimizer per window.

    Each window begins with the last states of the one before, and its gradient ends there. The tracker is told of each, with
    its share of the samples.
    """
    total = host_batch.samples.x.shape[1]
    states: States = []
    for start in range(0, total, length):
        steps = slice(start, min(start + length, total))
        window = load(model, ops, host_batch._replace(samples=host_batch.samples.window(steps)))
        result, states = train_step(model, ops, trained, window, states)
        tracker.add(ops, result._replace(size=host_batch.size * (steps.stop - start) / total))
