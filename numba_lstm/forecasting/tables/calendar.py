"""Calendar features: the place of a time in the day, the week, the month and the year, as points on circles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_DAY = pd.Timedelta(days=1)


def _time_of_day(index: Any) -> Any:
    return (index.hour * 3600 + index.minute * 60 + index.second) / 86400


def _day_of_week(index: Any) -> Any:
    return index.day_of_week / 7


def _day_of_month(index: Any) -> Any:
    return (index.day - 1) / index.days_in_month


def _day_of_year(index: Any) -> Any:
    return (index.day_of_year - 1) / (365 + index.is_leap_year.astype(int))


#: Functions of features by name. Each returns the share of the cycle that is over, in local time.
CYCLES = {
    "time_of_day": _time_of_day,
    "day_of_week": _day_of_week,
    "day_of_month": _day_of_month,
    "day_of_year": _day_of_year,
}

#: Names of features that ``"auto"`` may choose, with the longest step and the shortest span for which it does.
_AUTO = {
    "time_of_day": (0.9 * _DAY, 2 * _DAY),
    "day_of_week": (3 * _DAY, 14 * _DAY),
    "day_of_year": (200 * _DAY, 730 * _DAY),
}


def choose_features(calendar: Any, indices: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of the features that ``calendar`` stands for.

    Parameters
    ----------
    calendar : "auto", None or sequence of str
        ``"auto"`` takes the cycles that are longer than a step and that the longest series goes through twice.
    indices : sequence of DatetimeIndex
        Of the series.
    """
    if calendar is None:
        return ()
    if calendar != "auto":
        names = (calendar,) if isinstance(calendar, str) else tuple(calendar)
        unknown = [name for name in names if name not in CYCLES]
        if unknown:
            raise ValueError(f"calendar must be 'auto', None or names of {', '.join(CYCLES)}, got {unknown[0]!r}.")
        return names
    longest = max(indices, key=len)
    span = longest[-1] - longest[0]
    step = span / max(1, len(longest) - 1)
    return tuple(name for name, (most, least) in _AUTO.items() if step <= most and span >= least)


def calendar_features(index: Any, names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return sine and cosine of each feature, (T, 2 * len(names))."""
    columns = []
    for name in names:
        angle = 2 * np.pi * np.asarray(CYCLES[name](index), np.float64)
        columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1) if columns else np.empty((len(index), 0))
