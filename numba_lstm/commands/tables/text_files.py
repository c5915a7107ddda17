"""Read files of tables: a CSV file as columns of text, a Parquet file as columns of its types."""

from __future__ import annotations

import codecs
import csv
import importlib.util
import io
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..errors import CommandError, shown
from .dialect import Dialect

#: First bytes of encodings that are not the default one.
_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

_SEPARATORS = {";": "';'", "\t": "tab", "|": "'|'"}  #: delimiters that a header may have instead, as an option names them


class Table(NamedTuple):
    """A table of a file."""

    name: str  #: of the file
    frame: Any  #: DataFrame; columns of a CSV file are text
    lines: Any  #: the line or the row of each row in the file
    unit: str  #: "line" or "row"
    dialect: Dialect

    def place(self, position: int) -> str:
        """Return where a row is in the file, such as ``line 7``."""
        return f"{self.unit} {int(self.lines[position])}"


def read_table(path: Path, dialect: Dialect) -> Table:
    """Read a file whose name ends in ``.parquet``, or a CSV file.

    Raises
    ------
    CommandError
        For a file that is missing, empty, or no table of this kind.
    """
    if path.is_dir():
        raise CommandError(f"{path}: it is a folder. Give the name of a file in it.")
    if not path.exists():
        raise CommandError(f"{path}: there is no such file.")
    table = _read_parquet(path, dialect) if path.suffix.lower() == ".parquet" else _read_csv(path, dialect)
    names = [str(name) for name in table.frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise CommandError(f"{path} has several columns {shown(twice)}. Rename them.")
    if not len(table.frame):
        raise CommandError(f"{path} has a header and no rows.")
    return table


def _read_parquet(path: Path, dialect: Dialect) -> Table:
    if importlib.util.find_spec("pyarrow") is None:
        raise CommandError(f"{path}: reading Parquet needs pyarrow. Install it: pip install pyarrow.")
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (ValueError, OSError) as error:
        raise CommandError(f"{path} is no Parquet file, or damaged: {str(error).splitlines()[0]}") from error
    frame = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    return Table(str(path), frame, range(1, len(frame) + 1), "row", dialect)


def _read_csv(path: Path, dialect: Dialect) -> Table:
    text = _decode(path, dialect.encoding)
    if not text.strip():
        raise CommandError(f"{path} is empty. Give a CSV file with a header.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter)
    rows, lines, end = [], [], 0
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(end + 1)
            end = reader.line_num
    except csv.Error as error:
        raise CommandError(f"line {reader.line_num} of {path} cannot be read: {error}.") from error
    header = [name.strip() for name in rows[0]]
    _check_header(path, header)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            advice = " If commas are decimal points, the file needs another delimiter." if len(row) > len(header) else ""
            raise CommandError(f"line {line} of {path} has {_fields(row)}, and the header has {len(header)}.{advice}")
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(header)
    frame = pd.concat(
        [pd.Series(column, dtype=object, name=name) for name, column in zip(header, columns, strict=True)], axis=1
    )
    return Table(str(path), frame, lines[1:], "line", dialect)


def _fields(row: list[str]) -> str:
    return f"{len(row)} field" + ("" if len(row) == 1 else "s")


def _check_header(path: Path, header: list[str]) -> None:
    if len(header) == 1:
        for separator, option in _SEPARATORS.items():
            if separator in header[0]:
                raise CommandError(f"{path} has one column, {shown(header[0])}. Give its delimiter: --delimiter {option}.")
    if not all(header):
        raise CommandError(f"column {header.index('') + 1} of {path} has no name in the header. Name it.")


def _decode(path: Path, encoding: str) -> str:
    data = path.read_bytes()
    name = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    marked = next((known for mark, known in _MARKS.items() if data.startswith(mark)), None)
    if marked is not None and name == "utf-8-sig":
        raise CommandError(f"{path} is not encoded as {encoding}, but begins as {marked}. Give --encoding {marked}.")
    try:
        text = data.decode(name)
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = data.count(b"\n", 0, start) + 1
        raise CommandError(
            f"line {line} of {path} is not encoded as {encoding}. Give its encoding, such as --encoding cp1252."
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CommandError(f"line {line} of {path} has a zero byte, so it is no text. Give another file, or its --encoding.")
    return text
