"""Frequencies of indices: find one, fill its grid, and continue it into the future."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

#: Lengths of the runs of rows in which :func:`find_frequency` looks for a frequency, if the index as a whole has gaps.
_RUNS = (64, 16, 8, 4, 3)


def find_frequency(index: Any, freq: Any, name: str) -> Any:
    """Return the offset of an index.

    Parameters
    ----------
    index : DatetimeIndex
        In order and without duplicates; it may have gaps.
    freq : str, offset or None
        What the user says. None looks at the index: at its ``freq``, then at all rows, then at runs of rows without gaps.
    name : str
        Name of the table in messages.

    Raises
    ------
    ValueError
        If ``freq`` is no frequency, if none can be inferred, or if rows are not on its grid.
    """
    if freq is not None:
        try:
            offset = to_offset(freq)
        except ValueError as error:
            raise ValueError(f"freq must be a frequency of pandas, such as 'h', 'D' or 'ME', got {freq!r}.") from error
        _check_on_grid(index, offset, name)
        return offset
    inferred = index.freq or (_inferred(index) if len(index) > 2 else None)
    if inferred is not None:
        return inferred
    for length in _RUNS:
        for begin in range(0, len(index) - length + 1, length):
            candidate = _inferred(index[begin : begin + length])
            if candidate is not None and index.isin(grid(index, candidate)).all():
                return candidate
    raise ValueError(f"the frequency of {name} cannot be inferred from its {len(index)} rows. Give freq, such as freq='h'.")


def _inferred(index: Any) -> Any:
    return pd.DatetimeIndex(index, freq="infer").freq


def _check_on_grid(index: Any, offset: Any, name: str) -> None:
    off_grid = index[~index.isin(grid(index, offset))]
    if len(off_grid):
        raise ValueError(
            f"{len(off_grid)} rows of {name} are not on the grid of freq={offset.freqstr!r}, the first at {off_grid[0]}. "
            f"Give another freq, or aggregate the rows: y.resample({offset.freqstr!r}).mean()."
        )


def grid(index: Any, offset: Any) -> Any:
    """Return the index without gaps from the first to the last row."""
    return _range(index, offset, end=index[-1])


def extended(index: Any, periods: int, offset: Any) -> Any:
    """Return an index with ``periods`` more rows at its end, in local time where it has a time zone."""
    return _range(index, offset, periods=len(index) + periods)


def _range(index: Any, offset: Any, **until: Any) -> Any:
    """Return the times from the first of ``index`` on; where clocks skip a time, the next one that exists stands for it."""
    try:
        times = pd.date_range(index[0], freq=offset, name=index.name, **until)
    except ValueError:  # for a local time that clocks skip or repeat, such as midnight in Cairo
        local = {key: value.tz_localize(None) if key == "end" else value for key, value in until.items()}
        times = pd.date_range(index[0].tz_localize(None), freq=offset, name=index.name, **local)
        times = times.tz_localize(index.tz, nonexistent="shift_forward", ambiguous=np.ones(len(times), bool))
    return times.as_unit(index.unit)


def same_zone(index: Any, expected: Any, name: str) -> Any:
    """Return an index in the time zone of another one; raise TypeError if only one of the two has a time zone."""
    if (index.tz is None) != (expected.tz is None):
        has, other = ("no time zone", expected.tz) if index.tz is None else (f"the time zone {index.tz}", "none")
        raise TypeError(f"the times of {name} have {has}, those of the series {other}. Write {name}.tz_localize(...).")
    return (index if index.tz is None else index.tz_convert(expected.tz)).as_unit(expected.unit)


def check_type(index: Any, name: str) -> None:
    """Raise TypeError unless an index has times."""
    if not isinstance(index, pd.DatetimeIndex):
        hint = "y.index = pd.to_datetime(y.index), or give time_column"
        if isinstance(index, pd.PeriodIndex):
            hint = "y.to_timestamp()"
        elif isinstance(index, pd.MultiIndex):
            hint = "y.reset_index(), and give id_column and time_column"
        raise TypeError(f"{name} must have a DatetimeIndex, got {type(index).__name__}. Write {hint}.")


def check_index(index: Any, name: str) -> None:
    """Raise TypeError or ValueError unless an index has times, in order and without duplicates."""
    check_type(index, name)
    if index.hasnans:
        raise ValueError(f"{name} has {int(index.isna().sum())} rows without a time. Remove them: y[y.index.notna()].")
    if not index.is_unique:
        first = index[index.duplicated()][0]
        raise ValueError(
            f"{name} has several rows for {first}. Aggregate them, as in y.groupby(level=0).mean(); "
            "if local times repeat when clocks go back, give them a time zone: y.tz_localize(zone, ambiguous='infer')."
        )
    if not index.is_monotonic_increasing:
        raise ValueError(f"the times of {name} are not in ascending order. Sort them: y.sort_index().")
