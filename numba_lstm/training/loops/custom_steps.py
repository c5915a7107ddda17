"""Steps that a user's class overrides: their data, their metrics, and the logs that they return."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...callbacks.base import Logs
from ...metrics import Mean, Metric
from ...objects.subclassing import is_of_package
from ..batches import HostBatch, as_tuple, each
from ..protocols import Trainable
from .metric_tracker import MetricTracker


def overrides(model: Trainable, step: str) -> bool:
    """Return whether the class of ``model`` overrides ``train_step``, ``test_step`` or ``predict_step``."""
    return not is_of_package(getattr(type(model), step).__module__)


def step_data(model: Trainable, host_batch: HostBatch) -> tuple[Any, ...]:
    """Return a batch as a step takes it: ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``, in the forms of the model.

    Raises
    ------
    ValueError
        For sequences of unequal lengths: a step has no mask.
    """
    samples, rows = host_batch.samples, host_batch.rows
    if samples.mask is not None:
        raise ValueError(
            f"a step of {type(model).__name__} takes x, y and sample_weight, and no mask, but sequences have unequal lengths. "
            "Pad them, and put a Masking layer first."
        )
    x, y, weight = (each(lambda array: array[rows], value) for value in (samples.x, samples.target, samples.weight))
    given = model.in_input_form(as_tuple(x))
    if y is None:
        return (given,)
    targets, weights = (value if value is None else model.in_output_form(as_tuple(value)) for value in (y, weight))
    return (given, targets) if weight is None else (given, targets, weights)


class StepMetrics:
    """The mean loss and the metrics of a compiled and built model whose class overrides steps."""

    def __init__(self, model: Trainable) -> None:
        self.outputs = model.compiled_outputs
        tracker = MetricTracker(model)
        self.loss, self.named, self.by_output = Mean("loss"), tracker.metrics, tracker.by_output

    @property
    def all(self) -> list[Metric]:
        """The mean loss, and all metrics."""
        return [self.loss, *self.named.values()]

    def results(self) -> Logs:
        """Return the mean loss and the metrics so far, by name."""
        return {"loss": self.loss.result(), **{name: metric.result() for name, metric in self.named.items()}}

    def update(self, y: Sequence[Any], y_pred: Sequence[Any], weights: Sequence[Any]) -> None:
        """Add the targets, outputs and weights of a batch, each with an entry for an output, to the metrics."""
        for (plain, weighted), target, output, weight in zip(self.by_output, y, y_pred, weights, strict=True):
            for metric in plain:
                metric.update_state(target, output)
            for metric in weighted:
                metric.update_state(target, output, weight)


class StepLogs:
    """Logs of a step that a user's class overrides: those of the last batch, whose metrics count all since a reset.

    Parameters
    ----------
    model : Trainable
        Compiled and built.
    step : str
        The name of the step.
    not_finite : function, optional
        Called with the step (from 0) and the value of each loss that is not finite.
    """

    names = None  #: of the logs: they are not known before a step

    def __init__(self, model: Trainable, step: str, not_finite: Callable[[int, float], None] | None = None) -> None:
        self._model, self._step, self._not_finite = model, step, not_finite
        self.reset()

    def reset(self) -> None:
        """Begin an epoch."""
        self.steps = 0
        self._logs: Logs = {}
        for metric in self._model.metrics:
            metric.reset_state()

    def run(self, host_batch: HostBatch) -> None:
        """Take the step on a batch.

        Raises
        ------
        TypeError
            If it returns anything but a dict of names and numbers.
        """
        returned = getattr(self._model, self._step)(step_data(self._model, host_batch))
        if not isinstance(returned, Mapping):
            raise TypeError(
                f"{type(self._model).__name__}.{self._step} must return a dict of names and numbers, got "
                f"{type(returned).__name__}. Return self.compute_metrics(x, y, y_pred), or {{'loss': loss}}."
            )
        self._logs = {str(name): _as_log(value) for name, value in returned.items()}
        loss = self._logs.get("loss")
        if self._not_finite is not None and isinstance(loss, float) and not math.isfinite(loss):
            self._not_finite(self.steps, loss)
        self.steps += 1

    def logs(self) -> Logs:
        """Return the logs of the last batch."""
        return dict(self._logs)

    def result(self, return_dict: bool) -> Any:
        """Return the logs: a dict, or a list with the loss first, or the only one."""
        if return_dict:
            return self.logs()
        names = sorted(self._logs, key=lambda name: name != "loss")
        values = [self._logs[name] for name in names]
        return values[0] if len(values) == 1 else values


def _as_log(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 and not isinstance(value, str) else value
