"""Autoregressions of statsmodels as baselines, forecast from the origins of a backtest."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np


def autoregression(
    y: Any,
    table: Any,
    lags: Sequence[int],
    *,
    covariates: Any = None,
    quantiles: Sequence[float] = (),
) -> Any:
    """Return the forecasts of an autoregression as a table like that of a backtest.

    It is fitted by least squares to the rows up to the first cutoff. Errors are taken to be normal, and the variance of a step
    is that of the moving average that the autoregression is.

    Parameters
    ----------
    y : Series
        The series, without gaps.
    table : DataFrame
        A backtest of the series, whose cutoffs and steps are taken.
    lags : sequence of int
        Distances of values that the autoregression reads.
    covariates : DataFrame, optional
        Columns that the regression reads at each step, those of the future too.
    quantiles : sequence of float
        Levels that the table has.
    """
    from statsmodels.tsa.ar_model import AutoReg
    from statsmodels.tsa.arima_process import arma2ma

    values = y.to_numpy()
    columns = None if covariates is None else covariates.loc[y.index].to_numpy()
    cutoffs = y.index.get_indexer(table["cutoff"].unique())
    horizon, known = int(table["step"].max()), int(cutoffs[0]) + 1
    fitted = AutoReg(values[:known], list(lags), exog=None if columns is None else columns[:known]).fit()
    everything = AutoReg(values, list(lags), exog=columns)
    forecasts = np.concatenate(
        [everything.predict(fitted.params, cutoff + 1, cutoff + horizon, dynamic=True)[-horizon:] for cutoff in cutoffs]
    )
    polynomial = np.zeros(max(lags) + 1)
    polynomial[0] = 1
    polynomial[list(lags)] = -fitted.params[1 : len(lags) + 1]
    deviation = np.sqrt(fitted.sigma2 * np.cumsum(arma2ma(polynomial, [1.0], horizon) ** 2))
    found = table[["series", "cutoff", "time", "step", "y"]].assign(forecast=forecasts)
    for level in quantiles:
        found[level] = forecasts + NormalDist().inv_cdf(level) * np.tile(deviation, len(cutoffs))
    return found
