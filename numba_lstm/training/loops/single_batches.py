"""One batch in place of a loop: train_on_batch, test_on_batch and predict_on_batch."""

from __future__ import annotations

from typing import Any

from ..batches import Ragged, Samples, as_tuple
from ..data.array_validation import validate_arrays, validate_input
from ..protocols import Trainable
from ..repeated_arrays import remember_arrays, repeated_samples
from .custom_steps import StepLogs, overrides, step_data
from .metric_tracker import MetricTracker
from .prediction import Predictions, predict_batch, predict_repeated
from .preparation import build_with_loss, ensure_built, require_loss
from .steps import test_host_batch, train_host_batch


def train_on_batch(
    model: Trainable,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    return_dict: bool = False,
    *,
    lengths: Any = None,
) -> Any:
    """Train on one batch: take one step of the optimizer.

    Parameters
    ----------
    model : Sequential
        A compiled model; it is built for ``x`` if it is not built yet.
    x, y, sample_weight, class_weight, lengths
        As :func:`fit`'s arrays, taken as one batch.
    return_dict : bool
        Return a dict.

    Returns
    -------
    float, list or dict
        The loss of this batch from before the step; with metrics a list ``[loss, *metrics]``; or a dict of them.
        (Keras 3 returns means over all calls so far.)

    Raises
    ------
    TypeError, ValueError
        As :func:`fit`.
    """
    samples = _samples(model, "train_on_batch", x, y, sample_weight, class_weight, lengths)
    assert model.optimizer is not None
    trained = model.trained()
    model.optimizer.build(trained.weights)
    if overrides(model, "train_step"):
        logs = StepLogs(model, "train_step")
        logs.run(samples.batch(slice(None)))
        model.constrain()
        return logs.result(return_dict)
    ops, tracker = model.ops, MetricTracker(model)
    tracker.add(ops, train_host_batch(model, ops, trained, samples.batch(slice(None)))[0])
    return tracker.result(return_dict)


def test_on_batch(  # noqa: PT028 - no test, but Keras's name
    model: Trainable,
    x: Any,
    y: Any = None,  # noqa: PT028
    sample_weight: Any = None,  # noqa: PT028
    return_dict: bool = False,  # noqa: PT028
    *,
    lengths: Any = None,  # noqa: PT028
) -> Any:
    """Compute the loss and the metrics of one batch.

    Parameters
    ----------
    model : Sequential
        A compiled model.
    x, y, sample_weight, lengths
        As :func:`evaluate`'s arrays, taken as one batch.
    return_dict : bool
        Return a dict.

    Returns
    -------
    float, list or dict
        As :func:`evaluate`, of this batch alone.

    Raises
    ------
    TypeError, ValueError
        As :func:`evaluate`.
    """
    samples = _samples(model, "test_on_batch", x, y, sample_weight, None, lengths)
    if overrides(model, "test_step"):
        logs = StepLogs(model, "test_step")
        logs.run(samples.batch(slice(None)))
        return logs.result(return_dict)
    ops, tracker = model.ops, MetricTracker(model)
    tracker.add(ops, test_host_batch(model, ops, model.trained(), samples.batch(slice(None))))
    return tracker.result(return_dict)


def _samples(
    model: Trainable, method: str, x: Any, y: Any, sample_weight: Any, class_weight: Any, lengths: Any
) -> Samples | Ragged:
    """Return the samples of a batch for a model that is compiled, and built for them if it is not built yet."""
    require_loss(model, method)
    alone = sample_weight is None and class_weight is None and lengths is None
    repeated = repeated_samples(model, x, y) if alone else None
    if repeated is not None:
        return repeated
    samples = validate_arrays(model, x, y, sample_weight, class_weight, lengths)
    build_with_loss(model, samples.shape, method)
    if alone:
        remember_arrays(model, x, y, samples)
    return samples


def predict_on_batch(model: Trainable, x: Any, *, lengths: Any = None) -> Any:
    """Compute the output for ``x`` in one batch, as :func:`predict`.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    repeated = predict_repeated(model, x) if lengths is None else None
    if repeated is not None:
        return repeated
    samples = validate_input(model, x, lengths)
    ensure_built(model, samples.shape)
    if overrides(model, "predict_step"):
        return model.predict_step(step_data(model, samples.batch(slice(None)))[:1])
    y = model.prediction_plans(samples.x) if isinstance(samples, Samples) and samples.mask is None else None
    if y is not None:
        return model.in_output_form(as_tuple(y))
    host_batch, output = samples.batch(slice(None)), Predictions(samples.size, model.in_output_form)
    output.add(predict_batch(model, model.ops, host_batch), host_batch)
    return output.whole()
