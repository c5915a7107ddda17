"""Loss and metrics of an epoch, read from the device as rarely as possible."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...callbacks.base import Logs
from ...kernels.contract import Array, Ops
from ...metrics import Metric
from ...metrics.base import MAX_PENDING
from ..protocols import Trainable


class OutputResult(NamedTuple):
    """Loss, values and weights of an output in a step."""

    loss: Any  #: without its weight in a model of several outputs; None without a loss
    y: Any  #: an array; None where there are no metrics
    target: Array | None
    plain: Array | None  #: weights for metrics that leave sample weights out
    weighted: Array | None  #: weights for those that count them


class StepResult(NamedTuple):
    """Loss and outputs of a step, for the metrics."""

    loss: Any  #: can be converted by ``float()``
    outputs: list[OutputResult]
    size: float  #: samples
    shards: list[list[OutputResult]] | None = None  #: for the metrics in place of ``outputs``, whose losses alone count then


class _Mean:
    """Mean of a loss over batches, weighted by their sizes; it is read from the device as rarely as possible."""

    def __init__(self) -> None:
        self.pending: list[tuple[Any, float]] = []
        self.total = self.samples = 0.0

    def read(self, not_finite: Callable[[int, float], None] | None = None, first: int = 0) -> float:
        """Return the mean so far, NaN before the first batch; ``first`` is the step of the first pending loss."""
        for step, (value, size) in enumerate(self.pending, first):
            loss = float(value)
            if not_finite is not None and not math.isfinite(loss) and math.isfinite(self.total):
                not_finite(step, loss)
            self.total += loss * size
            self.samples += size
        self.pending.clear()
        return self.total / self.samples if self.samples else math.nan


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
        outputs = model.compiled_outputs
        several = len(outputs) > 1
        shapes = model.output_shape if several else [model.output_shape]
        self.metrics: dict[str, Metric] = {}
        self.by_output: list[tuple[list[Metric], list[Metric]]] = []  #: plain and weighted ones
        self._updates: list[tuple[int, Metric, bool]] = []  #: an output, a metric of it, and whether it counts weights
        for index, (output, shape) in enumerate(zip(outputs, shapes, strict=True)):
            if output.loss is None or not (output.metrics or output.weighted_metrics):
                self.by_output.append(([], []))
                continue
            plain, weighted = (
                [metric.for_output(shape, output.loss.spec) for metric in metrics]
                for metrics in (output.metrics, output.weighted_metrics)
            )
            self.by_output.append((plain, weighted))
            self._updates += [(index, metric, False) for metric in plain] + [(index, metric, True) for metric in weighted]
            prefix = f"{output.name}_" if several else ""
            self.metrics |= {f"{prefix}{name}": metric for name, metric in _named(plain, weighted).items()}
        with_loss = [index for index, output in enumerate(outputs) if output.loss is not None]
        self._losses = {index: f"{outputs[index].name}_loss" for index in with_loss} if len(with_loss) > 1 else {}
        self._not_finite = not_finite
        self.reset()

    @property
    def names(self) -> list[str]:
        """The keys of the logs."""
        return ["loss", *self._losses.values(), *self.metrics]

    def reset(self) -> None:
        """Begin an epoch."""
        self.steps = 0
        self._mean, self._means = _Mean(), {index: _Mean() for index in self._losses}
        for metric in self.metrics.values():
            metric.reset_state()

    def add(self, ops: Ops, result: StepResult) -> None:
        """Add the result of a batch."""
        self.steps += 1
        self._mean.pending.append((result.loss, result.size))
        for index, mean in self._means.items():
            mean.pending.append((result.outputs[index].loss, result.size))
        for outputs in [result.outputs] if result.shards is None else result.shards:
            for index, metric, weighted in self._updates:
                output = outputs[index]
                metric.update(ops, output.y, output.target, output.weighted if weighted else output.plain)
        if len(self._mean.pending) >= MAX_PENDING:
            self._read()

    def logs(self) -> Logs:
        """Return the loss (NaN before the first batch), those of several outputs, and the metrics so far."""
        losses = {"loss": self._read()} | {self._losses[index]: mean.read() for index, mean in self._means.items()}
        return {**losses, **{name: _plain(metric.result()) for name, metric in self.metrics.items()}}

    def result(self, return_dict: bool) -> float | list[float] | Logs:
        """Return the result of ``evaluate``: the loss, with metrics a list, or a dict."""
        logs = self.logs()
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _read(self) -> float:
        return self._mean.read(self._not_finite, self.steps - len(self._mean.pending))


def _plain(value: Any) -> Any:
    """Return a result as a float if it is one number."""
    return float(value) if not isinstance(value, float) and np.ndim(value) == 0 else value


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
