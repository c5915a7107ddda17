"""Scores of forecasts: pinball loss, continuous ranked probability score, coverage, absolute and squared errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def pinball_loss(y: Any, quantiles: Any, levels: Sequence[float]) -> Values:
    """Return the pinball loss of each level, averaged over the values: smallest where a quantile is the true one.

    Koenker and Bassett (1978), equation 2.3: ``level * (y - q)`` above the quantile q, ``(1 - level) * (q - y)`` below.

    Parameters
    ----------
    y : array-like (...)
        True values; NaN are left out.
    quantiles : array-like (..., len(levels))
        Forecasts.
    levels : sequence of float
        In (0, 1).

    Returns
    -------
    array (len(levels),)
        In the units of ``y``.
    """
    actual, forecasts, tau = (np.asarray(array, np.float64) for array in (y, quantiles, levels))
    if forecasts.shape != (*actual.shape, *tau.shape):
        raise ValueError(f"quantiles must have the shape {(*actual.shape, *tau.shape)} of y and levels, got {forecasts.shape}.")
    if not ((tau > 0) & (tau < 1)).all():
        raise ValueError(f"levels must be in (0, 1), got {tau.tolist()}.")
    error = (actual[..., None] - forecasts).reshape(-1, len(tau))
    found: Values = np.nanmean(np.maximum(tau * error, (tau - 1) * error), axis=0)
    return found


def crps_from_quantiles(y: Any, quantiles: Any, levels: Sequence[float]) -> float:
    """Return the continuous ranked probability score, as twice the mean pinball loss of equally spaced levels.

    The score is twice the integral of the pinball loss over all levels (Gneiting and Ranjan 2011, equation 8). The mean of the
    levels 0.05, 0.1, ..., 0.95 lacks the tails, where losses are small: for a normal distribution it is 4% above the integral.
    For a point forecast, whose quantiles are all the same, it is the mean absolute error.

    Parameters
    ----------
    y, quantiles, levels
        As of :func:`pinball_loss`.

    Raises
    ------
    ValueError
        For levels that are not equally spaced around 0.5.
    """
    spacing = np.diff([*levels])
    if len(levels) > 1 and not np.allclose(spacing, spacing[0]) or abs(float(np.mean(levels)) - 0.5) > 1e-9:
        raise ValueError(f"levels must be equally spaced around 0.5, such as 0.1, 0.2, ..., 0.9, got {list(levels)}.")
    return 2 * float(pinball_loss(y, quantiles, levels).mean())


def interval_coverage(y: Any, lower: Any, upper: Any) -> float:
    """Return the share of true values within their bounds, which count as within; NaN of ``y`` are left out."""
    y, lower, upper = (np.asarray(array, np.float64) for array in (y, lower, upper))
    known = np.isfinite(y)
    return float(((lower <= y) & (y <= upper))[known].mean())


def score_table(table: Any, coverage: Sequence[float] = ()) -> dict[str, float]:
    """Return the scores of a long table, as :meth:`LSTMForecaster.backtest` and :meth:`SeasonalNaive.backtest` return it.

    Parameters
    ----------
    table : DataFrame
        With the columns ``y`` and ``forecast``, and a column for each quantile, whose name is its level.
    coverage : sequence of float
        Intervals between quantiles of the table: 0.8 is from 0.1 to 0.9.

    Returns
    -------
    dict of str to float
        ``mae`` and ``rmse``; with quantiles the mean ``pinball`` loss of all levels, ``crps`` if the levels are equally spaced
        around 0.5, and ``coverage_80`` for each coverage, such as 0.8.

    Raises
    ------
    ValueError
        For a coverage whose quantiles are not in the table.
    """
    y = table["y"].to_numpy(np.float64)
    error = y - table["forecast"].to_numpy(np.float64)
    found = {"mae": float(np.nanmean(np.abs(error))), "rmse": float(np.nanmean(error**2)) ** 0.5}
    levels = [label for label in table.columns if isinstance(label, float)]
    if levels:
        quantiles = table[levels].to_numpy(np.float64)
        found["pinball"] = float(pinball_loss(y, quantiles, levels).mean())
        if np.allclose(np.diff(levels, n=2), 0) and np.isclose(np.mean(levels), 0.5):
            found["crps"] = crps_from_quantiles(y, quantiles, levels)
    for share in coverage:
        bounds = []
        for wanted in ((1 - share) / 2, (1 + share) / 2):
            near = [level for level in levels if abs(level - wanted) < 1e-9]
            if not near:
                raise ValueError(f"coverage={share} needs the quantile {wanted:g}; the table has {levels}.")
            bounds.append(table[near[0]])
        found[f"coverage_{100 * share:g}"] = interval_coverage(y, *bounds)
    return found
