"""The column of times: one format for all rows, in order, without duplicates."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from ..errors import CommandError, shown
from .columns import is_text, missing
from .text_files import Table

#: Rows of a grid for each row of the file. More are an error in a time, and need memory that nobody has.
SPARSEST = 1000


def read_times(table: Table, name: str) -> Any:
    """Return the times of a column as a Series.

    Raises
    ------
    CommandError
        For rows without a time, for times in another format than the first, and for a format that cannot be guessed.
    """
    column = table.frame[name]
    gone = missing(column)
    if gone.any():
        raise CommandError(f"{table.place(int(gone.argmax()))} of {table.name} has no time in column {shown(name)}. Remove it.")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    text = column.astype(str).str.strip() if is_text(column) else column.astype(str)
    if table.dialect.time_format is not None:
        return _in_format(table, name, text, table.dialect.time_format)
    first = text.iloc[0]
    if _parsed(text.iloc[:1], "ISO8601").notna().all():
        return _in_format(table, name, text, "ISO8601")
    guesses = {fmt for day_first in (False, True) if (fmt := _guess(first, day_first)) is not None}
    if not guesses:
        raise CommandError(
            f"{table.place(0)} of {table.name} has {shown(first)} in column {shown(name)}, which is no known time. "
            "Write times as 2024-01-31 23:59, or give --time-format, such as '%d.%m.%Y'."
        )
    fitting = {fmt: times for fmt in guesses if (times := _parsed(text, fmt)).notna().all()}
    ordered = {fmt: times for fmt, times in fitting.items() if times.is_monotonic_increasing} or fitting
    if len(ordered) > 1:
        raise CommandError(
            f"column {shown(name)} of {table.name} has times such as {shown(first)}, whose day may come first or second. "
            f"Give --time-format, such as {' or '.join(sorted(map(repr, ordered)))}."
        )
    return next(iter(ordered.values())) if ordered else _in_format(table, name, text, min(guesses))


def _guess(first: str, day_first: bool) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: str | None = guess_datetime_format(first, dayfirst=day_first)
    return found


def _parsed(text: Any, fmt: str) -> Any:
    """Return times, NaT where the text has another format; in UTC if it has distances from it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # older pandas warns of several distances from UTC, newer raises
        try:
            times = pd.to_datetime(text, format=fmt, errors="coerce")
        except ValueError:
            times = None
        mixed = times is None or not pd.api.types.is_datetime64_any_dtype(times.dtype)
        return pd.to_datetime(text, format=fmt, errors="coerce", utc=True) if mixed else times


def _in_format(table: Table, name: str, text: Any, fmt: str) -> Any:
    try:
        times = _parsed(text, fmt)
    except ValueError as error:
        raise CommandError(f"--time-format {shown(fmt)} is no format of times: {error}.") from error
    wrong = times.isna().to_numpy()
    if not wrong.any():
        return times
    position = int(wrong.argmax())
    place, found = table.place(position), shown(text.iloc[position])
    if position and table.dialect.time_format is None:
        raise CommandError(
            f"{place} of {table.name} has {found} in column {shown(name)}, which is not written as {shown(text.iloc[0])} is. "
            "Write all times in one format."
        )
    expected = "2024-01-31 23:59" if fmt == "ISO8601" else fmt
    raise CommandError(f"{place} of {table.name} has {found} in column {shown(name)}, which is not written as {expected}.")


def check_order(table: Table, name: str, times: Any, series: Any | None) -> None:
    """Raise CommandError for times that come twice or are out of order, within each series if there are several.

    Parameters
    ----------
    table : Table
    name : str
        Column of the times.
    times : Series
        The times.
    series : Series, optional
        Names of the series of each row.
    """
    groups = [np.arange(len(times))] if series is None else list(times.groupby(series, sort=False).indices.values())
    for positions in groups:
        found = times.iloc[positions]
        steps = found.diff().iloc[1:]
        wrong = (steps <= pd.Timedelta(0)).to_numpy()
        if wrong.any():
            at = int(wrong.argmax())
            before, after = int(positions[at]), int(positions[at + 1])
            if found.duplicated().any() and not steps.iloc[at]:
                advice = "Aggregate such rows." if series is not None else "Aggregate such rows, or name series by --series."
                rows = f"{table.place(before)} and {table.place(after)} of {table.name}"
                raise CommandError(f"{rows} have the same time, {found.iloc[at]}. {advice}")
            raise CommandError(
                f"{table.place(after)} of {table.name} has the time {found.iloc[at + 1]}, which is before that of the row "
                f"above it. Sort the rows by {shown(name)}."
            )
        if len(steps) and (found.iloc[-1] - found.iloc[0]) / steps.min() > SPARSEST * len(found):
            widest = int(steps.to_numpy().argmax())
            raise CommandError(
                f"{table.place(int(positions[widest + 1]))} of {table.name} has the time {found.iloc[widest + 1]}, and the row "
                f"above it {found.iloc[widest]}. Such a gap is too wide: correct the times, or divide the file."
            )
