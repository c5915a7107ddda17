"""BackupAndRestore: a fit that was interrupted goes on where its last backup was made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...files import atomic, formats
from ...files.errors import FileFormatError
from ...inputs import as_count
from ...system.writable import check_file
from ..base import Callback, Logs, Resumption

#: Functions that write and read arrays and a JSON value as one file.
_ENCODE, _READ = "..saving.container:encode", "..saving.container:read"


class BackupAndRestore(Callback):
    """Backs up the state of training, and restores it in the next ``fit``, as ``keras.callbacks.BackupAndRestore``.

    A backup has the weights, the state and the rate of the optimizer, and the state of the model's random stream. If the
    process dies and the program starts again, ``fit`` goes on from the last backup: with all samples in each epoch, it ends
    with the bits of a training without interruption. States of stateful layers, and those of other callbacks, are not part of a
    backup. When ``fit`` ends, the backup is removed.

    Parameters
    ----------
    backup_dir : path
        Folder of the backup, for this training alone. It is made if it is missing.
    save_freq : "epoch" or int
        Back up after each epoch, or after each ``save_freq`` batches too.
    double_checkpoint : bool
        Keep the backup before the last one, too, for a damaged file.
    delete_checkpoint : bool
        Whether to remove the backup when ``fit`` ends.

    Raises
    ------
    TypeError, ValueError
        For other arguments; and at the start of training for a backup of another model, which changes nothing.
    OSError
        At the start of training, for a folder that cannot be written.
    """

    writes_files = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not os.fspath(backup_dir):
            raise ValueError("backup_dir must name a folder, got ''. Give one for this training alone, as 'backup'.")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq if save_freq == "epoch" else as_count(save_freq, "save_freq, unless it is 'epoch',")
        self.double_checkpoint, self.delete_checkpoint = bool(double_checkpoint), bool(delete_checkpoint)
        self._path = Path(self.backup_dir, "backup.nlstm")
        self._previous = Path(self.backup_dir, "backup.previous.nlstm")
        self._epoch = self._batches = 0
        self._epoch_random: dict[str, int] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restore the last backup, if there is one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        check_file(str(self._path))
        self.resumption, self._batches = None, 0
        for path in (self._path, self._previous):
            try:
                document, arrays = formats.load_function(_READ)(str(path))
            except FileNotFoundError:
                continue
            except FileFormatError:
                if path is self._previous or not self._previous.exists():
                    raise
                continue
            self._restore(path, document, arrays)
            return

    def _restore(self, path: Path, document: Any, arrays: dict[str, Any]) -> None:
        model, optimizer = self.model, self.model.optimizer
        weights = [arrays[name] for name in sorted(arrays) if name.startswith("weights/")]
        names = list(optimizer.state())
        state = [arrays[name] for name in sorted(arrays) if name.startswith("optimizer/")]
        expected = [variable.shape for variable in model.weights] + [value.shape for value in optimizer.state().values()]
        if [array.shape for array in (*weights, *state)] != expected:
            raise ValueError(f"{path} is the backup of another model. Give another backup_dir, or remove the file.")
        for variable, value in zip(model.weights, weights, strict=True):
            variable.assign(value)
        optimizer.load_state(dict(zip(names, state, strict=True)))
        if document["learning_rate"] is not None:
            optimizer.learning_rate = document["learning_rate"]
        model.random.state = document["epoch_random"]
        within = document["batch"] > 0
        self.resumption = Resumption(document["epoch"], document["batch"], document["random"] if within else None)
        self._batches = document["batches"]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Store the epoch, and the state of the random stream before the order of its samples is drawn."""
        self._epoch, self._epoch_random = epoch, self.model.random.state

    def wants_batch_end(self, batch: int) -> bool:
        """Return True every ``save_freq`` batches."""
        self._batches += 1
        return isinstance(self.save_freq, int) and self._batches % self.save_freq == 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Back up within an epoch."""
        self._write(self._epoch, batch + 1, self._epoch_random)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Back up after an epoch."""
        self._write(epoch + 1, 0, self.model.random.state)

    def _write(self, epoch: int, batch: int, epoch_random: dict[str, int]) -> None:
        model, optimizer = self.model, self.model.optimizer
        follows_schedule = isinstance(optimizer.get_config()["learning_rate"], dict)
        document = {
            "epoch": epoch,
            "batch": batch,
            "batches": self._batches,
            "epoch_random": epoch_random,
            "random": model.random.state,
            "learning_rate": None if follows_schedule else float(optimizer.learning_rate),
        }
        arrays = {f"weights/{place:06}": variable.value for place, variable in enumerate(model.weights)}
        arrays |= {f"optimizer/{place:06}": value for place, value in enumerate(optimizer.state().values())}
        if self.double_checkpoint and self._path.exists():
            os.replace(self._path, self._previous)
        atomic.write(str(self._path), formats.load_function(_ENCODE)(document, arrays))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the backup."""
        self.resumption = None
        if self.delete_checkpoint:
            for path in (self._path, self._previous):
                path.unlink(missing_ok=True)
