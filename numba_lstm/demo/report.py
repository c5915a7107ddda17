"""What the demo prints of its forecast: the errors, beside those of forecasts that need no model."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from .problem import TEST_YEAR, Array, Problem, mae, rmse


def print_scores(problem: Problem, forecast: Array) -> None:
    """Print RMSE and MAE in °C of ``forecast`` (m,) and of the two forecasts that need no model, over the test days."""
    table = Table(title=f"Tomorrow's maximum temperature, {len(forecast)} days of {TEST_YEAR}", box=box.SQUARE)
    table.add_column("Forecast")
    table.add_column("RMSE °C", justify="right")
    table.add_column("MAE °C", justify="right")
    rows = {"LSTM": forecast, "as today (persistence)": problem.today, "as the same day last year": problem.last_year}
    for name, values in rows.items():
        table.add_row(name, f"{rmse(values, problem.truth):.2f}", f"{mae(values, problem.truth):.2f}")
    Console().print(table)
    gain = 1 - rmse(forecast, problem.truth) / rmse(problem.today, problem.truth)
    print(f"The LSTM's RMSE is {abs(gain):.1%} {'below' if gain > 0 else 'above'} persistence.\n")
