"""Steps on one batch: of training, of truncated backpropagation through time, and of evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...inputs import as_count
from ...inputs.target_shapes import device_losses_shape, is_sequence_loss
from ...kernels.contract import Array, Ops
from ...layers import Bidirectional
from ..batches import Batch, HostBatch, Shape, as_tuple
from ..data.loading import load
from ..loss_weights import Weights
from ..output_losses import element_weights, losses_of_outputs, scales_of_losses, total, weights_of_outputs
from ..plan_protocols import CompiledOutput
from ..protocols import Trainable
from ..results import States, TrainedWeights
from .custom_steps import overrides
from .metric_tracker import MetricTracker, OutputResult, StepResult
from .shards import test_shards, train_shards


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
    optimizer, outputs, key = model.optimizer, model.compiled_outputs, model.random.next_key()
    assert optimizer is not None
    after: States = []
    penalty = trained.penalty() if trained.regularized else 0.0
    step = None if states is not None else model.training_plans(batch, key, outputs, optimizer, trained)
    if step is not None:
        result = step_result(outputs, batch, step.ys, step.values, step.weights, penalty + step.added)
    else:
        passed = model.forward(batch.x, True, key, batch.mask, states)
        result, slopes = batch_losses(model, ops, batch, passed.y, passed.mask, passed.added(ops) + penalty, gradient=True)
        dy = tuple(slopes) if len(slopes) > 1 else slopes[0]
        optimizer.update_weights(ops, model.backward(passed.tapes, dy, trained=trained).weights, trained.weights)
        after = passed.states
    model.constrain()
    return result, after


def test_step(model: Trainable, ops: Ops, trained: TrainedWeights, batch: Batch) -> StepResult:
    """Compute the loss and the output of a batch without training."""
    penalty = trained.penalty() if trained.regularized else 0.0
    output = None if model.adds_losses else model.prediction_plans.forward(batch.x, batch.mask)
    if output is None:
        passed = model.forward(batch.x, False, None, batch.mask)
        return batch_losses(model, ops, batch, passed.y, passed.mask, passed.added(ops) + penalty, gradient=False)[0]
    return batch_losses(model, ops, batch, output.y, output.mask, penalty, gradient=False)[0]


def train_host_batch(
    model: Trainable, ops: Ops, trained: TrainedWeights, host_batch: HostBatch, states: Any = None
) -> tuple[StepResult, Any]:
    """Take one step of the optimizer on a batch of the host: :func:`train_step`, or that of the model's strategy.

    ``states`` are what an earlier call returned, empty for the first of several, None for a step by itself.
    """
    if model.strategy is not None:
        return train_shards(model, ops, trained, model.strategy, host_batch, states)
    return train_step(model, ops, trained, load(model, ops, host_batch), states)


def test_host_batch(model: Trainable, ops: Ops, trained: TrainedWeights, host_batch: HostBatch) -> StepResult:
    """Compute the loss and the output of a batch of the host: :func:`test_step`, or that of the model's strategy."""
    if model.strategy is not None:
        return test_shards(model, ops, trained, model.strategy, host_batch)
    return test_step(model, ops, trained, load(model, ops, host_batch))


def batch_losses(
    model: Trainable, ops: Ops, batch: Batch, y: Any, mask: Any, penalty: float, *, gradient: bool
) -> tuple[StepResult, list[Array | None]]:
    """Compute the result of a batch, and with ``gradient`` the loss's gradients with respect to the outputs."""
    outputs, ys = model.compiled_outputs, as_tuple(y)
    targets, scales = as_tuple(batch.target), scales_of_losses(outputs)[0]
    weights = weights_of_outputs(ops, outputs, batch, mask, model.dtype)
    elements = []
    for output, scale, target, weight in zip(outputs, scales, targets, weights, strict=True):
        leading = () if output.loss is None else device_losses_shape(output.loss.spec, target.shape)
        elements.append(None if output.loss is None else element_weights(ops, output, scale, leading, weight, model.dtype))
    values, slopes = losses_of_outputs(ops, outputs, ys, targets, elements, mask, gradient=gradient)
    return step_result(outputs, batch, ys, values, weights, penalty), slopes


