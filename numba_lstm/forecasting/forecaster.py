"""LSTMForecaster: forecasts of time series in tables."""

from __future__ import annotations

import copy
import os
from dataclasses import replace
from typing import Any, Self

from . import backtesting, fitting, persistence
from .fitting import Tables
from .predictor import Predictor
from .streaming import ForecastStream


class LSTMForecaster(Predictor):
    """Forecasts of one or many time series by one LSTM network.

    Series come as a pandas Series, as a DataFrame with a column for each (wide), or as one with a column of names (long), with
    their times; forecasts come in the same form, with the times that follow. Each series is scaled inside.

    Parameters
    ----------
    horizon : int
        Steps that :meth:`predict` forecasts.
    context_length : int, optional
        Steps before a forecast that the network reads. Default: ``2 * horizon``.
    units : int or tuple of int
        Units of the LSTM, or of several of them, one after the other.
    lags : sequence of int
        Distances of further values beside each step, such as ``(24, 168)`` for the same hour of yesterday and of last week.
        With the direct strategy at least ``horizon``.
    strategy : "direct" or "recursive"
        Whether one call computes all steps, or each forecast is an input of the next step. Only the recursive strategy can
        forecast more steps than ``horizon``.
    quantiles : sequence of float, optional
        Quantiles to learn, ascending. They never cross. The point forecast is the one nearest to 0.5.
    distribution : "gaussian" or "student_t", optional
        Distribution to learn, instead of quantiles.
    df : float
        Degrees of freedom of ``"student_t"``, above 1.
    loss : str or Loss
        Of point forecasts.
    calendar : "auto", None or sequence of str
        Features ``"time_of_day"``, ``"day_of_week"``, ``"day_of_month"`` and ``"day_of_year"``. ``"auto"`` takes cycles that
        are longer than a step and that the series goes through twice.
    scaling : "standard", "window", "minmax" or None
        Each series has mean 0 and deviation 1, or is within 0 and 1. With ``"window"`` each window has mean 0 and deviation 1
        before the forecast, for series whose level changes.
    gaps : "raise", "interpolate" or "mask"
        What to do about values and times that are missing: raise an error, draw straight lines, or tell the network, and leave
        them out of the loss. Covariates are interpolated with ``"mask"`` too.
    freq : str or offset, optional
        Frequency of the times. Default: inferred.
    id_column, time_column, target_column : str, optional
        Columns of a long table: names of series, times, values. Without ``time_column`` times are in the index.
    embed_series : bool
        Whether the network knows which series it forecasts. Then it can forecast only those of the fit.
    calibration_fraction : float
        Share of the windows, the last ones, for conformal intervals. They are not trained on.
    early_stopping : bool
        Whether to leave out ``validation_fraction`` of the windows, to stop after ``patience`` epochs without a lower loss on
        them, and to take the weights of the best epoch.
    validation_fraction, patience
        See ``early_stopping``.
    dropout : float
        Rate of dropout behind each LSTM.
    epochs, batch_size, learning_rate
        Of the training, with Adam. The rate falls to zero on half a cosine.
    window_stride : int
        Rows from one window of training to the next.
    num_samples : int
        Paths that are drawn for distributions and quantiles of the recursive strategy.
    random_state : int, optional
        Seeds weights, shuffles, dropout and paths.
    verbose : int or "auto"
        As ``verbose`` of :meth:`numba_lstm.Sequential.fit`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from numba_lstm.forecasting import LSTMForecaster
    >>> times = pd.date_range("2024-01-01", periods=240, freq="h")
    >>> y = pd.Series(np.sin(np.arange(240) * 2 * np.pi / 24), times, name="load")
    >>> forecaster = LSTMForecaster(horizon=24, units=16, epochs=20, random_state=0).fit(y)
    >>> forecaster.predict().index[0]
    Timestamp('2024-01-11 00:00:00')
    """

    def fit(self, y: Any, past_covariates: Any = None, future_covariates: Any = None, static_covariates: Any = None) -> Self:
        """Train on series, and remember them.

        Parameters
        ----------
        y : Series or DataFrame
            The series, with a DatetimeIndex or ``time_column``.
        past_covariates : Series or DataFrame, optional
            Columns that are known up to the present. Text, bool and ``category`` are categories.
        future_covariates : Series or DataFrame, optional
            Columns that are known of the future too, such as holidays. Further rows may come in :meth:`predict`.
        static_covariates : DataFrame, optional
            One row for each series, whose name is in the index or in ``id_column``.

        Raises
        ------
        TypeError, ValueError
            For tables that cannot be used. The forecaster is as before then.
        """
        self._fitted = fitting.fit(self, Tables(y, past_covariates, future_covariates, static_covariates))
        return self

    def update(self, y: Any, past_covariates: Any = None, future_covariates: Any = None, *, epochs: int = 0) -> Self:
        """Append new observations, which the next forecasts follow, and train on all for ``epochs`` more.

        Rows of times that were there already replace the old ones. Scales and the widths of conformal intervals stay; after
        ``epochs`` the network knows the calibration windows too, so fit anew for intervals with their coverage.
        """
        state = self._merged(Tables(y, past_covariates, future_covariates))
        if epochs:
            with fitting.seed_of(self):
                state = replace(state, model=copy.deepcopy(state.model))
                windows = fitting.all_windows(self, state)
                if windows is not None:
                    fitting.train(self, state, windows, None, epochs)
                state = replace(state, trained_until={key: track.index[-1] for key, track in state.tracks.items()})
        self._fitted = state
        return self

    def backtest(
        self,
        y: Any = None,
        past_covariates: Any = None,
        future_covariates: Any = None,
        static_covariates: Any = None,
        *,
        start: Any = None,
        stride: int | None = None,
        refit: bool = False,
        coverage: float | None = None,
    ) -> Any:
        """Return the forecasts that would have been made in the past, beside what came.

        Parameters
        ----------
        y : Series or DataFrame, optional
            Observations, which are joined to those of the fit. Default: those alone.
        past_covariates, future_covariates, static_covariates : DataFrame, optional
            Further rows.
        start : Timestamp, str or float, optional
            The last time that the first forecast knows, or the share of rows before it. Default: the end of what the
            forecaster was trained on, so that all forecasts are of values that it has not seen.
        stride : int, optional
            Rows from one forecast to the next. Default: ``horizon``.
        refit : bool
            Whether a copy is fitted to the rows before each forecast. The tables are then those of a fit, with all rows, and
            ``start`` is needed. The forecaster itself does not change, and need not be fitted.
        coverage : float, optional
            Adds bounds as :meth:`predict_interval` returns them.

        Returns
        -------
        DataFrame
            Long: the series, ``cutoff`` (the last time that was known), ``time``, ``step``, ``y``, ``forecast``, and a column
            for each learned quantile, ``lower`` and ``upper``.
        """
        tables = Tables(y, past_covariates, future_covariates, static_covariates)
        return backtesting.backtest(self, tables, start, stride, refit, coverage)

    def score(
        self,
        y: Any = None,
        past_covariates: Any = None,
        future_covariates: Any = None,
        static_covariates: Any = None,
        *,
        metric: str = "mae",
        start: Any = None,
        stride: int | None = None,
        season: int = 1,
    ) -> float:
        """Return an error of :meth:`backtest`; smaller is better.

        Parameters
        ----------
        y, past_covariates, future_covariates, static_covariates, start, stride
            As of :meth:`backtest`.
        metric : "mae", "rmse", "mape", "smape" or "mase"
            ``"mase"`` divides the mean absolute error by that of the seasonal naive forecast in the rows before ``start``.
        season : int
            Steps of a season, for ``"mase"``.
        """
        tables = Tables(y, past_covariates, future_covariates, static_covariates)
        return backtesting.score(self, tables, metric, start, stride, season)

    def stream(self) -> ForecastStream:
        """Return a stream of one series, which takes one observation at a time and forecasts what follows."""
        return ForecastStream(self)

    def save(self, path: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the forecaster to one file: parameters, series, covariates, scales, encodings and the network.

        Raises
        ------
        ValueError
            For a path that does not end in ``.nlstm``, and for a frequency, a time zone, a loss or names of series that a
            file cannot hold.
        """
        persistence.save(self._state, path, overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file of :meth:`save`. The forecaster predicts the same bits."""
        params, state = persistence.load(path)
        forecaster = cls(**params)
        forecaster._fitted = state
        return forecaster
