"""LSTMForecaster: forecasts of one series with the rules of aeon."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from aeon.forecasting.base import BaseForecaster, DirectForecastingMixin, IterativeForecastingMixin

from ..sklearn import LSTMRegressor as Wrapped
from ..sklearn.sequences import Values


class LSTMForecaster(BaseForecaster, DirectForecastingMixin, IterativeForecastingMixin):  # type: ignore[misc]  # no types
    """Forecasts of one series by an LSTM that reads windows, with the rules of aeon.

    Parameters
    ----------
    window : int
        Steps before a forecast that the network reads.
    horizon : int
        Distance of the forecast from the last known step.
    units, dropout, epochs, batch_size, learning_rate, n_jobs, random_state, verbose
        As of :class:`numba_lstm.sklearn.LSTMRegressor`, but with one thread by default.

    Attributes
    ----------
    estimator_ : numba_lstm.sklearn.LSTMRegressor
        The estimator inside.
    forecast_ : float
        The forecast behind the series of the fit.

    Examples
    --------
    >>> from aeon.datasets import load_airline
    >>> from numba_lstm.aeon import LSTMForecaster
    >>> LSTMForecaster(12, units=8, epochs=5, random_state=0).iterative_forecast(load_airline(), 6).shape
    (6,)
    """

    _tags = {"capability:multivariate": False, "capability:horizon": True, "capability:multithreading": True}

    def __init__(
        self,
        window: int = 12,
        horizon: int = 1,
        *,
        units: int | tuple[int, ...] = 32,
        dropout: float = 0.0,
        epochs: int = 100,
        batch_size: int | str = "auto",
        learning_rate: float = 0.01,
        n_jobs: int | None = 1,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.window, self.units, self.dropout, self.epochs = window, units, dropout, epochs
        self.batch_size, self.learning_rate = batch_size, learning_rate
        self.n_jobs, self.random_state, self.verbose = n_jobs, random_state, verbose
        super().__init__(horizon=horizon, axis=1)

    def _fit(self, y: Any, exog: Any = None) -> Self:
        series = self._series(y, self.window + self.horizon)
        targets = series[self.window + self.horizon - 1 :]
        windows = np.lib.stride_tricks.sliding_window_view(series, self.window)[: len(targets)]
        names = ("units", "dropout", "epochs", "batch_size", "learning_rate", "n_jobs", "random_state", "verbose")
        self.estimator_ = Wrapped(**{name: getattr(self, name) for name in names}).fit(windows, targets)
        self.forecast_ = self._predict(y)
        return self

    def _predict(self, y: Any, exog: Any = None) -> float:
        window = self._series(y, self.window)[-self.window :]
        return float(self.estimator_.predict(window[None])[0])

    def _series(self, y: Any, needed: int) -> Values:
        """Return the series (T,) of an array (1, T); raise ValueError if it is shorter than ``needed``."""
        if y.shape[1] < needed:
            raise ValueError(
                f"y has {y.shape[1]} steps, which are too few: window={self.window} and horizon={self.horizon} need {needed}. "
                "Give a longer series, or a shorter window."
            )
        return np.asarray(y[0], np.float64)

    @classmethod
    def _get_test_params(cls, parameter_set: str = "default") -> dict[str, Any]:
        return {"window": 3, "units": 2, "epochs": 2}
