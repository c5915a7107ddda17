"""Read the series that are forecast: one Series, a wide table with a column for each, or a long one with a column of names."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .frames import Columns, as_numbers, check_columns, to_pandas, with_time_index
from .frequency import check_index, find_frequency, grid, same_zone

GAPS = ("raise", "interpolate", "mask")


class Track(NamedTuple):
    """One series on a grid without gaps."""

    index: Any  #: DatetimeIndex (T,)
    values: npt.NDArray[np.float64]  #: (T,), NaN where a value is missing


Tracks = dict[Hashable, Track]


@dataclass(frozen=True)
class Layout:
    """Form of a user's table, which forecasts have too."""

    kind: str  #: "series", "wide" or "long"
    columns: Columns = Columns()
    name: Any = None  #: of a Series
    library: str | None = None  #: None for pandas


def read_targets(y: Any, columns: Columns, freq: Any, gaps: str | None) -> tuple[Tracks, Layout, Any]:
    """Return the series of ``y`` by their names, its layout, and the offset of its times.

    With ``gaps=None`` the series are not on their grid yet: :func:`merge` follows.

    Raises
    ------
    TypeError, ValueError
        For times that are missing, repeated, out of order or without a frequency, and for values that are missing under
        ``gaps="raise"``.
    """
    table, library = to_pandas(y, "y")
    layout, named = _split(table, columns, library)
    if not named:
        raise ValueError("y has no series. Give at least one column of numbers.")
    for key, column in named:
        check_index(column.index, "y" if layout.kind != "long" else f"series {key!r} of y")
        if len(column) == 0:
            raise ValueError("y has no rows.")
    offset = find_frequency(max((column.index for _, column in named), key=len), freq, "y")
    tracks = {}
    for key, column in named:
        find_frequency(column.index, offset, f"series {key!r} of y")
        track = Track(column.index, as_numbers(column, key, "y"))
        tracks[key] = track if gaps is None else fill(track, offset, gaps, key)
    return tracks, layout, offset


def _split(table: Any, columns: Columns, library: str | None) -> tuple[Layout, list[tuple[Hashable, Any]]]:
    if isinstance(table, pd.Series):
        return Layout("series", Columns(), table.name, library), [("y" if table.name is None else table.name, table)]
    check_columns(table, columns, "y")
    if columns.id is None:
        frame = with_time_index(table, columns)
        frame = frame if columns.target is None else frame[[columns.target]]
        if not frame.columns.is_unique:
            raise ValueError("y has several columns of the same name. Rename them.")
        layout = Layout("wide", Columns(None, columns.time, None), None, library)
        return layout, [(key, frame[key]) for key in frame.columns]
    if columns.id not in table.columns:
        raise ValueError(
            f"y has no column {columns.id!r}, which id_column names. It has {', '.join(map(repr, table.columns))}."
        )
    frame = with_time_index(table, columns)
    others = [label for label in frame.columns if label != columns.id]
    if columns.target is None and len(others) != 1:
        raise ValueError(f"y has the columns {others} beside {columns.id!r}. Say which one to forecast: target_column.")
    target = others[0] if columns.target is None else columns.target
    if frame[columns.id].isna().any():
        raise ValueError(f"column {columns.id!r} of y has missing values. Remove these rows.")
    groups = frame.groupby(columns.id, sort=False, observed=True)[target]
    return Layout("long", Columns(columns.id, columns.time, target), None, library), list(groups)


def fill(track: Track, offset: Any, gaps: str, key: Hashable) -> Track:
    """Return a series on its grid, from its first value on; raise ValueError for gaps under ``gaps="raise"``."""
    index = grid(track.index, offset)
    values = pd.Series(track.values, track.index).reindex(index).to_numpy()
    observed = np.isfinite(values)
    if not observed.any():
        raise ValueError(f"series {key!r} of y has no values.")
    begin = int(observed.argmax())
    index, values, observed = index[begin:], values[begin:], observed[begin:]
    if gaps == "raise" and not observed.all():
        raise ValueError(
            f"series {key!r} of y has {int((~observed).sum())} missing values or times, the first at "
            f"{index[observed.argmin()]}. Fill them, or choose gaps='interpolate' or gaps='mask'."
        )
    return Track(index, values)


def interpolated(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values (T, ...) with straight lines over gaps; gaps at the ends repeat the nearest value."""
    if values.ndim > 1:
        return np.stack([interpolated(column) for column in values.T], axis=1) if values.shape[1] else values
    steps, observed = np.arange(len(values)), np.isfinite(values)
    return values if observed.all() else np.interp(steps, steps[observed], values[observed])


def last_observed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return of each row of values (T, ...) the last one at or before it that has a value, 0 if there is none."""
    steps = np.arange(len(values)).reshape(-1, *[1] * (values.ndim - 1))
    found: npt.NDArray[np.int64] = np.maximum.accumulate(np.where(np.isfinite(values), steps, 0), axis=0)
    return found


def merge(old: Tracks, new: Tracks, offset: Any, gaps: str) -> Tracks:
    """Return the series of ``old`` with the rows of ``new``, which replace those of the same time.

    Raises
    ------
    ValueError
        For a series that is not in ``old``, and for a gap between the two under ``gaps="raise"``.
    """
    return {**old, **dict(_merged(old, new, offset, gaps))}


def _merged(old: Tracks, new: Tracks, offset: Any, gaps: str) -> Iterator[tuple[Hashable, Track]]:
    for key, track in new.items():
        if key not in old:
            known = ", ".join(repr(name) for name in list(old)[:6])
            raise ValueError(f"y has the series {key!r}, which was not there when the forecaster was fitted; known: {known}.")
        before = pd.Series(old[key].values, old[key].index)
        after = pd.Series(track.values, same_zone(track.index, old[key].index, "y"))
        rows = pd.concat([before[~before.index.isin(after.index)], after]).sort_index()
        find_frequency(rows.index, offset, f"series {key!r} of y")
        yield key, fill(Track(rows.index, rows.to_numpy()), offset, gaps, key)
