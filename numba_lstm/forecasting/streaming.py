"""ForecastStream: forecasts of live data, one observation at a time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd

from .fitted import Fitted
from .fitting import Tables
from .predictor import Predictor
from .tables.covariates import Covariates
from .tables.targets import Track, last_observed, merge


class ForecastStream:
    """A forecaster of one series that keeps only as many rows as its windows need, from ``LSTMForecaster.stream``.

    Forecasts have the bits of ``forecaster.update(...).predict()``; the forecaster itself does not change.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Fitted to one series, whose end is the present.
    """

    def __init__(self, forecaster: Predictor) -> None:
        state = forecaster._state
        if len(state.tracks) != 1:
            raise ValueError(f"stream() needs a forecaster of one series, got one of {len(state.tracks)}. Fit one to each.")
        self._forecaster = copy.copy(forecaster)
        (self._key,) = state.tracks
        self._trim()

    def observe(self, value: float, time: Any = None, past_covariates: Any = None, future_covariates: Any = None) -> Self:
        """Take the next observation.

        Parameters
        ----------
        value : float
            The value; NaN is treated as ``gaps`` of the forecaster says.
        time : Timestamp, optional
            Its time. Default: the one that follows. A later one leaves a gap.
        past_covariates : dict or DataFrame, optional
            Values of the covariates at this time, or rows of them.
        future_covariates : DataFrame, optional
            Further rows.

        Raises
        ------
        TypeError, ValueError
            For a value, a time or covariates that cannot be used. The stream is as before then.
        """
        if np.isinf(value):
            raise ValueError(f"value must be finite, or NaN where it is missing, got {value!r}.")
        state = self._forecaster._state
        moment = state.future_index(self._key, 1)[0] if time is None else pd.Timestamp(time)
        index = pd.DatetimeIndex([moment])
        if isinstance(past_covariates, Mapping):
            past_covariates = pd.DataFrame([dict(past_covariates)], index=index)
        new = {self._key: Track(index, np.array([value], np.float64))}
        tracks = merge(state.tracks, new, state.offset, state.gaps)
        covariates = self._forecaster._read(Tables(None, past_covariates, future_covariates))
        self._forecaster._fitted = state.with_data(tracks, *covariates)
        self._trim()
        return self

    def step(self, value: float, time: Any = None, past_covariates: Any = None, future_covariates: Any = None) -> Any:
        """Take the next observation, and return the point forecasts of what follows."""
        return self.observe(value, time, past_covariates, future_covariates).predict()

    def predict(self, horizon: int | None = None) -> Any:
        """Return point forecasts, as the forecaster does."""
        return self._forecaster.predict(horizon)

    def predict_quantiles(self, quantiles: Any = None, horizon: int | None = None) -> Any:
        """Return quantiles, as the forecaster does."""
        return self._forecaster.predict_quantiles(quantiles, horizon)

    def predict_interval(self, coverage: float = 0.9, horizon: int | None = None) -> Any:
        """Return bounds, as the forecaster does."""
        return self._forecaster.predict_interval(coverage, horizon)

    def _trim(self) -> None:
        """Leave out rows that no later window needs."""
        state = self._forecaster._state
        track = state.tracks[self._key]
        begin = self._first_row(state, track)
        last = Track(track.index[begin:], track.values[begin:])
        self._forecaster._fitted = replace(
            state,
            tracks={self._key: last},
            past=_since(state.past, last.index[0]),
            future=_since(state.future, last.index[0]),
        )

    def _first_row(self, state: Fitted, track: Track) -> int:
        """Return the first row of the next window, or of the straight line over a gap that reaches into it."""
        rows = slice(max(0, len(track.index) - state.shape.reach) + 1)
        index = track.index[rows]
        columns = [track.values[rows, None]]
        columns += [one.rows(self._key, index) for one in (state.past, state.future) if one is not None]
        begin = int(last_observed(np.hstack(columns))[-1].min())
        return int(last_observed(track.values[: begin + 1])[-1])


def _since(covariates: Covariates | None, time: Any) -> Covariates | None:
    if covariates is None:
        return None
    frames = {key: frame[frame.index >= time] for key, frame in covariates.frames.items()}
    return Covariates(covariates.name, covariates.encodings, frames)
