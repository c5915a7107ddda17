"""Predictor: forecasts, quantiles and intervals behind the end of series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from .base import FittedForecaster
from .conformal import conformal_interval
from .fitted import Fitted
from .fitting import Tables, recursion_of
from .networks.windows import Values
from .prediction import Forecasts, forecast
from .tables.results import to_table


class ForecastFan(NamedTuple):
    """A series, its forecast, and intervals around it, as arrays to draw; from :meth:`LSTMForecaster.forecast_fan`."""

    series: Any  #: name
    times: Any  #: DatetimeIndex (T,)
    observed: Values  #: (T,), NaN where missing
    future_times: Any  #: DatetimeIndex (horizon,)
    forecast: Values  #: (horizon,)
    intervals: dict[float, tuple[Values, Values]]  #: lower and upper bounds (horizon,) by coverage


class Predictor(FittedForecaster):
    """Base class of :class:`LSTMForecaster`: its forecasts."""

    def predict(
        self,
        horizon: int | None = None,
        y: Any = None,
        past_covariates: Any = None,
        future_covariates: Any = None,
        static_covariates: Any = None,
    ) -> Any:
        """Return point forecasts: means, or the quantile nearest to the median.

        Parameters
        ----------
        horizon : int, optional
            Steps. Default: the forecaster's; more only with the recursive strategy.
        y : Series or DataFrame, optional
            Series to forecast, instead of those of the fit. A series that was not there is scaled by what is given of it.
        past_covariates, future_covariates, static_covariates : DataFrame, optional
            Further rows. Covariates of the future must reach to the last step.

        Returns
        -------
        DataFrame
            With the form of the series, and the times that follow them.
        """
        state = self._with(Tables(y, past_covariates, future_covariates, static_covariates))
        return self._table(state, self._forecasts(state, horizon), lambda one: one.point()[0, :, None])

    def predict_quantiles(
        self,
        quantiles: Sequence[float] | None = None,
        horizon: int | None = None,
        y: Any = None,
        past_covariates: Any = None,
        future_covariates: Any = None,
        static_covariates: Any = None,
    ) -> Any:
        """Return quantiles of each forecast; those that were learned by default. Other arguments as of :meth:`predict`."""
        levels = self._levels(quantiles)
        state = self._with(Tables(y, past_covariates, future_covariates, static_covariates))
        return self._table(state, self._forecasts(state, horizon), lambda one: one.quantiles(levels)[0], levels, "quantile")

    def predict_interval(
        self,
        coverage: float = 0.9,
        horizon: int | None = None,
        y: Any = None,
        past_covariates: Any = None,
        future_covariates: Any = None,
        static_covariates: Any = None,
    ) -> Any:
        """Return ``lower`` and ``upper`` bounds, between which the share ``coverage`` of the true values is expected.

        With ``calibration_fraction`` they are split conformal intervals, for any kind of forecast. Else they are quantiles of
        the distribution, or those that were learned. Other arguments as of :meth:`predict`.
        """
        state = self._with(Tables(y, past_covariates, future_covariates, static_covariates))
        found = self._forecasts(state, horizon)
        return self._table(state, found, lambda one: self._bounds(state, one, coverage)[0], ["lower", "upper"], "bound")

    def forecast_fan(
        self, series: Any = None, horizon: int | None = None, coverage: Sequence[float] | None = None
    ) -> ForecastFan:
        """Return a series with its forecast and intervals, as arrays for a picture.

        Parameters
        ----------
        series : str, optional
            Name of a series of the fit. Default: the first.
        horizon : int, optional
            Steps. Default: the forecaster's.
        coverage : sequence of float, optional
            Coverage of each interval. Default: those of the learned quantiles that are symmetric, else 0.5 and 0.9 where the
            forecaster has intervals, else none.

        Raises
        ------
        ValueError
            For an unknown series, and for a coverage or a horizon for which the forecaster has no forecast.
        """
        state = self._state
        if series is not None and series not in state.tracks:
            raise ValueError(f"there is no series {series!r}. Name one of {', '.join(map(repr, list(state.tracks)[:6]))}.")
        key = next(iter(state.tracks)) if series is None else series
        track = state.tracks[key]
        one = self._forecasts(replace(state, tracks={key: track}), horizon)[key]
        point = one.point()[0]
        if coverage is None:
            coverage = self._usual_coverage(state)
        bounds = {share: tuple(np.moveaxis(self._bounds(state, one, share)[0], -1, 0)) for share in coverage}
        return ForecastFan(key, track.index, track.values, state.future_index(key, len(point)), point, bounds)

    def _levels(self, quantiles: Sequence[float] | None) -> tuple[float, ...]:
        if not self._state.head.gives_quantiles:
            raise ValueError("the forecaster has point forecasts only. Fit it with quantiles or distribution.")
        chosen = quantiles if quantiles is not None else self._state.parameters.quantiles
        levels = (0.1, 0.5, 0.9) if chosen is None else tuple(chosen)
        if not all(0 < level < 1 for level in levels) or list(levels) != sorted(set(levels)):
            raise ValueError(f"quantiles must be ascending numbers in (0, 1), got {levels}.")
        return levels

    def _bounds(self, state: Fitted, found: Forecasts, coverage: float) -> Any:
        """Return bounds (n, horizon, 2)."""
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must be in (0, 1), got {coverage!r}.")
        if state.scores is not None:
            return np.stack(conformal_interval(found, state.scores, coverage), axis=-1)
        if not state.head.gives_quantiles:
            raise ValueError(
                "intervals need calibration_fraction, quantiles or distribution. Fit the forecaster with one of them."
            )
        levels = (1 - coverage) / 2, (1 + coverage) / 2
        return found.quantiles(tuple(round(level, 12) for level in levels))

    def _usual_coverage(self, state: Fitted) -> list[float]:
        if state.scores is None and state.parameters.quantiles is not None:
            levels = tuple(state.parameters.quantiles)
            pairs = [(low, high) for low, high in zip(levels, levels[::-1], strict=True) if low < 0.5 < high]
            return [round(high - low, 12) for low, high in pairs if abs(low + high - 1) < 1e-9]
        return [0.5, 0.9] if state.scores is not None or state.head.gives_quantiles else []

    def _forecasts(self, state: Fitted, horizon: int | None) -> dict[Any, Forecasts]:
        steps = self._steps(horizon)
        state.check_lengths(0)
        found = {}
        for key, track in state.tracks.items():
            origin = np.array([len(track.index)])
            found[key] = forecast(state, state.sample(key, steps), origin, steps, recursion_of(state.parameters))
        return found

    def _steps(self, horizon: int | None) -> int:
        steps = self._state.parameters.horizon if horizon is None else horizon
        if not isinstance(steps, (int, np.integer)) or steps < 1:
            raise ValueError(f"horizon must be a whole number of at least 1, got {horizon!r}.")
        if self._state.parameters.strategy == "direct" and steps > self._state.shape.horizon:
            raise ValueError(
                f"the forecaster was fitted to {self._state.shape.horizon} steps, got horizon={steps}. "
                "Fit it with a longer horizon, or with strategy='recursive'."
            )
        return steps

    def _table(self, state: Fitted, found: dict[Any, Forecasts], values: Any, labels: Any = None, level: Any = None) -> Any:
        results = {}
        for key, one in found.items():
            array = values(one)
            results[key] = state.future_index(key, len(array)), array
        return to_table(results, state.layout, labels, level)
