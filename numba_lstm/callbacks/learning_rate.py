"""LearningRateScheduler and ReduceLROnPlateau: callbacks that set the learning rate."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from ..inputs import as_count, as_number
from .base import Callback, Logs
from .monitor import MonitorCallback


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch, as ``keras.callbacks.LearningRateScheduler``.

    Parameters
    ----------
    schedule : function
        ``schedule(epoch, rate) -> rate``, epochs from 0; or ``schedule(epoch) -> rate``.
    verbose : int
        Print the new rate if 1.

    Raises
    ------
    TypeError
        For a function of other arguments, and at the start of an epoch for a rate that is no number.
    """

    adds_keys = ("learning_rate",)

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes(schedule, 2)
        if not self._takes_rate and not _takes(schedule, 1):
            raise TypeError("the schedule must be a function (epoch, rate) -> rate or (epoch) -> rate.")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Raise TypeError if the rate follows a schedule of the optimizer."""
        optimizer = self.model.optimizer
        optimizer.learning_rate = optimizer.learning_rate

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        optimizer = self.model.optimizer
        arguments = (epoch, float(optimizer.learning_rate)) if self._takes_rate else (epoch,)
        optimizer.learning_rate = as_number(self.schedule(*arguments), "what the schedule returns", "[0, inf)")
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {optimizer.learning_rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the rate to the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes(function: Callable[..., float], count: int) -> bool:
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    return True


class ReduceLROnPlateau(MonitorCallback):
    """Reduces the rate once ``monitor`` has not improved for ``patience`` epochs, as ``keras.callbacks.ReduceLROnPlateau``.

    Parameters
    ----------
    monitor, mode, min_delta
        See :class:`MonitorCallback`.
    factor : float
        Factor by which the rate is multiplied, in (0, 1).
    patience : int
        Number of epochs without improvement after which the rate is reduced.
    verbose : int
        Print the new rate if 1.
    cooldown : int
        Number of epochs after a reduction that are not counted.
    min_lr : float
        Lower bound of the rate.
    """

    adds_keys = ("learning_rate",)

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor = as_number(factor, "factor", "(0, 1)")
        self.patience = as_count(patience, "patience", at_least=0)
        self.verbose = verbose
        self.cooldown = as_count(cooldown, "cooldown", at_least=0)
        self.min_lr = as_number(min_lr, "min_lr", "[0, inf)")
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset the state of an earlier ``fit``."""
        super().on_train_begin(logs)
        self.best = None
        self.wait = self.cooldown_counter = 0
        optimizer = self.model.optimizer
        optimizer.learning_rate = optimizer.learning_rate  # raises now, not at the first plateau, if it follows a schedule

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare the monitored value with that of the best epoch."""
        optimizer = self.model.optimizer
        if logs is not None:
            logs["learning_rate"] = float(optimizer.learning_rate)
        current = self.value(logs)
        if current is None:
            return
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(current, self.best):
            self.best, self.wait = current, 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience and optimizer.learning_rate > self.min_lr:
                optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {optimizer.learning_rate}.")
