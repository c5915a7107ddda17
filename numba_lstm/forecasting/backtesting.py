"""Backtests: the forecasts that would have been made in the past, and their errors."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from . import fitting
from .fitted import Fitted
from .fitting import Tables, recursion_of
from .networks.windows import Values
from .prediction import Forecasts, forecast
from .predictor import Predictor
from .tables.results import long_frame, to_library
from .tables.targets import Layout, Track, read_targets

_METRICS = ("mae", "rmse", "mape", "smape", "mase")


def backtest(forecaster: Predictor, tables: Tables, start: Any, stride: int | None, refit: bool, coverage: float | None) -> Any:
    """Return a long table of forecasts and what came; see :meth:`LSTMForecaster.backtest`."""
    _check_stride(stride)
    layout, rows = (_refitted if refit else _rows)(forecaster, tables, start, stride, coverage)
    frame = pd.concat(rows, ignore_index=True)
    return frame if layout.library is None else to_library(frame, layout)


def _check_stride(stride: int | None) -> None:
    if stride is not None and stride < 1:
        raise ValueError(f"stride must be a whole number of at least 1, got {stride!r}.")


def _rows(
    forecaster: Predictor, tables: Tables, start: Any, stride: int | None, coverage: float | None
) -> tuple[Layout, list[Any]]:
    state = forecaster._merged(tables)
    horizon = forecaster._state.parameters.horizon
    found = []
    for key, track in state.tracks.items():
        origins = _origins(state, key, start, horizon if stride is None else stride, horizon)
        forecasts = forecast(state, state.sample(key, 0), origins, horizon, recursion_of(state.parameters))
        found.append(_frame(forecaster, state, key, track, origins, forecasts, coverage))
    return state.layout, found


def _refitted(
    forecaster: Predictor, tables: Tables, start: Any, stride: int | None, coverage: float | None
) -> tuple[Layout, list[Any]]:
    if tables.y is None or start is None:
        raise ValueError("backtest(refit=True) needs y and start, from which the first copy is fitted.")
    forecaster._check()
    state = forecaster._fitted
    for name in ("past_covariates", "future_covariates", "static_covariates"):
        if state is not None and getattr(state, name.split("_")[0]) is not None and getattr(tables, name) is None:
            raise ValueError(f"backtest(refit=True) fits copies to given tables, and needs {name} as fit had them. Give them.")
    tracks, layout, _ = read_targets(tables.y, forecaster._columns, forecaster.freq, forecaster.gaps)
    longest = max(tracks.values(), key=lambda track: len(track.index)).index
    horizon = forecaster.horizon
    first = row_behind(longest, start)
    if first < 1:
        raise ValueError(f"start={start!r} leaves no rows before the first forecast. Give a later start.")
    found = []
    for origin in range(first, len(longest) - horizon + 1, horizon if stride is None else stride):
        fitted = copy.copy(forecaster)
        fitted._fitted = fitting.fit(forecaster, tables, until=longest[origin - 1])
        whole = fitted._merged(tables)
        for key, track in whole.tracks.items():
            place = np.array([len(fitted._state.tracks[key].index)])
            if place[0] + horizon <= len(track.index):
                forecasts = forecast(whole, whole.sample(key, 0), place, horizon, recursion_of(forecaster))
                found.append(_frame(forecaster, whole, key, track, place, forecasts, coverage))
    if not found:
        raise ValueError(f"y has no {horizon} rows behind start={start!r} that could be compared. Give an earlier start.")
    return layout, found


def _origins(state: Fitted, key: Hashable, start: Any, stride: int, horizon: int) -> Values:
    index = state.tracks[key].index
    first = int(index.searchsorted(state.trained_until[key], side="right")) if start is None else row_behind(index, start)
    if first < state.shape.reach:
        raise ValueError(
            f"start={start!r} leaves {first} rows of series {key!r} before the first forecast, which needs {state.shape.reach}."
        )
    origins = np.arange(first, len(index) - horizon + 1, stride)
    if not len(origins):
        where = f"behind {index[first - 1]}"
        raise ValueError(
            f"series {key!r} has {len(index) - first} rows {where}, and a backtest needs at least {horizon}. "
            "Give y with later rows than those of the fit, or start."
        )
    return origins


def row_behind(index: Any, start: Any) -> int:
    """Return the position of the first row behind ``start``, a time or a share."""
    if isinstance(start, float):
        if not 0 < start < 1:
            raise ValueError(f"start must be a time, or a share in (0, 1), got {start!r}.")
        return int(start * len(index))
    time = pd.Timestamp(start)
    if index.tz is not None and time.tz is None:
        time = time.tz_localize(index.tz)
    return int(index.searchsorted(time, side="right"))


def _frame(
    forecaster: Predictor,
    state: Fitted,
    key: Hashable,
    track: Track,
    origins: Values,
    forecasts: Forecasts,
    coverage: float | None,
) -> Any:
    levels = state.parameters.quantiles
    columns: dict[Any, Any] = {}
    if levels is not None:
        values = forecasts.quantiles(tuple(levels))
        columns |= {level: values[..., k] for k, level in enumerate(levels)}
    if coverage is not None:
        bounds = forecaster._bounds(state, forecasts, coverage)
        columns |= {name: bounds[..., k] for k, name in enumerate(("lower", "upper"))}
    return long_frame(state.layout.columns.id, key, track, origins, {"forecast": forecasts.point()} | columns)


def score(forecaster: Predictor, tables: Tables, metric: str, start: Any, stride: int | None, season: int) -> float:
    """Return an error of a backtest; see :meth:`LSTMForecaster.score`."""
    if metric not in _METRICS:
        raise ValueError(f"metric must be one of {', '.join(map(repr, _METRICS))}, got {metric!r}.")
    if season < 1:
        raise ValueError(f"season must be a whole number of at least 1, got {season!r}.")
    _check_stride(stride)
    state = forecaster._merged(tables)
    errors = []
    for frame in _rows(forecaster, tables, start, stride, None)[1]:
        key = frame.iloc[0, 0]
        error = np.abs(frame["y"] - frame["forecast"]).to_numpy()
        if metric == "rmse":
            error = error**2
        elif metric == "mape":
            error = 100 * error / np.abs(frame["y"].to_numpy())
        elif metric == "smape":
            total = (np.abs(frame["y"]) + np.abs(frame["forecast"])).to_numpy()
            error = np.divide(200 * error, total, out=np.zeros_like(error), where=total != 0)
        elif metric == "mase":
            track = state.tracks[key]
            before = track.values[track.index <= frame["cutoff"].iloc[0]]
            if len(before) <= season:
                raise ValueError(f"series {key!r} has {len(before)} rows before start, and season={season} needs more.")
            error = error / np.nanmean(np.abs(before[season:] - before[:-season]))
        errors.append(error)
    mean = float(np.nanmean(np.concatenate(errors)))
    return mean**0.5 if metric == "rmse" else mean
