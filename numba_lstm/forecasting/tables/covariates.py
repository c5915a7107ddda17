"""Covariates: columns of numbers or categories beside the series, encoded as numbers near 1."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .frames import Columns, as_numbers, divisor, is_categorical, to_pandas, with_time_index
from .frequency import check_index, check_type, find_frequency, same_zone

#: Key of covariates that all series share.
ALL = None


class Encoding(NamedTuple):
    """How a column becomes numbers: scaled by mean and deviation, or one-hot by its categories."""

    name: Any
    mean: float = 0.0
    deviation: float = 1.0
    categories: tuple[Any, ...] | None = None

    @property
    def width(self) -> int:
        """Number of the columns that it becomes."""
        return 1 if self.categories is None else len(self.categories)

    def encode(self, column: Any, name: str) -> npt.NDArray[np.float64]:
        """Return (T, width), with NaN in rows without a value."""
        if self.categories is None:
            return ((as_numbers(column, self.name, name) - self.mean) / self.deviation)[:, None]
        unknown = [value for value in column.dropna().unique() if value not in self.categories]
        if unknown:
            raise ValueError(
                f"column {self.name!r} of {name} has {unknown[0]!r}, which fit did not see; "
                f"its categories are {', '.join(map(repr, self.categories))}."
            )
        codes = pd.Categorical(column, categories=list(self.categories)).codes
        return np.where(codes[:, None] < 0, np.nan, codes[:, None] == np.arange(len(self.categories)))


def find_encoding(column: Any, name: str, rows: Any = slice(None)) -> Encoding:
    """Return the encoding of a column: its categories, or the mean and the deviation of the numbers in ``rows``."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
        raise TypeError(f"column {column.name!r} of {name} has times, which are no covariate. Leave it out, or give numbers.")
    if is_categorical(column):
        found = column.dropna().unique()
        return Encoding(column.name, categories=tuple(sorted((_plain(value) for value in found), key=str)))
    values = as_numbers(column, column.name, name)[rows]
    values = values[np.isfinite(values)]
    if not len(values):
        raise ValueError(f"column {column.name!r} of {name} has no values.")
    return Encoding(column.name, float(values.mean()), divisor(float(values.std()), values))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@dataclass
class Covariates:
    """Encoded covariates over time."""

    name: str  #: of the argument, for messages
    encodings: list[Encoding]
    frames: dict[Hashable, Any] = field(default_factory=dict)  #: DataFrames of float64 by series, or under ALL

    @property
    def width(self) -> int:
        """Number of encoded columns."""
        return sum(encoding.width for encoding in self.encodings)

    def updated(self, new: Covariates | None) -> Covariates:
        """Return these covariates with the rows of ``new``, which replace those of the same time.

        Rows of all series join those of each; rows of one series join those of all, where it had none.
        """
        if new is None:
            return self
        frames = dict(self.frames)
        shared = self.frames.get(ALL)
        for key, frame in new.frames.items():
            for one in dict.fromkeys([ALL, *frames]) if key is ALL else [key]:
                before = frames.get(one, shared)
                frames[one] = frame if before is None else frame.combine_first(before)
        return Covariates(self.name, self.encodings, frames)

    def rows(self, key: Hashable, index: Any) -> npt.NDArray[np.float64]:
        """Return the rows of a series at the times of ``index``, (T, width), NaN where missing, whatever is missing."""
        values: npt.NDArray[np.float64] = self._frame(key, index).reindex(index).to_numpy(np.float64)
        return values

    def _frame(self, key: Hashable, index: Any) -> Any:
        if key not in self.frames and ALL not in self.frames:
            raise ValueError(f"{self.name} has no rows for series {key!r}. Give them.")
        frame = self.frames[key if key in self.frames else ALL]
        return frame.set_axis(same_zone(frame.index, index, self.name))

    def take(self, key: Hashable, index: Any, gaps: str) -> npt.NDArray[np.float64]:
        """Return the rows of a series at the times of ``index``, (T, width), NaN where missing.

        Raises
        ------
        ValueError
            If the covariates do not cover ``index``, have missing values under ``gaps="raise"``, or have none at all.
        """
        frame = self._frame(key, index)
        for time, side in ((index[0], "begin"), (index[-1], "reach")):
            if not frame.index[0] <= time <= frame.index[-1]:
                raise ValueError(
                    f"{self.name} must {side} {'at' if side == 'begin' else 'to'} {time} for series {key!r}, "
                    f"got rows from {frame.index[0]} to {frame.index[-1]}. Give more rows."
                )
        values = self.rows(key, index)
        missing = ~np.isfinite(values)
        if missing.any():
            if missing.all(axis=0).any():
                raise ValueError(
                    f"{self.name} has a column without values for series {key!r} from {index[0]} to {index[-1]}. "
                    "Give rows at the times of the series."
                )
            if gaps == "raise":
                time = index[int(missing.any(axis=1).argmax())]
                raise ValueError(
                    f"{self.name} has missing values or times for series {key!r}, the first at {time}. Fill them, or choose "
                    "gaps='interpolate'."
                )
        return values


