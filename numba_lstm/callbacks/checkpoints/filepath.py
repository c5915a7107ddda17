"""FilepathTemplate: file names with fields in braces, for the epoch, the batch and the logs."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from string import Formatter
from typing import Any


class FilepathTemplate:
    """A file name with the fields ``{epoch}`` (from 1), ``{batch}`` and keys of the logs.

    Parameters
    ----------
    text : path
        The file name.
    batches : bool
        Whether the template may have the field ``{batch}``.

    Raises
    ------
    ValueError
        For braces that are no fields, fields of a wrong format, and a ``{batch}`` unless ``batches``.
    """

    def __init__(self, text: str | os.PathLike[str], *, batches: bool) -> None:
        self.text = os.fspath(text)
        self._counters = {"epoch", *(["batch"] if batches else [])}
        try:
            self.fields = {name for _, name, _, _ in Formatter().parse(self.text) if name is not None}
            self.example()
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"the filepath {self.text!r} cannot be filled in ({error}). Write fields as {{epoch:02d}} or {{loss:.3f}}."
            ) from error
        if "batch" in self.fields and not batches:
            raise ValueError(
                f"the filepath {self.text!r} asks for 'batch', but save_freq='epoch' saves after epochs. "
                "Give save_freq a number of batches, or leave {batch} out."
            )

    def example(self) -> str:
        """Return the name with a number in each field."""
        return self.text.format(**{field: 1 if field in ("epoch", "batch") else 0.5 for field in self.fields})

    def check(self, keys: Collection[str]) -> None:
        """Raise ValueError for a field that is not among ``keys``, the keys of the logs."""
        for field in sorted(self.fields - self._counters - set(keys)):
            known = ", ".join([*sorted(self._counters, reverse=True), *keys])
            needs = "Give validation data, or" if field.startswith("val_") else "Give"
            raise ValueError(
                f"the filepath {self.text!r} asks for {field!r}, but there is only {known}. {needs} another filepath."
            )

    def missing(self, logs: Mapping[str, Any]) -> list[str]:
        """Return the fields that ``logs`` lack."""
        return sorted(self.fields - self._counters - set(logs))

    def fill(self, epoch: int, logs: Mapping[str, Any], batch: int | None = None) -> Path:
        """Return the name for ``epoch`` (from 1) and ``batch``. ``logs`` must have all fields (:meth:`missing`)."""
        fields: dict[str, Any] = {**logs, "epoch": epoch, **({} if batch is None else {"batch": batch})}
        return Path(self.text.format(**fields))
