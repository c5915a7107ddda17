"""Forecasts of the rows that a forecaster knows, each from the rows before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..forecasting.fitted import Fitted, Values
from ..forecasting.fitting import recursion_of
from ..forecasting.prediction import forecast
from ..forecasting.tables.covariates import Covariates
from ..forecasting.tables.targets import Track


def in_sample(state: Fitted, rows: Values, quantiles: Sequence[float] | None) -> Values:
    """Return forecasts one step ahead, (rows, series, 1), or their quantiles, (rows, series, quantiles).

    Parameters
    ----------
    state : Fitted
        The series and the network.
    rows : array of int
        Positions in the series. What is missing before the first row repeats it.
    quantiles : sequence of float, optional
        Quantiles, ascending. Default: the point forecasts.
    """
    longer = _with_rows_before(state)
    found = []
    for key in longer.tracks:
        one = forecast(longer, longer.sample(key, 0), rows + state.shape.reach, 1, recursion_of(state.parameters))
        found.append(one.point() if quantiles is None else one.quantiles(quantiles)[:, 0])
    return np.stack(found, axis=1)


def _with_rows_before(state: Fitted) -> Fitted:
    """Return a state whose series begin a window earlier."""
    reach = state.shape.reach
    tracks = {}
    for key, (index, values) in state.tracks.items():
        before = pd.date_range(end=index[0], periods=reach + 1, freq=state.offset)[:-1]
        tracks[key] = Track(before.as_unit(index.unit).append(index), np.concatenate([np.repeat(values[:1], reach), values]))
    longest = max((track.index for track in tracks.values()), key=len)
    future = state.future
    if future is not None:
        frames = {key: frame.reindex(longest.union(frame.index)).bfill() for key, frame in future.frames.items()}
        future = Covariates(future.name, future.encodings, frames)
    return replace(state, tracks=tracks, future=future)
