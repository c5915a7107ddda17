"""MonitorCallback: what callbacks share that watch one number of the logs."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..inputs import as_number
from ..spelling import meant, nearest
from .base import Callback, Logs


class MonitorCallback(Callback):
    """Knows the best value so far of ``monitor``.

    Parameters
    ----------
    monitor : str
        A key of the logs, ``"val_loss"``.
    mode : "auto", "min" or "max"
        What is better; ``"auto"`` knows it for the loss and for the model's metrics.
    min_delta : float
        A smaller change is no improvement.
    best : float, optional
        The value to improve on at first.

    Raises
    ------
    ValueError
        For another mode; and when training begins, for a key that no epoch has, and where ``"auto"`` does not know.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0, best: float | None = None) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}.")
        if not isinstance(monitor, str):
            raise TypeError(f"monitor must be a key of the logs, as 'val_loss', got {monitor!r}.")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(as_number(min_delta, "min_delta"))
        self.best = None if best is None else as_number(best, "the value to improve on")
        self._sign = 1.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Find out what is better."""
        if self.watched_keys is not None and self.monitor not in self.watched_keys:
            raise ValueError(self._unknown(self.watched_keys))
        self._sign = 1.0 if self._direction() == "min" else -1.0

    @property
    def watched_keys(self) -> tuple[str, ...] | None:
        """The keys that the watched logs will have, None where nobody knows."""
        return self.epoch_keys

    def _unknown(self, keys: tuple[str, ...]) -> str:
        """The sentence about a ``monitor`` that is none of ``keys``."""
        here = f"{type(self).__name__} watches {self.monitor!r}"
        if self.monitor.removeprefix("val_") in keys:
            return f"{here}, but there is only {', '.join(keys)}. Give validation data, or another monitor."
        return f"{here}, which no epoch has{nearest(self.monitor, keys)}"

    def _direction(self) -> str:
        if self.mode != "auto":
            return self.mode
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return "min"
        metrics: list[Any] = self.model.metrics
        for metric in metrics:
            if metric.name == name:
                return str(metric.direction)
        known = ["loss", *(metric.name for metric in metrics)]
        here = f"{type(self).__name__} cannot tell whether {self.monitor!r} should fall or rise; it knows {', '.join(known)}. "
        alike = meant(name, known)
        if alike is not None:  # to give a mode would let it watch a number that no epoch has
            right = self.monitor.removesuffix(name) + alike
            raise ValueError(f"{here}Did you mean {right!r}? If not, give mode='min' or mode='max'.")
        raise ValueError(f"{here}Give mode='min' or mode='max'.")

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether ``value`` is better than ``reference`` by more than ``min_delta``; any number is where there is none.

        NaN is never better, and no reference.
        """
        if math.isnan(value):
            return False
        return reference is None or math.isnan(reference) or self._sign * (reference - value) > self.min_delta

    def value(self, logs: Logs | None) -> float | None:
        """The watched number; None with a warning where it is not in the logs."""
        if not logs or self.monitor not in logs:
            known = ", ".join(logs or {}) or "nothing"
            hint = "What has no such number is left out."
            warnings.warn(f"{type(self).__name__} watches {self.monitor!r}, but the logs hold {known}. {hint}", stacklevel=2)
            return None
        return logs[self.monitor]
