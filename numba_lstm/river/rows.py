"""Rows of features as arrays, and running scales."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


class RunningScale:
    """Mean and deviation of each column of the rows so far (Welford 1962). A column without values has mean 0.

    Parameters
    ----------
    columns : int
        Number of the columns.
    """

    def __init__(self, columns: int = 0) -> None:
        self._count, self._mean, self._squares = np.zeros((3, columns))

    def widen(self, columns: int) -> None:
        """Append columns, so that there are ``columns``."""
        missing = columns - len(self._mean)
        self._count, self._mean, self._squares = (np.pad(one, (0, missing)) for one in (self._count, self._mean, self._squares))

    def learn(self, row: Values) -> None:
        """Take a row, NaN where a value is missing."""
        there = np.isfinite(row)
        self._count += there
        difference = np.where(there, row - self._mean, 0.0)
        self._mean += difference / np.maximum(self._count, 1)
        self._squares += difference * np.where(there, row - self._mean, 0.0)

    @property
    def _deviation(self) -> Values:
        deviation: Values = np.sqrt(self._squares / np.maximum(self._count, 1))
        return np.where(deviation == 0, 1.0, deviation)

    def apply(self, rows: Values) -> Values:
        """Return rows with mean 0 and deviation 1, and 0 where a value is missing."""
        return np.nan_to_num((rows - self._mean) / self._deviation)

    def invert(self, row: Values) -> Values:
        """Return a row in the units of what the scale has learned."""
        return row * self._deviation + self._mean


class FeatureWindow:
    """The last rows of features, by name. A new name becomes a further column, a missing one is NaN.

    Parameters
    ----------
    length : int
        Rows that are remembered.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._columns: dict[Any, int] = {}
        self._rows: Values = np.empty((0, 0))

    @property
    def width(self) -> int:
        """Number of the columns."""
        return len(self._columns)

    def append(self, x: Mapping[Any, Any]) -> Values:
        """Append a row, and return it."""
        new = {name: _number(name, value) for name, value in x.items() if name not in self._columns}
        row = self._row(x)
        if new:
            names = sorted(new, key=repr)  # in an order that does not depend on the one of the row
            self._columns.update({name: self.width + place for place, name in enumerate(names)})
            self._rows = np.pad(self._rows, ((0, 0), (0, len(new))), constant_values=np.nan)
            row = np.append(row, [new[name] for name in names])
        self._rows = np.vstack([self._rows, row])[-self._length :]
        return row

    def rows(self) -> Values:
        """Return the rows (T, width)."""
        return self._rows

    def rows_with(self, x: Mapping[Any, Any]) -> Values:
        """Return the rows if ``x`` followed, (T, width), without its unknown names."""
        return np.vstack([self._rows, self._row(x)])[-self._length :]

    def _row(self, x: Mapping[Any, Any]) -> Values:
        row = np.full(self.width, np.nan)
        for name, value in x.items():
            place = self._columns.get(name)
            if place is not None:
                row[place] = _number(name, value)
        return row


def _number(name: Any, value: Any) -> float:
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise ValueError(
            f"feature {name!r} must be a number, got {value!r}. Put preprocessing.OneHotEncoder() before the LSTM."
        )
    number = float(value)
    if math.isinf(number):
        raise ValueError(f"feature {name!r} must be finite, or NaN where it is missing, got {value!r}. Leave it out.")
    return number
