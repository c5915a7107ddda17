"""Columns of a table: find them by name, and read their numbers and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...naming.spelling import correction
from ..errors import CommandError, shown
from .text_files import Table

#: What stands for a missing value, in lower case.
MISSING = ("", "na", "n/a", "nan", "null", "none", "-")

LARGEST = 1e100  #: absolute value of a number; squares of larger ones overflow

_LISTED = 12  #: columns in one sentence


def check_columns(table: Table, names: Sequence[tuple[str, str]]) -> None:
    """Raise CommandError for a column that is missing, with the reason that it is needed and the nearest name.

    Parameters
    ----------
    table : Table
    names : sequence of (str, str)
        Why a column is needed, such as ``"--target names it"``, and its name.
    """
    known = [str(name) for name in table.frame.columns]
    for reason, name in names:
        if name not in known:
            near = correction(name, known)
            listed = ", ".join(map(shown, known[:_LISTED])) + (", ..." if len(known) > _LISTED else "")
            hint = "" if near is None else f" Did you mean {shown(near)}?"
            raise CommandError(f"{table.name} has no column {shown(name)}; {reason}. It has {listed}.{hint}")


def is_text(column: Any) -> bool:
    """Return whether a column has text, which is still to be read."""
    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)


def missing(column: Any) -> npt.NDArray[np.bool_]:
    """Return which rows of a column have no value."""
    found = column.isna()
    if is_text(column):
        found |= column.astype(str).str.strip().str.lower().isin(MISSING)
    return np.asarray(found, bool)


def numbers(table: Table, name: str) -> npt.NDArray[np.float64]:
    """Return the numbers of a column, NaN where they are missing.

    Raises
    ------
    CommandError
        For text, infinity and numbers that are too large, with the first place.
    """
    column = table.frame[name]
    gone = missing(column)
    values = _parsed(column, table.dialect.decimal)
    wrong = ~gone & ~np.isfinite(values)
    if wrong.any():
        position = int(wrong.argmax())
        text = str(column.iloc[position])
        raise CommandError(
            f"{table.place(position)} of {table.name} has {shown(text)} in column {shown(name)}, which is no number."
            f"{_advice(text, table.dialect.decimal)}"
        )
    large = np.abs(values) > LARGEST
    if large.any():
        position = int(large.argmax())
        text = str(column.iloc[position])
        raise CommandError(
            f"{table.place(position)} of {table.name} has {shown(text)} in column {shown(name)}, which is too large."
        )
    values[gone] = np.nan
    return values


def _parsed(column: Any, decimal: str) -> npt.NDArray[np.float64]:
    if is_text(column):
        text = column.astype(str).str.strip()
        if decimal != ".":
            text = text.str.replace(".", "?", regex=False).str.replace(decimal, ".", regex=False)
        column = text.where(text.str.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"))
    elif not pd.api.types.is_numeric_dtype(column.dtype):
        return np.full(len(column), np.nan)
    with np.errstate(over="ignore"):
        return np.array(pd.to_numeric(column, errors="coerce"), np.float64)


def _advice(text: str, decimal: str) -> str:
    swapped = {".": ",", ",": "."}.get(decimal, ".")
    try:
        float(text.replace(swapped, "."))
    except ValueError:
        return " Correct it, or leave it empty."
    return f" If {shown(swapped)} is the decimal point, give --decimal {shown(swapped)}." if swapped in text else " Correct it."


def covariate(table: Table, name: str, categorical: bool | None = None) -> Any:
    """Return a column of numbers or of categories.

    Parameters
    ----------
    table : Table
    name : str
        The column.
    categorical : bool, optional
        Whether it has categories. Default: whether fewer than half of its values are numbers.
    """
    column = table.frame[name]
    if not is_text(column) and not pd.api.types.is_numeric_dtype(column.dtype):
        return column
    gone = missing(column)
    if categorical is None:
        readable = np.isfinite(_parsed(column, table.dialect.decimal))[~gone]
        categorical = bool(pd.api.types.is_bool_dtype(column.dtype)) or (len(readable) > 0 and readable.mean() < 0.5)
    if categorical:
        return column.astype(str).str.strip().where(~gone).astype(object)
    return pd.Series(numbers(table, name), name=name)
