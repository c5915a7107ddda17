"""Indices of sktime as times, which the forecasters of this package read."""

from __future__ import annotations

from typing import Any

import pandas as pd


def as_times(index: Any) -> Any:
    """Return an index as a DatetimeIndex: periods by their begin, whole numbers as seconds."""
    if isinstance(index, pd.DatetimeIndex):
        return index
    if isinstance(index, pd.PeriodIndex):
        return index.to_timestamp()
    return pd.to_datetime(index, unit="s")


def frequency(index: Any) -> Any:
    """Return the frequency of :func:`as_times`, or None if it is to be inferred from the rows."""
    if isinstance(index, pd.DatetimeIndex):
        return index.freq
    if isinstance(index, pd.PeriodIndex):
        return pd.infer_freq(pd.period_range(index[0], periods=5, freq=index.freq).to_timestamp())
    return "s"


def with_times(table: Any) -> Any:
    """Return a DataFrame with :func:`as_times` of its index, or None for None."""
    return None if table is None else table.set_axis(as_times(table.index), axis=0)
