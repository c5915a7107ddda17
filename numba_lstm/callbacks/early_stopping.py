"""EarlyStopping: ends training when a monitored value no longer improves."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ..inputs import as_count, as_number
from .base import Logs
from .monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Ends ``fit`` once ``monitor`` has not improved for ``patience`` epochs, as ``keras.callbacks.EarlyStopping``.

    Parameters
    ----------
    monitor, min_delta, mode
        See :class:`MonitorCallback`.
    patience : int
        Number of epochs without improvement after which training ends.
    verbose : int
        Print a line at the end if 1.
    baseline : float, optional
        Only a value better than the baseline resets the count of epochs.
    restore_best_weights : bool
        Restore the weights of the best epoch at the end.
    start_from_epoch : int
        Number of first epochs that are ignored.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = as_count(patience, "patience", at_least=0)
        self.verbose = verbose
        self.baseline = None if baseline is None else as_number(baseline, "baseline")
        self.restore_best_weights = bool(restore_best_weights)
        self.start_from_epoch = as_count(start_from_epoch, "start_from_epoch", at_least=0)
        self._reset()

    def _reset(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = None
        self.best_weights: list[npt.NDArray[Any]] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset the state of an earlier ``fit``."""
        super().on_train_begin(logs)
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare the monitored value with that of the best epoch."""
        current = self.value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        better = self.improves(current, self.best)
        if self.restore_best_weights and (better or self.best_weights is None):
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if better:
            self.best, self.best_epoch = current, epoch
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restore the best weights."""
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