def read_covariates(
    data: Any, name: str, columns: Columns, encodings: list[Encoding] | None, offset: Any, until: Any = None
) -> Covariates | None:
    """Return the covariates of a table, encoded with given encodings, or with those of the table itself.

    Parameters
    ----------
    data : Series, DataFrame or None
        With the times of the series. A frame with the id column has the covariates of each series, any other one those of all.
    name : str
        Name of the argument, for messages.
    columns : Columns
        Names of id and time columns.
    encodings : list of Encoding, optional
        Those of the fit.
    offset : offset
        Frequency of the series.
    until : Timestamp, optional
        Last time whose numbers count for their mean and deviation, if there are no ``encodings``.
    """
    if data is None:
        return None
    table, _ = to_pandas(data, name)
    frame = table.to_frame(name if table.name is None else table.name) if isinstance(table, pd.Series) else table
    frame = with_time_index(frame, columns)
    by_series = columns.id is not None and columns.id in frame.columns
    labels = [label for label in frame.columns if label not in (columns.id, columns.target)]
    if not labels:
        raise ValueError(f"{name} has no columns.")
    check_names(labels, encodings, name)
    if encodings is None:
        rows = slice(None) if until is None else _rows_until(frame.index, until, name)
        encodings = [find_encoding(frame[label], name, rows) for label in labels]
    groups = frame.groupby(columns.id, sort=False, observed=True) if by_series else [(ALL, frame)]
    frames = {}
    for key, group in groups:
        check_index(group.index, name)
        if len(group) == 0:
            raise ValueError(f"{name} has no rows.")
        find_frequency(group.index, offset, name)
        frames[key] = pd.DataFrame(np.hstack([one.encode(group[one.name], name) for one in encodings]), index=group.index)
    return Covariates(name, encodings, frames)


def _rows_until(index: Any, until: Any, name: str) -> Any:
    check_type(index, name)
    return np.asarray(same_zone(index, pd.DatetimeIndex([until]), name) <= until)


def check_names(labels: list[Any], encodings: list[Encoding] | None, name: str) -> None:
    """Raise ValueError for columns of the same name, and for others than those that ``fit`` saw."""
    if len(set(labels)) < len(labels):
        raise ValueError(f"{name} has several columns of the same name: {labels}. Rename them.")
    expected = labels if encodings is None else [encoding.name for encoding in encodings]
    if set(labels) != set(expected):
        raise ValueError(f"{name} must have the columns that fit saw, {expected}, got {labels}.")


class Static(NamedTuple):
    """Encoded covariates of whole series."""

    encodings: list[Encoding]
    rows: dict[Hashable, npt.NDArray[np.float64]]


def read_static(data: Any, columns: Columns, encodings: list[Encoding] | None) -> Static | None:
    """Return the covariates of a table with one row for each series, whose name is in the index or in the id column."""
    if data is None:
        return None
    name = "static_covariates"
    frame, _ = to_pandas(data, name)
    if not isinstance(frame, pd.DataFrame):
        frame = frame.to_frame(name if frame.name is None else frame.name)
    if columns.id is not None and columns.id in frame.columns:
        frame = frame.set_index(columns.id)
    if not frame.index.is_unique:
        raise ValueError(
            f"{name} must have one row for each series, got several for {frame.index[frame.index.duplicated()][0]!r}."
        )
    if frame.isna().to_numpy().any():
        raise ValueError(f"{name} has missing values. Fill them.")
    labels = list(frame.columns)
    check_names(labels, encodings, name)
    if encodings is None:
        encodings = [find_encoding(frame[label], name) for label in labels]
    rows = np.hstack([one.encode(frame[one.name], name) for one in encodings])
    return Static(encodings, dict(zip(frame.index, rows, strict=True)))
