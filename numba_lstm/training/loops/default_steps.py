"""Methods of models that classes of a user override or call: one step on a batch, its loss and its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...callbacks.base import Logs
from ...inputs.batch_data import unpack_x_y_sample_weight
from ...objects.subclassing import is_of_package
from ..data.array_validation import validate_arrays, validate_input
from ..data.loading import load
from ..protocols import Trainable
from . import steps
from .custom_steps import StepMetrics
from .metric_tracker import StepResult
from .prediction import Predictions, predict_batch
from .preparation import build_with_loss, ensure_built, require_loss


def train_step(model: Trainable, data: Any) -> Logs:
    """Take a step of the optimizer on ``data``, as ``keras.Model.train_step``; a subclass of ``Model`` may override it.

    Parameters
    ----------
    model : Model
        A compiled model.
    data : tuple
        ``(x, y)`` or ``(x, y, sample_weight)``, NumPy arrays of a batch in the forms of the model's inputs and outputs.

    Returns
    -------
    dict
        The loss and the metrics by name, means over all batches since ``reset_metrics``.
    """
    require_loss(model, "train_step")
    samples = validate_arrays(model, *unpack_x_y_sample_weight(data))
    build_with_loss(model, samples.shape, "train_step")
    assert model.optimizer is not None
    trained = model.trained()
    model.optimizer.build(trained.weights)
    batch = load(model, model.ops, samples.batch(slice(None)))
    return _recorded(model, steps.train_step(model, model.ops, trained, batch)[0])


def test_step(model: Trainable, data: Any) -> Logs:  # noqa: PT028 - no test, but Keras's name
    """Compute the loss and the metrics of ``data``, as ``keras.Model.test_step``; a subclass of ``Model`` may override it.

    Parameters and the result are those of :meth:`train_step`.
    """
    require_loss(model, "test_step")
    samples = validate_arrays(model, *unpack_x_y_sample_weight(data))
    build_with_loss(model, samples.shape, "test_step")
    batch = load(model, model.ops, samples.batch(slice(None)))
    return _recorded(model, steps.test_step(model, model.ops, model.trained(), batch))


def predict_step(model: Trainable, data: Any) -> Any:
    """Return the outputs for ``data``, ``(x,)``, as ``keras.Model.predict_step``; a subclass of ``Model`` may override it."""
    samples = validate_input(model, unpack_x_y_sample_weight(data)[0], None)
    ensure_built(model, samples.shape)
    host_batch, output = samples.batch(slice(None)), Predictions(samples.size, model.in_output_form)
    output.add(predict_batch(model, model.ops, host_batch), host_batch)
    return output.whole()


def step_metrics(model: Trainable) -> StepMetrics:
    """Return the mean loss and the metrics of a compiled and built model, the same until it is compiled anew."""
    found: StepMetrics | None = vars(model).get("_step_metrics")
    if found is None or found.outputs is not model.compiled_outputs:
        vars(model)["_step_metrics"] = found = StepMetrics(model)
    return found


def compute_loss(
    model: Trainable, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
) -> float:
    """Compute the compiled loss of outputs, with the penalties of weights, as ``keras.Model.compute_loss``.

    Parameters
    ----------
    model : Model
        A compiled and built model.
    x, training
        In Keras's places, without effect.
    y, y_pred, sample_weight : array, or list or dict of arrays
        Targets, outputs and weights, in the form of the model's outputs.

    Raises
    ------
    ValueError
        For a model with losses of ``add_loss``: outputs do not tell them.
    """
    require_loss(model, "compute_loss")
    if model.adds_losses:
        raise ValueError(
            f"{model.name} has losses of add_loss, which its outputs do not tell. Take the loss that "
            "model.value_and_gradients(x, y) returns, or model.evaluate(x, y)."
        )
    trained, value = model.trained(), 0.0
    triples = zip(*(_in_order(model, one) for one in (y, y_pred, sample_weight)), strict=True)
    for output, (target, predicted, weight) in zip(model.compiled_outputs, triples, strict=True):
        if output.loss is not None:
            value += output.weight * float(output.loss(target, predicted, weight))
    return value + (trained.penalty() if trained.regularized else 0.0)


def compute_metrics(model: Trainable, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
    """Add a batch to the compiled metrics and return :meth:`get_metrics_result`, as ``keras.Model.compute_metrics``.

    Parameters are those of :meth:`compute_loss`.
    """
    step_metrics(model).update(_in_order(model, y), _in_order(model, y_pred), _in_order(model, sample_weight))
    return get_metrics_result(model)


def get_metrics_result(model: Trainable) -> Logs:
    """Return the results of all :attr:`metrics` by name, those of the mean ``loss`` among them."""
    attribute: Any = type(model).metrics
    if is_of_package(attribute.fget.__module__):
        return step_metrics(model).results()
    return {metric.name: metric.result() for metric in model.metrics}


def reset_metrics(model: Trainable) -> None:
    """Forget all batches in :attr:`metrics`, as each epoch does first."""
    for metric in model.metrics:
        metric.reset_state()


def _recorded(model: Trainable, result: StepResult) -> Logs:
    """Add the result of a step to the metrics, and return their results."""
    metrics = step_metrics(model)
    metrics.loss.update_state(float(result.loss), result.size)
    for output, (plain, weighted) in zip(result.outputs, metrics.by_output, strict=True):
        for metric in plain:
            metric.update(model.ops, output.y, output.target, output.plain)
        for metric in weighted:
            metric.update(model.ops, output.y, output.target, output.weighted)
    return get_metrics_result(model)


def _in_order(model: Trainable, value: Any) -> list[Any]:
    """Return the entries of a value in the order of the outputs; None is None for each."""
    count = len(model.compiled_outputs)
    if value is None:
        return [None] * count
    if isinstance(value, Mapping):
        return [value.get(output.name) for output in model.compiled_outputs]
    return [value] if model.has_one_output else list(value)
