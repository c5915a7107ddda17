"""SeasonalNaive: each forecast is the value of a season before, the least that a forecaster should beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..backtesting import row_behind
from ..tables.frames import Columns
from ..tables.results import long_frame, to_library
from ..tables.targets import Track, interpolated, last_observed, read_targets

Values = npt.NDArray[Any]


class SeasonalNaive:
    """Forecasts that repeat the last season, with quantiles from their errors in the past.

    Parameters
    ----------
    horizon : int
        Steps of a forecast.
    season : int
        Steps of a season, such as 24 for hours of a day. With 1 each forecast is the last value (persistence).
    quantiles : sequence of float, optional
        Levels, ascending. The quantiles are those of the errors of earlier forecasts of the same step, around the forecast.
    freq, id_column, time_column, target_column
        As of :class:`LSTMForecaster`. Missing values are drawn as straight lines, as it does with ``gaps="interpolate"``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from numba_lstm.forecasting import SeasonalNaive
    >>> y = pd.Series(np.arange(96) % 24.0, pd.date_range("2024-01-01", periods=96, freq="h"))
    >>> table = SeasonalNaive(horizon=24, season=24).backtest(y, start=0.5)
    >>> float((table["y"] - table["forecast"]).abs().max())
    0.0
    """

    def __init__(
        self,
        horizon: int,
        season: int,
        *,
        quantiles: Sequence[float] | None = None,
        freq: Any = None,
        id_column: Any = None,
        time_column: Any = None,
        target_column: Any = None,
    ) -> None:
        for name, value in (("horizon", horizon), ("season", season)):
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")
        levels = () if quantiles is None else tuple(quantiles)
        if not all(0 < level < 1 for level in levels) or list(levels) != sorted(set(levels)):
            raise ValueError(f"quantiles must be ascending numbers in (0, 1), got {levels}.")
        self.horizon, self.season, self.quantiles, self.freq = horizon, season, levels, freq
        self.id_column, self.time_column, self.target_column = id_column, time_column, target_column

    def backtest(self, y: Any, *, start: Any, stride: int | None = None) -> Any:
        """Return the forecasts that would have been made in the past, beside what came.

        Parameters
        ----------
        y : Series or DataFrame
            The series, as of :meth:`LSTMForecaster.fit`.
        start : Timestamp, str or float
            The last time that the first forecast knows, or the share of rows before it.
        stride : int, optional
            Rows from one forecast to the next, and between the earlier forecasts whose errors give the quantiles. Default:
            ``horizon``.

        Returns
        -------
        DataFrame
            As that of :meth:`LSTMForecaster.backtest` from the same ``start`` with the same ``stride``.

        Raises
        ------
        ValueError
            For too few rows before ``start`` or behind it.
        """
        step = self.horizon if stride is None else stride
        if step < 1:
            raise ValueError(f"stride must be a whole number of at least 1, got {stride!r}.")
        tracks, layout, _ = read_targets(y, Columns(self.id_column, self.time_column, self.target_column), self.freq, "mask")
        frames = []
        for key, track in tracks.items():
            first = row_behind(track.index, start)
            origins = np.arange(first, len(track.index) - self.horizon + 1, step)
            if first < self.season or not len(origins):
                raise ValueError(
                    f"start={start!r} leaves {first} rows of series {key!r} before it and {len(track.index) - first} behind; "
                    f"a season of {self.season} and a horizon of {self.horizon} are needed. Give more rows, or another start."
                )
            columns = {"forecast": self._forecasts(track, origins)} | self._quantiles(track, key, origins, step)
            frames.append(long_frame(layout.columns.id, key, track, origins, columns))
        frame = pd.concat(frames, ignore_index=True)
        return frame if layout.library is None else to_library(frame, layout)

    def _forecasts(self, track: Track, origins: Values) -> Values:
        """Return (n, horizon); a straight line over a gap counts only if it ends before the origin."""
        steps = np.arange(self.horizon)
        positions = origins[:, None] + steps % self.season - self.season
        known = last_observed(track.values)[origins - 1]
        found: Values = interpolated(track.values)[np.minimum(positions, known[:, None])]
        return found

    def _quantiles(self, track: Track, key: Any, origins: Values, step: int) -> dict[float, Values]:
        if not self.quantiles:
            return {}
        earlier = np.arange(origins[0] - step, self.season - 1, -step)
        earlier = earlier[earlier + self.horizon <= origins[0]]
        if len(earlier) < 2:
            raise ValueError(
                f"series {key!r} has {len(earlier)} forecasts before start, and quantiles of their errors need 2. "
                "Give a later start, or no quantiles."
            )
        actual = track.values[earlier[:, None] + np.arange(self.horizon)]
        errors = np.nanquantile(actual - self._forecasts(track, earlier), self.quantiles, axis=0)
        point = self._forecasts(track, origins)
        return {level: point + error for level, error in zip(self.quantiles, errors, strict=True)}
