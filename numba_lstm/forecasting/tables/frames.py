"""Frames of users: pandas, or any that narwhals reads, as pandas Series and DataFrames with a DatetimeIndex."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Kinds of columns of objects that have numbers.
_NUMBERS = ("boolean", "decimal", "empty", "floating", "integer", "mixed-integer-float")


class Columns(NamedTuple):
    """Names of the columns that say to which series and time a row belongs; None if there are none."""

    id: Any = None
    time: Any = None
    target: Any = None


def to_pandas(data: Any, name: str) -> tuple[Any, str | None]:
    """Return a pandas Series or DataFrame, and the library that ``data`` comes from: None for pandas.

    Raises
    ------
    TypeError
        For anything that is no table.
    """
    if isinstance(data, (pd.Series, pd.DataFrame)):
        return data, None
    try:
        nw: Any = importlib.import_module("narwhals")
        frame = nw.from_native(data, eager_only=True)
    except ImportError as error:
        raise ImportError(f"{name} is no pandas table. Others need narwhals: pip install 'numba_lstm[forecast]'.") from error
    except TypeError as error:
        raise TypeError(
            f"{name} must be a pandas Series or DataFrame, or a DataFrame of polars, got {type(data).__name__}. "
            "Give values their times: pd.Series(values, pd.date_range('2024-01-01', periods=len(values), freq='h'))."
        ) from error
    columns = {}
    for column in frame.columns:
        values = pd.Series(frame[column].to_numpy())
        zone = getattr(frame[column].dtype, "time_zone", None)
        columns[column] = values if zone is None else values.dt.tz_localize("UTC").dt.tz_convert(zone)
    return pd.DataFrame(columns), str(frame.implementation.value)


def check_columns(frame: Any, columns: Columns, name: str) -> None:
    """Raise ValueError unless a frame has the columns that the forecaster names, as far as they concern it."""
    for argument, column in (("time_column", columns.time), ("target_column", columns.target)):
        if column is not None and column not in frame.columns:
            raise ValueError(f"{name} has no column {column!r}, which {argument} names. It has {_listed(frame.columns)}.")


def with_time_index(frame: Any, columns: Columns) -> Any:
    """Return a frame whose index is its time column, if it has one."""
    if columns.time is None or columns.time not in frame.columns:
        return frame
    times = frame[columns.time]
    if not isinstance(times.dtype, pd.DatetimeTZDtype) and times.dtype.kind != "M":
        raise TypeError(
            f"column {columns.time!r} must have times, got {times.dtype}. "
            f"Convert it: y[{columns.time!r}] = pd.to_datetime(y[{columns.time!r}])."
        )
    return frame.drop(columns=columns.time).set_index(pd.DatetimeIndex(times, name=columns.time))


def as_numbers(column: Any, label: Any, name: str) -> npt.NDArray[np.float64]:
    """Return the values of a column as float64, NaN where they are missing.

    Raises
    ------
    TypeError
        For text and other values that are no numbers.
    ValueError
        For infinity.
    """
    kind = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else ""
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)
    if not (numeric or kind in _NUMBERS):
        raise TypeError(f"column {label!r} of {name} must have numbers, got {column.dtype}. Convert it: pd.to_numeric(column).")
    try:
        values: npt.NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise TypeError(f"column {label!r} of {name} must have numbers: {error}. Convert it: pd.to_numeric(column).") from error
    if np.isinf(values).any():
        raise ValueError(f"column {label!r} of {name} has infinite values. Replace them by NaN, and choose gaps.")
    return values


def divisor(spread: float, values: npt.NDArray[Any]) -> float:
    """Return ``spread``, or 1 where it is 0 but for rounding: the mean of equal numbers may differ from them."""
    return spread if spread > 1e-14 * float(np.abs(values).max()) else 1.0


def is_categorical(column: Any) -> bool:
    """Return whether a column has categories: text, bool or ``category``."""
    if column.dtype == object:
        kind = pd.api.types.infer_dtype(column, skipna=True)
        return kind == "boolean" or kind not in _NUMBERS
    return not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)


def _listed(labels: Any) -> str:
    shown = ", ".join(repr(label) for label in list(labels)[:6])
    return shown + (", ..." if len(labels) > 6 else "") if shown else "no columns"
