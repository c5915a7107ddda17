"""ModelCheckpoint: saves the model during training."""

from __future__ import annotations

import os
import warnings

from ...inputs import as_count
from ..base import Logs
from ..monitor import MonitorCallback
from .filepath import FilepathTemplate


class ModelCheckpoint(MonitorCallback):
    """Saves the model after each epoch or each ``save_freq`` batches, as ``keras.callbacks.ModelCheckpoint``.

    Parameters
    ----------
    filepath : path
        May have the fields ``{epoch}`` (from 1), ``{batch}`` and the keys of the logs: ``"{epoch:02d}-{val_loss:.3f}.nlstm"``.
        Missing folders are created.
    monitor, mode
        See :class:`MonitorCallback`.
    verbose : int
        Print what is saved if 1.
    save_best_only : bool
        Save only if ``monitor`` has improved. An epoch without it, or with NaN, is not saved.
    save_weights_only : bool
        If True, save the weights and the optimizer's state, as :meth:`numba_lstm.Sequential.save_weights` does, to a file path
        that ends in ``.weights.h5``. If False, save the whole model.
    save_freq : "epoch" or int
        Save after each epoch, or after each ``save_freq`` batches.
    initial_value_threshold : float, optional
        Initial value that must be improved on.

    Raises
    ------
    TypeError, ValueError
        For other arguments; and at the start of training for a field or a monitor that no logs have, and for a model that
        ``model.save`` cannot save.
    OSError
        At the start of training, for a file that cannot be written.
    """

    writes_files = True

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
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = bool(save_best_only)
        self.save_weights_only = bool(save_weights_only)
        self.save_freq = save_freq if save_freq == "epoch" else as_count(save_freq, "save_freq, unless it is 'epoch',")
        self._template = FilepathTemplate(filepath, batches=self.save_freq != "epoch")
        self._check_suffix()
        self._epoch = self._batches = 0

    @property
    def watched_keys(self) -> tuple[str, ...] | None:
        """Keys of the logs of epochs, or of batches if ``save_freq`` is a number of batches."""
        return self.epoch_keys if self.save_freq == "epoch" else self.batch_keys

    def _unknown(self, keys: tuple[str, ...]) -> str:
        if self.save_freq == "epoch":
            return super()._unknown(keys)
        return (
            f"ModelCheckpoint watches {self.monitor!r}, but batches, after which it saves, have only {', '.join(keys)}. "
            "Give save_freq='epoch', or another monitor."
        )

    def _lacks_validation(self, keys: tuple[str, ...]) -> bool:
        return self.save_freq == "epoch" and super()._lacks_validation(keys)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check the monitor, if it is used, and that the file can be written."""
        if self.save_best_only:
            super().on_train_begin(logs)
        if self.watched_keys is not None:
            self._template.check(self.watched_keys)
        self.model.check_saving(self._template.example(), self.save_weights_only, makes_folders=True)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Store the epoch."""
        self._epoch = epoch

    def wants_batch_end(self, batch: int) -> bool:
        """Return True every ``save_freq`` batches."""
        self._batches += 1
        return isinstance(self.save_freq, int) and self._batches % self.save_freq == 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save the model."""
        self._save(self._epoch, logs or {}, batch=batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save the model if ``save_freq="epoch"``."""
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: Logs, batch: int | None = None) -> None:
        current = None
        if self.save_best_only:
            current = self.value(logs)
            if current is None:
                return
            if not self.improves(current, self.best):
                best = "nothing" if self.best is None else f"{self.best:.5f}"
                self._print(epoch, f"{self.monitor} did not improve from {best}")
                return
        missing = self._template.missing(logs)
        if missing:  # other epochs may have it: on_train_begin checked the known keys
            warnings.warn(
                f"the filepath {self.filepath!r} asks for {missing[0]!r}, but this epoch has only {', '.join(logs)}: it is not "
                "saved.",
                stacklevel=2,
            )
            return
        path = self._template.fill(epoch + 1, logs, batch)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if current is not None:
            self.best = current
        self._print(epoch, f"saved {'weights' if self.save_weights_only else 'model'} to {path}")

    def _check_suffix(self) -> None:
        weights = self.filepath.endswith(".weights.h5")
        if self.save_weights_only and not weights:
            raise ValueError(
                f"with save_weights_only=True the filepath must end in .weights.h5, got {self.filepath!r}. "
                "Give 'model.weights.h5', or save_weights_only=False."
            )
        if weights and not self.save_weights_only:
            raise ValueError(
                f"a filepath that ends in .weights.h5 is one for weights alone, got {self.filepath!r}. "
                "Give save_weights_only=True, or a filepath that ends in .nlstm or .keras."
            )

    def _print(self, epoch: int, message: str) -> None:
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: {message}")
