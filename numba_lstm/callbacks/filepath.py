"""Names of files with fields in braces, filled in while a model is trained."""

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
        The name.
    batches : bool
        Whether there is a ``{batch}``.

    Raises
    ------
    ValueError
        For braces that are no fields, fields of the wrong format, and a ``{batch}`` where there is none.
    """

    def __init__(self, text: str | os.PathLike[str], *, batches: bool) -> None:
        self.text = os.fspath(text)
        self._own = {"epoch", *(["batch"] if batches else [])}
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
        """The name with a number in each field."""
        return self.text.format(**{field: 1 if field in ("epoch", "batch") else 0.5 for field in self.fields})

    def check(self, keys: Collection[str]) -> None:
        """Raise ValueError for a field that is none of the ``keys`` that logs will have."""
        for field in sorted(self.fields - self._own - set(keys)):
            known = ", ".join([*sorted(self._own, reverse=True), *keys])
            needs = "Give validation data, or" if field.startswith("val_") else "Give"
            raise ValueError(
                f"the filepath {self.text!r} asks for {field!r}, but there is only {known}. {needs} another filepath."
            )

    def missing(self, logs: Mapping[str, Any]) -> list[str]:
        """The fields that ``logs`` cannot fill in."""
        return sorted(self.fields - self._own - set(logs))

    def fill(self, epoch: int, logs: Mapping[str, Any], batch: int | None = None) -> Path:
        """The name for ``epoch`` (from 1) and ``batch``; ``logs`` have all fields (:meth:`missing`)."""
        fields: dict[str, Any] = {**logs, "epoch": epoch, **({} if batch is None else {"batch": batch})}
        return Path(self.text.format(**fields))
