"""Loss and metrics of an epoch, read from the device as rarely as possible."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ...callbacks.base import Logs
from ...kernels.contract import Array, Ops
from ...metrics import Metric
from ...metrics.base import MAX_PENDING
from ..protocols import Trainable


class StepResult(NamedTuple):
    """Loss, output and weights of a step, for the metrics."""

    loss: Any  #: can be converted by ``float()``
    y: Array
    target: Array
    plain: Array | None  #: weights for metrics that leave sample weights out
    weighted: Array | None  #: weights for those that count them
    size: float  #: samples


class MetricTracker:
    """Means of the loss, weighted by batch sizes, and metrics over the batches since the last reset, as in Keras.

    Parameters
    ----------
    model : Sequential
        Compiled and built.
    not_finite : function, optional
        Called with the step (from 0) and the value of the first loss since the reset that is not finite.

    Raises
    ------
    ValueError
        For a metric that does not fit the loss.
    """

    def __init__(self, model: Trainable, not_finite: Callable[[int, float], None] | None = None) -> None:
        assert model.loss is not None
        shape, spec = model.output_shape, model.loss.spec
        self._plain = [metric.for_output(shape, spec) for metric in model.metrics_list]
        self._weighted = [metric.for_output(shape, spec) for metric in model.weighted_metrics_list]
        self._metrics = _named(self._plain, self._weighted)
        self._not_finite = not_finite
        self.reset()

    @property
    def names(self) -> list[str]:
        """The keys of the logs."""
        return ["loss", *self._metrics]

    def reset(self) -> None:
        """Begin an epoch."""
        self.steps = 0
        self._pending: list[tuple[Any, float]] = []
        self._total = self._samples = 0.0
        for metric in self._metrics.values():
            metric.reset_state()

    def add(self, ops: Ops, result: StepResult) -> None:
        """Add the result of a batch."""
        self.steps += 1
        loss, y, target, plain, weighted, size = result
        self._pending.append((loss, size))
        for metric in self._plain:
            metric.update(ops, y, target, plain)
        for metric in self._weighted:
            metric.update(ops, y, target, weighted)
        if len(self._pending) >= MAX_PENDING:
            self._read()

    def logs(self) -> Logs:
        """Return the loss (NaN before the first batch) and the metrics so far."""
        self._read()
        loss = self._total / self._samples if self._samples else math.nan
        return {"loss": loss, **{name: metric.result() for name, metric in self._metrics.items()}}

    def result(self, return_dict: bool) -> float | list[float] | Logs:
        """Return the result of ``evaluate``: the loss, with metrics a list, or a dict."""
        logs = self.logs()
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _read(self) -> None:
        first = self.steps - len(self._pending)
        for step, (value, size) in enumerate(self._pending, first):
            loss = float(value)
            if self._not_finite is not None and not math.isfinite(loss) and math.isfinite(self._total):
                self._not_finite(step, loss)
            self._total += loss * size
            self._samples += size
        self._pending.clear()


def _named(plain: list[Metric], weighted: list[Metric]) -> dict[str, Metric]:
    """Return the metrics by their keys in the logs; a second one with a name gets a number, as in Keras."""
    named: dict[str, Metric] = {}
    for prefix, metrics in (("", plain), ("weighted_", weighted)):
        for metric in metrics:
            name = metric.name if metric.name not in named else f"{prefix}{metric.name}"
            number = 1
            unique = name
            while unique in named or unique == "loss":
                unique, number = f"{name}_{number}", number + 1
            named[unique] = metric
    return named
