"""Tables, pictures and CSV files that commands write."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..console import tables
from ..files import atomic
from ..forecasting import LSTMForecaster
from .saved import period
from .scores import figures, season_of, seasonal_naive
from .tables.dialect import Dialect


def backtest_rows(forecaster: LSTMForecaster, frame: Any, season: int | None) -> list[tuple[str, str, str]]:
    """Return the rows of a table about a backtest."""
    state = forecaster._state
    steps = season_of(next(iter(state.tracks.values())).index) if season is None else season
    naive = seasonal_naive(frame, state.tracks, steps)
    rows = [("season", "", f"{steps} step{'s' if steps > 1 else ''}")]
    return rows + figures(frame, naive, tuple(state.parameters.quantiles or ()))


def data_rows(forecaster: LSTMForecaster) -> list[tuple[str, str, str]]:
    """Return the rows of a table about the series of a forecaster."""
    first, last, count = period(forecaster)
    series = len(forecaster._state.tracks)
    return [
        *([("series", f"{series:,}", "")] if forecaster._state.parameters.id_column is not None else []),
        ("rows", f"{count:,}", ""),
        ("first time", str(first), ""),
        ("last time", str(last), ""),
        ("step", str(forecaster._state.offset.freqstr), ""),
    ]


def print_table(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print the table of a command."""
    headers = (title, "forecaster", "seasonal naive")
    print("\n".join(tables.draw(headers, rows, right=headers[1:], rules=False, out=sys.stdout)))


def write_csv(frame: Any, path: Path | None, dialect: Dialect) -> None:
    """Write a table to a file, or to stdout without one."""
    text = frame.to_csv(index=False, sep=dialect.delimiter, decimal=dialect.decimal, float_format="%.8g", lineterminator="\n")
    if path is None:
        sys.stdout.write(text)
    else:
        atomic.write(str(path), text.encode(dialect.encoding))


def draw(forecaster: LSTMForecaster, path: Path, series: str | None = None) -> None:
    """Draw the forecast of a series, the first one by default."""

    def display(ax: Any) -> None:
        from ..plotting import ForecastDisplay

        ForecastDisplay.from_estimator(forecaster, series=series, ax=ax)

    _save(display, path)


def draw_backtest(forecaster: LSTMForecaster, frame: Any, path: Path) -> None:
    """Draw the last forecast of a backtest of the first series over what came."""

    def display(ax: Any) -> None:
        from ..plotting.forecast import ForecastDisplay, Interval

        key = frame.iloc[0, 0]
        rows = frame[frame.iloc[:, 0] == key]
        rows = rows[rows["cutoff"] == rows["cutoff"].iloc[-1]]
        track = forecaster._state.tracks[key]
        end = int(track.index.searchsorted(rows["time"].iloc[-1], side="right"))
        begin = max(0, end - 6 * len(rows))
        levels = tuple(forecaster._state.parameters.quantiles or ())
        pairs = [(low, high) for low in levels for high in levels if low < high and abs(low + high - 1) < 1e-9]
        bands = [Interval(round(high - low, 12), rows[low], rows[high]) for low, high in pairs]
        observed = track.index[begin:end], track.values[begin:end]
        ForecastDisplay(*observed, rows["time"], rows["forecast"], bands, name=key).plot(ax)

    _save(display, path)


def _save(display: Callable[[Any], None], path: Path) -> None:
    from matplotlib.figure import Figure  # an optional extra, and slow to import

    figure = Figure(figsize=(9, 4), layout="constrained")
    display(figure.subplots())
    figure.savefig(path, format="png", dpi=120)
