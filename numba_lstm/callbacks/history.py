"""History: records the logs of each epoch. ``fit`` returns it."""

from __future__ import annotations

from .base import Callback, Logs


class History(Callback):
    """The loss and metrics of each epoch, as ``keras.callbacks.History``.

    Attributes
    ----------
    history : dict
        Lists of one number an epoch: of ``loss`` and the metrics, and with validation of ``val_loss`` and so on.
    epoch : list of int
        The epochs, counted from 0.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset the list of epochs."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append the logs."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
