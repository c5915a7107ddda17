"""The loop of evaluate, which computes the loss and the metrics of batches."""

from __future__ import annotations

from typing import Any

from ...callbacks import CallbackList
from ...callbacks.base import Logs
from ..data.data_adapters import evaluation_batches
from ..data.epochs import Batches
from ..protocols import Trainable
from .custom_steps import StepLogs, overrides
from .metric_tracker import MetricTracker
from .preparation import as_verbose, build_with_loss, require_loss
from .shards import batches_of_all
from .steps import test_host_batch


def evaluate(
    model: Trainable,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: str | int = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
    *,
    lengths: Any = None,
) -> Any:
    """Compute the loss and the metrics on data, as ``keras.Model.evaluate``.

    Parameters
    ----------
    model : Sequential
        A compiled model.
    x, y, sample_weight, batch_size, verbose, callbacks, lengths
        As :func:`numba_lstm.training.fit`'s.
    steps : int, optional
        So many batches instead of all; not for sequences of unequal lengths, which do not come in their order.
    return_dict : bool
        Return a dict.

    Returns
    -------
    float, list or dict
        The loss; with metrics a list ``[loss, *metrics]``; or a dict of them.

    Raises
    ------
    TypeError, ValueError
        Before ``compile``, and for anything that fits neither the model nor each other.
    """
    require_loss(model, "evaluate")
    shown = as_verbose(verbose)
    batches = evaluation_batches(model, x, y, sample_weight, batch_size=batch_size, steps=steps, lengths=lengths)
    listeners = CallbackList(callbacks, model=model, verbose=shown, epochs=1, steps=batches.steps)
    build_with_loss(model, batches.input_shape, "evaluate")
    tracker = evaluation_tracker(model)
    run_evaluation(model, batches, tracker, listeners)
    return tracker.result(return_dict)


def evaluation_tracker(model: Trainable) -> MetricTracker | StepLogs:
    """Return what has the loss and the metrics of an evaluation: the logs of a step that the model's class overrides."""
    return StepLogs(model, "test_step") if overrides(model, "test_step") else MetricTracker(model)


def run_evaluation(model: Trainable, batches: Batches, tracker: MetricTracker | StepLogs, listeners: CallbackList) -> Logs:
    """Compute the loss and the metrics in one pass over ``batches``."""
    ops, trained = model.ops, model.trained()
    begin = listeners.batch_begin("on_test_batch_begin")
    end = listeners.batch_end("on_test_batch_end", tracker.logs)
    listeners.call("on_test_begin", {})
    tracker.reset()
    epoch = batches.epoch() if model.strategy is None else batches_of_all(model.strategy, batches)
    for step, host_batch in enumerate(epoch):
        if begin is not None:
            begin(step)
        if isinstance(tracker, StepLogs):
            tracker.run(host_batch)
        else:
            tracker.add(ops, test_host_batch(model, ops, trained, host_batch))
        if end is not None:
            end(step)
    logs = tracker.logs()
    listeners.call("on_test_end", logs)
    return logs
