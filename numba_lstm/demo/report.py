"""Table of the demo's forecast errors, and of the baselines'."""

from __future__ import annotations

import sys

from ..console import tables
from .problem import TEST_YEAR, Array, Problem, mae, rmse


def print_scores(problem: Problem, forecast: Array) -> None:
    """Print RMSE and MAE in °C of ``forecast`` (m,) and of the two baselines, over the test days."""
    forecasts = {"LSTM": forecast, "as today (persistence)": problem.today, "as the same day last year": problem.last_year}
    errors = ("RMSE °C", "MAE °C")
    rows = [[name, f"{rmse(f, problem.truth):.2f}", f"{mae(f, problem.truth):.2f}"] for name, f in forecasts.items()]
    print(f"Tomorrow's maximum temperature, {len(forecast)} days of {TEST_YEAR}")
    print("\n".join(tables.draw(("Forecast", *errors), rows, right=errors, rules=False, out=sys.stdout)))
    gain = 1 - rmse(forecast, problem.truth) / rmse(problem.today, problem.truth)
    print(f"The LSTM's RMSE is {abs(gain):.1%} {'below' if gain > 0 else 'above'} persistence.\n")
