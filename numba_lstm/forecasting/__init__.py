"""Forecasts of time series in tables: ``pip install 'numba_lstm[forecast]'``."""

from __future__ import annotations

try:
    import pandas  # noqa: F401
except ImportError as error:
    raise ImportError("numba_lstm.forecasting needs pandas. Install it: pip install 'numba_lstm[forecast]'.") from error

from .evaluation import (
    Comparison,
    SeasonalNaive,
    block_bootstrap,
    crps_from_quantiles,
    diebold_mariano,
    interval_coverage,
    pinball_loss,
    score_table,
)
from .forecaster import LSTMForecaster
from .predictor import ForecastFan
from .streaming import ForecastStream

__all__ = [
    "Comparison",
    "ForecastFan",
    "ForecastStream",
    "LSTMForecaster",
    "SeasonalNaive",
    "block_bootstrap",
    "crps_from_quantiles",
    "diebold_mariano",
    "interval_coverage",
    "pinball_loss",
    "score_table",
]
