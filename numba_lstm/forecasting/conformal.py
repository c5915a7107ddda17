"""Split conformal intervals: their width comes from the errors of windows that training has not seen.

If the errors of the future are exchangeable with those of calibration, an interval of coverage p has the true value with
probability p at least (Vovk, Gammerman and Shafer 2005). Each error is divided by the spread that the network states, so that
intervals are wider where it is less certain (Lei et al. 2018).
"""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np

from .fitted import Fitted
from .networks.windows import Values
from .prediction import Forecasts, Recursion, forecast


def calibration_scores(fitted: Fitted, origins: dict[Hashable, Values], horizon: int, recursion: Recursion | None) -> Values:
    """Return the errors of forecasts by their spread, (horizon, windows), ascending along the windows; NaN come last."""
    scores = []
    for key, some in origins.items():
        if len(some):
            sample = fitted.sample(key, 0)
            forecasts = forecast(fitted, sample, some, horizon, recursion)
            actual = sample.y[some[:, None] + np.arange(horizon)]
            scores.append(np.abs(actual - forecasts.point()) / forecasts.spread())
    return np.sort(np.concatenate(scores).T, axis=1)


def conformal_interval(forecasts: Forecasts, scores: Values, coverage: float) -> tuple[Values, Values]:
    """Return lower and upper bounds (n, horizon).

    Raises
    ------
    ValueError
        If there are too few calibration windows for ``coverage``, or too few steps of calibration.
    """
    point, spread = forecasts.point(), forecasts.spread()
    if point.shape[1] > len(scores):
        raise ValueError(
            f"intervals are calibrated for {len(scores)} steps, got horizon={point.shape[1]}. Fit a longer horizon."
        )
    widths = np.array([_width(row[np.isfinite(row)], coverage) for row in scores[: point.shape[1]]])
    return point - widths * spread, point + widths * spread


def _width(scores: Values, coverage: float) -> float:
    rank = _ceil((len(scores) + 1) * coverage)
    if rank > len(scores):
        raise ValueError(
            f"{len(scores)} calibration windows are too few for coverage={coverage}, which needs "
            f"{_ceil(coverage / (1 - coverage))}. Give a larger calibration_fraction, or more rows."
        )
    return float(scores[rank - 1])


def _ceil(value: float) -> int:
    """Return the least whole number that is not below ``value`` but for its rounding: 0.55 * 100 is above 55."""
    return math.ceil(value * (1 - 1e-10))
