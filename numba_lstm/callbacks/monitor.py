"""MonitorCallback: base class of callbacks that watch one value of the logs."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..inputs import as_number
from ..naming.names import snake_case
from ..naming.spelling import correction, nearest
from .base import Callback, Logs


class MonitorCallback(Callback):
    """A callback that tracks the best value of ``monitor`` so far.

    Parameters
    ----------
    monitor : str
        Key of the logs, as ``"val_loss"``.
    mode : "auto", "min" or "max"
        Whether smaller or larger values are better. ``"auto"`` decides for the loss and the model's metrics.
    min_delta : float
        Minimum change that counts as an improvement.
    best : float, optional
        Initial value that must be improved on.

    Raises
    ------
    ValueError
        For another mode; and at the start of training for a key that no epoch has, and if ``"auto"`` cannot decide. A key of
        validation data that are missing is a warning after each epoch, as in Keras. So is a key of Keras 2, as
        ``"val_mean_absolute_error"`` for ``"val_mae"``, with a mode.
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
        """Check the monitor and determine whether smaller or larger values are better."""
        keys = self.watched_keys
        missing = keys is not None and self.monitor not in keys and not self._lacks_validation(keys)
        if keys is not None and missing and (self.mode == "auto" or not self._key_of_long_name()):
            raise ValueError(self._unknown(keys))
        self._sign = 1.0 if self._direction() == "min" else -1.0

    @property
    def watched_keys(self) -> tuple[str, ...] | None:
        """Keys of the logs that are watched, None if they are unknown."""
        return self.epoch_keys

    def _unknown(self, keys: tuple[str, ...]) -> str:
        """Return the error for a ``monitor`` that is not among ``keys``."""
        return f"{type(self).__name__} watches {self.monitor!r}, which no epoch has{nearest(self.monitor, keys)}"

    def _lacks_validation(self, keys: tuple[str, ...]) -> bool:
        """Return whether the epochs would have the monitor with validation data: without, each epoch warns, as in Keras."""
        return self.monitor.startswith("val_") and self.monitor.removeprefix("val_") in keys

    def _key_of_long_name(self) -> str:
        """Return the key that Keras 2 named as the monitor, by the class of its metric: ``val_mae``; an empty text for none."""
        name = self.monitor.removeprefix("val_")
        for metric in self.model.metrics:
            if name == snake_case(type(metric).__name__):
                return self.monitor.removesuffix(name) + str(metric.name)
        return ""

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
        start = f"{type(self).__name__} cannot tell whether {self.monitor!r} should fall or rise; it knows {', '.join(known)}. "
        match = correction(name, known)
        if match is not None:  # a mode would not help, since no epoch has the misspelled key
            key = self.monitor.removesuffix(name) + match
            raise ValueError(f"{start}Did you mean {key!r}? If not, give mode='min' or mode='max'.")
        raise ValueError(f"{start}Give mode='min' or mode='max'.")

    def improves(self, value: float, reference: float | None) -> bool:
        """Return whether ``value`` is better than ``reference`` by more than ``min_delta``.

        Any number is better than no reference or NaN. NaN is never better.
        """
        if math.isnan(value):
            return False
        return reference is None or math.isnan(reference) or self._sign * (reference - value) > self.min_delta

    def value(self, logs: Logs | None) -> float | None:
        """Return the watched value, or None with a warning if the logs lack it."""
        if not logs or self.monitor not in logs:
            known = ", ".join(logs or {}) or "nothing"
            never = self.monitor not in (self.watched_keys or (self.monitor,))
            hint = "Give validation data, or another monitor." if never else "What has no such number is left out."
            hint = f"Write {key!r}." if (key := self._key_of_long_name()) in (self.watched_keys or ()) else hint
            warnings.warn(f"{type(self).__name__} watches {self.monitor!r}, but the logs hold {known}. {hint}", stacklevel=2)
            return None
        return logs[self.monitor]