def step_result(
    outputs: Sequence[CompiledOutput],
    batch: Batch,
    ys: Sequence[Array | None],
    values: Sequence[Any],
    weights: Sequence[Weights],
    penalty: float,
) -> StepResult:
    """Return the loss of a batch with what the metrics of its outputs need."""
    targets = as_tuple(batch.target)
    results = [
        OutputResult(value, y, target, weight.plain, weight.weighted)
        for value, y, target, weight in zip(values, ys, targets, weights, strict=True)
    ]
    return StepResult(total(outputs, values, penalty), results, batch.size)


def as_window(model: Trainable, length: Any, input_shape: Shape) -> int:
    """Return ``length`` as the number of steps of a window of truncated backpropagation, for inputs of ``input_shape``.

    Raises
    ------
    TypeError, ValueError
        For anything but a whole number, and for a model without an output for each step, in the order of time.
    """
    steps = as_count(length, "tbptt")
    if overrides(model, "train_step"):
        raise ValueError(f"{type(model).__name__} overrides train_step, which takes whole sequences. Leave tbptt out.")
    shapes: Any = (input_shape,) if model.has_one_input else input_shape
    for shape, reader, name in zip(shapes, model.readers, model.input_names, strict=True):
        if not model.has_one_input and len(shape) != (2 if reader.takes_indices else 3):
            raise ValueError(f"tbptt={steps} cuts time into windows, but the input {name!r} has no steps. Leave tbptt out.")
    if not all(len(shape) == 3 and shape[1] is None for shape in _shapes_of_any_steps(model, shapes)):
        raise ValueError(
            f"tbptt={steps} cuts time into windows with a loss each, but {model.name} does not return each step. "
            "Give its LSTMs return_sequences=True, or leave tbptt out."
        )
    for output in model.compiled_outputs:
        if output.loss is not None and is_sequence_loss(output.loss.spec):
            raise ValueError(
                f"tbptt={steps} cuts time into windows, but {output.loss.name} aligns whole sequences. Leave tbptt out."
            )
    if taken := model.calls_with_states:
        raise ValueError(
            f"tbptt={steps} carries states from window to window, but {taken[0]} takes its initial_state from the graph. "
            "Leave one of both out."
        )
    for layer in model.layers:
        if isinstance(layer, Bidirectional) or getattr(layer, "go_backwards", False):
            raise ValueError(
                f"tbptt={steps} carries states from window to window, but {layer.name} also begins at the end of time. "
                "Take layers that go forward, or leave tbptt out."
            )
    return steps


def _shapes_of_any_steps(model: Trainable, shapes: Sequence[Shape]) -> Sequence[Any]:
    """Return the shapes of the outputs for inputs of any number of steps; none of rows."""
    if any(len(shape) != (2 if reader.takes_indices else 3) for shape, reader in zip(shapes, model.readers, strict=True)):
        return [()]
    given: Any = tuple((None, None, *shape[2:]) for shape in shapes)
    found: Any = model.compute_output_shape(given[0] if model.has_one_input else given)
    return [found] if model.has_one_output else list(found)


def _first_states(model: Trainable, host_batch: HostBatch) -> Any:
    """Return what the first of several windows begins with, or that of each shard of this process."""
    if model.strategy is None:
        return model.window_states(host_batch.size)
    return [[] if one is None else model.window_states(one.size) for one in model.strategy.local_shards(host_batch)]


def train_windows(
    model: Trainable, ops: Ops, trained: TrainedWeights, host_batch: HostBatch, length: int, tracker: MetricTracker
) -> None:
    """Train by truncated backpropagation through time (Williams & Peng 1990), one step of the optimizer per window.

    Each window begins with the last states of the one before, and its gradient ends there. The tracker is told of each, with
    its share of the samples.
    """
    total = as_tuple(host_batch.samples.x)[0].shape[1]
    states: Any = _first_states(model, host_batch) if total > length else []
    for start in range(0, total, length):
        steps = slice(start, min(start + length, total))
        window = host_batch._replace(samples=host_batch.samples.window(steps))
        result, states = train_host_batch(model, ops, trained, window, states)
        tracker.add(ops, result._replace(size=host_batch.size * (steps.stop - start) / total))
