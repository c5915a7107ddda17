"""Figures of a backtest beside those of the seasonal naive forecast, the last known value of the same place in the season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]

#: Seasons in steps, for steps up to a length: of a day, of a week, of a year.
_SEASONS = (
    (pd.Timedelta(hours=12), pd.Timedelta(days=1)),
    (pd.Timedelta(days=3), pd.Timedelta(days=7)),
    (pd.Timedelta(days=200), pd.Timedelta(days=365.25)),
)


def season_of(index: Any) -> int:
    """Return the steps of a day for steps up to half a day, else those of a week, of a year, or one step."""
    step = pd.Series(index).diff().median()
    for longest, season in _SEASONS:
        if step <= longest:
            return max(1, round(float(season / step)))
    return 1


def seasonal_naive(frame: Any, tracks: Mapping[Any, Any], season: int) -> Values:
    """Return the seasonal naive forecast of each row of a backtest.

    Parameters
    ----------
    frame : DataFrame
        Of :meth:`LSTMForecaster.backtest`.
    tracks : dict of str to Track
        The series, on their grids. A missing value is the one before.
    season : int
        Steps. If a series has fewer rows before a forecast, its last value is the forecast.
    """
    found = np.empty(len(frame))
    for key, positions in frame.groupby(frame.columns[0], sort=False).indices.items():
        index, values = tracks[key].index, pd.Series(tracks[key].values).ffill().to_numpy()
        rows = frame.iloc[positions]
        origins = np.asarray(index.get_indexer(pd.DatetimeIndex(rows["cutoff"]))) + 1
        places = origins + (rows["step"].to_numpy() - 1) % season - season
        found[positions] = values[np.where(origins < season, origins - 1, places)]
    return found


def figures(frame: Any, naive: Values, levels: Sequence[float]) -> list[tuple[str, str, str]]:
    """Return rows of a table: the name of a figure, that of the forecaster, that of the seasonal naive forecast.

    Parameters
    ----------
    frame : DataFrame
        Of a backtest, with a column for each quantile.
    naive : array (rows,)
        Seasonal naive forecasts.
    levels : sequence of float
        Quantiles, ascending; none for point forecasts.
    """
    y, forecast = frame["y"].to_numpy(), frame["forecast"].to_numpy()
    compared = np.isfinite(y) & np.isfinite(naive)
    y, forecast, naive, frame = y[compared], forecast[compared], naive[compared], frame[compared]
    rows = [("values compared", f"{len(y):,}", f"{len(y):,}")]
    if not len(y):
        return rows
    rows.append(("MAE", _text(np.abs(y - forecast).mean()), _text(np.abs(y - naive).mean())))
    rows.append(("RMSE", _text(np.mean((y - forecast) ** 2) ** 0.5), _text(np.mean((y - naive) ** 2) ** 0.5)))
    if levels:
        quantiles = np.stack([frame[level].to_numpy() for level in levels], axis=1)
        points = np.repeat(naive[:, None], len(levels), axis=1)
        rows.append(("pinball", _text(pinball(y, quantiles, levels)), _text(pinball(y, points, levels))))
    if len(levels) > 1:
        within = np.mean((quantiles[:, 0] <= y) & (y <= quantiles[:, -1]))
        rows.append((f"within {100 * (levels[-1] - levels[0]):.3g}% interval", f"{100 * within:.1f}%", "-"))
    return rows


def pinball(y: Values, quantiles: Values, levels: Sequence[float]) -> float:
    """Return the mean pinball loss of quantiles (rows, levels)."""
    error = y[:, None] - quantiles
    return float(np.maximum(np.array(levels) * error, (np.array(levels) - 1) * error).mean())


def _text(value: float) -> str:
    return f"{value:.4g}"
