"""History and CSVLogger: record the logs of each epoch, in a dict and in a file."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TextIO

from ..system.writable import check_file
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


class CSVLogger(Callback):
    """Writes the logs of each epoch to a CSV file, as ``keras.callbacks.CSVLogger``.

    Parameters
    ----------
    filename : path
        Path of the file.
    separator : str
        Character between two fields.
    append : bool
        Append to an existing file instead of overwriting it.

    Raises
    ------
    ValueError
        For a separator that is not one character.
    OSError
        At the start of training, for a file that cannot be written, as in a missing folder.
    """

    writes_files = True

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(f"separator must be one character, got {separator!r}. Give ',' or ';'.")
        self.separator = separator
        self.append = bool(append)
        self._file: TextIO | None = None
        self._keys: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check that the file can be written. An existing file is not changed yet."""
        check_file(os.fsdecode(self.filename), in_place=True)
        self._file = self._keys = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Open the file."""
        if self._file is None:
            self._file = Path(self.filename).open("a" if self.append else "w", newline="")  # noqa: SIM115 - on_train_end closes

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a line. The first line determines the columns, and a value that is missing in a later one is NA."""
        assert self._file is not None
        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.separator)
        if self._keys is None:
            self._keys = sorted(logs)
            if not any(key.startswith("val_") for key in self._keys):
                self._keys += [f"val_{key}" for key in self._keys]  # a validation may come in a later epoch
            if self._file.tell() == 0:
                writer.writerow(["epoch", *self._keys])
        writer.writerow([epoch, *(logs.get(key, "NA") for key in self._keys)])
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._file = None
