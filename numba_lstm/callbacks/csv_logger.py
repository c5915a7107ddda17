"""CSVLogger: the logs of each epoch as a line of a file."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TextIO

from ..writable import check_file
from .base import Callback, Logs


class CSVLogger(Callback):
    """Writes the logs of each epoch to a CSV file, as ``keras.callbacks.CSVLogger``.

    Parameters
    ----------
    filename : path
        The file.
    separator : str
        Between two fields, one character.
    append : bool
        Go on with a file that exists, instead of writing it anew.

    Raises
    ------
    ValueError
        For a separator that is not one character.
    OSError
        When training begins, for a file that cannot be written, as in a folder that does not exist.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(f"separator must be one character, got {separator!r}. Give ',' or ';'.")
        self.separator = separator
        self.append = bool(append)
        self._file: TextIO | None = None
        self._keys: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Find out whether the file can be written. An old one stays until training has begun."""
        check_file(os.fsdecode(self.filename), in_place=True)
        self._file = self._keys = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Open the file."""
        if self._file is None:
            self._file = Path(self.filename).open("a" if self.append else "w", newline="")  # noqa: SIM115 - on_train_end closes

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a line; the first one decides on the columns, and a value that is missing later is NA."""
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
