"""ModelCheckpoint: save the model while it is trained."""

from __future__ import annotations

import os
from pathlib import Path

from ..inputs import as_count
from .base import Logs
from .monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves the model after each epoch or every so many batches, as ``keras.callbacks.ModelCheckpoint``.

    Parameters
    ----------
    filepath : path
        May have the fields ``{epoch}`` (from 1), ``{batch}`` and the keys of the logs: ``"{epoch:02d}-{val_loss:.3f}.nlstm"``.
        Missing folders are made.
    monitor, mode
        As :class:`MonitorCallback`'s.
    verbose : int
        1 says what is saved.
    save_best_only : bool
        Save only where ``monitor`` has improved.
    save_weights_only : bool
        False: a file holds a whole model.
    save_freq : "epoch" or int
        When to save: after each epoch, or each so many batches.
    initial_value_threshold : float, optional
        The value to improve on at first.

    Raises
    ------
    TypeError, ValueError
        For arguments that are none of these.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, best=initial_value_threshold)
        if save_weights_only:
            raise ValueError("ModelCheckpoint takes save_weights_only=False only: a file holds a whole model. Leave it out.")
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = bool(save_best_only)
        self.save_freq = save_freq if save_freq == "epoch" else as_count(save_freq, "save_freq, unless it is 'epoch',")
        self._epoch = self._batches = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Find out what is better, if it matters."""
        if self.save_best_only:
            super().on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def wants_batch_end(self, batch: int) -> bool:
        """Every ``save_freq`` batches."""
        self._batches += 1
        return isinstance(self.save_freq, int) and self._batches % self.save_freq == 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save."""
        self._save(self._epoch, logs or {}, batch=batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if that is when."""
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: Logs, **fields: int) -> None:
        if self.save_best_only:
            current = self.value(logs)  # without one, saving is the safer mistake
            if current is not None and not self.improves(current, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {self.best:.5f}")
                return
            self.best = current
        path = Path(self._path(epoch, logs, fields))
        path.parent.mkdir(parents=True, exist_ok=True)
        self.model.save(path)
        self._say(epoch, f"saved model to {path}")

    def _path(self, epoch: int, logs: Logs, fields: dict[str, int]) -> str:
        try:
            return self.filepath.format(epoch=epoch + 1, **fields, **logs)
        except KeyError as error:
            known = ", ".join(["epoch", *fields, *logs])
            raise KeyError(f"the filepath {self.filepath!r} asks for {error}, but there is only {known}.") from error

    def _say(self, epoch: int, what: str) -> None:
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: {what}")
