"""Forecasts as tables of the form that the series came in."""

from __future__ import annotations

import importlib
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .targets import Layout, Track

#: Times of the future and values (H, columns) of each series.
Results = dict[Hashable, tuple[Any, npt.NDArray[np.float64]]]


def to_table(results: Results, layout: Layout, labels: Sequence[Any] | None = None, level: str | None = None) -> Any:
    """Return a table of forecasts.

    Parameters
    ----------
    results : dict of str to (DatetimeIndex, array)
        Values (H, 1), or (H, len(labels)).
    layout : Layout
        The form of the series. One Series or a wide table give a DataFrame with the future times as its index; a long
        table gives a long one.
    labels : sequence, optional
        Names of the columns of values, such as quantiles. None: the names of the series.
    level : str, optional
        What the labels are, the name of their level in the columns.
    """
    if layout.kind == "long":
        frame = _long(results, layout, labels)
    elif layout.kind == "series":
        ((index, values),) = results.values()
        columns = pd.Index(["y" if layout.name is None else layout.name] if labels is None else labels, name=level)
        frame = pd.DataFrame(values, index=index, columns=columns)
    else:
        frame = _wide(results, layout, labels, level)
    return frame if layout.library is None else to_library(frame, layout)


def _wide(results: Results, layout: Layout, labels: Sequence[Any] | None, level: str | None) -> Any:
    tables = {key: pd.DataFrame(values, index=index, columns=labels) for key, (index, values) in results.items()}
    frame = pd.concat(tables, axis=1, names=["series", level])
    if labels is None:
        frame.columns = pd.Index(list(results))
    if layout.columns.time is None:
        return frame
    if labels is not None:
        frame.columns = [f"{key}_{label}" for key, label in frame.columns]
    return frame.rename_axis(index=layout.columns.time).reset_index()


def _long(results: Results, layout: Layout, labels: Sequence[Any] | None) -> Any:
    columns = [layout.columns.target] if labels is None else list(labels)
    tables = []
    for key, (index, values) in results.items():
        table = pd.DataFrame(values, index=index, columns=columns)
        table.insert(0, layout.columns.id, key)
        tables.append(table)
    frame = pd.concat(tables)
    if layout.columns.time is None:
        return frame
    frame.index = pd.DatetimeIndex(frame.index, name=layout.columns.time)
    return frame.reset_index()[[layout.columns.id, layout.columns.time, *columns]]


def long_frame(
    id_column: Any, key: Hashable, track: Track, origins: npt.NDArray[np.int64], columns: dict[Any, npt.NDArray[np.float64]]
) -> Any:
    """Return the forecasts of one series from several origins as a long table, beside what came.

    Parameters
    ----------
    id_column : str or None
        Name of the first column, which has ``key``. None: ``"series"``.
    key : hashable
        The name of the series.
    track : Track
        The series; it must reach over all steps.
    origins : array of int (n,)
        Positions of the first step of each forecast.
    columns : dict of str or float to array
        Forecasts, quantiles and bounds (n, horizon) by the names of their columns.
    """
    n, horizon = next(iter(columns.values())).shape
    rows = (origins[:, None] + np.arange(horizon)).reshape(-1)
    before: dict[Any, Any] = {
        "series" if id_column is None else id_column: key,
        "cutoff": np.repeat(track.index[origins - 1], horizon),
        "time": track.index[rows],
        "step": np.tile(np.arange(horizon) + 1, n),
        "y": track.values[rows],
    }
    return pd.DataFrame(before | {name: values.reshape(-1) for name, values in columns.items()})


def to_library(frame: Any, layout: Layout) -> Any:
    """Return a frame as a table of the library that the series came in."""
    nw: Any = importlib.import_module("narwhals")
    columns: dict[str, Any] = {}
    zones = {}
    for label in frame.columns:
        column = frame[label]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            zones[str(label)] = str(column.dt.tz)
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        columns[str(label)] = column.to_list() if column.dtype.kind not in "fiuM" else column.to_numpy()
    native = nw.from_dict(columns, backend=layout.library)
    for label, zone in zones.items():
        native = native.with_columns(nw.col(label).dt.replace_time_zone("UTC").dt.convert_time_zone(zone))
    return native.to_native()
