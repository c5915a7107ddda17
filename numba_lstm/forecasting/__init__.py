"""Forecasts of time series in tables: ``pip install 'numba_lstm[forecast]'``."""

from __future__ import annotations

try:
    import pandas  # noqa: F401
except ImportError as error:
    raise ImportError("numba_lstm.forecasting needs pandas. Install it: pip install 'numba_lstm[forecast]'.") from error

from .forecaster import LSTMForecaster
from .streaming import ForecastStream

__all__ = ["ForecastStream", "LSTMForecaster"]
