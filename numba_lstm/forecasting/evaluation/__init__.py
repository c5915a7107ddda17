"""Evaluation of forecasts: scores of backtests, seasonal naive forecasts to compare with, and tests of a difference."""

from __future__ import annotations

from .comparison import Comparison, block_bootstrap, diebold_mariano
from .scores import crps_from_quantiles, interval_coverage, pinball_loss, score_table
from .seasonal_naive import SeasonalNaive

__all__ = [
    "Comparison",
    "SeasonalNaive",
    "block_bootstrap",
    "crps_from_quantiles",
    "diebold_mariano",
    "interval_coverage",
    "pinball_loss",
    "score_table",
]
