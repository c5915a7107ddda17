"""The demo's forecast problem: tomorrow's maximum temperature from the last 30 days of weather and season."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..data import load_seattle_weather

DAYS = 30  #: length of the window that a forecast uses
TEST_YEAR = 2015  #: the held-out last year; the years before it are for training
MEASURED = ("precipitation", "temp_max", "temp_min", "wind")
DAYS_IN_YEAR = 365.25

Array = npt.NDArray[Any]


class Problem(NamedTuple):
    """Windows of n training days and m test days, and the baseline forecasts of the test days.

    A model learns the *change* from today's maximum to tomorrow's, in standard deviations of the training years' maxima. The
    baseline "as today" is a change of zero.
    """

    x_train: Array  #: (n, 30, 11) float32, standardised columns of the 30 days up to today
    y_train: Array  #: (n, 1) float32, the change to be learned
    x_test: Array  #: (m, 30, 11) float32
    date: Array  #: (m,) datetime64[D], the days of the forecasts
    truth: Array  #: (m,) their maximum temperature, °C
    today: Array  #: (m,) the maximum of the day before each: the forecast "persistence", °C
    last_year: Array  #: (m,) the maximum 365 days before each, °C
    scale: float  #: °C a unit of change

    def forecast(self, change: Array) -> Array:
        """Return temperatures (m,) in °C for a model's predictions (m, 1) of ``x_test``."""
        return self.today + self.scale * change[:, 0].astype(np.float64)


def load_problem(test_year: int = TEST_YEAR) -> Problem:
    """Return the problem as NumPy arrays. The years before ``test_year`` are for training and define the standardization."""
    weather = load_seattle_weather()
    known = weather["date"] < np.datetime64(f"{test_year + 1}-01-01")
    weather = {name: column[known] for name, column in weather.items()}
    date, maximum = weather["date"], weather["temp_max"]
    training = date < np.datetime64(f"{test_year}-01-01")
    columns = _columns(weather)
    columns = (columns - columns[training].mean(axis=0)) / columns[training].std(axis=0)
    scale = float(maximum[training].std())

    windows = np.lib.stride_tricks.sliding_window_view(columns, DAYS, axis=0).transpose(0, 2, 1)[:-1].astype(np.float32)
    tomorrow = np.arange(DAYS, len(date))  # window k ends on day k + DAYS - 1
    change = ((maximum[tomorrow] - maximum[tomorrow - 1]) / scale).astype(np.float32)[:, None]
    train, test = training[tomorrow], ~training[tomorrow]
    days = tomorrow[test]
    return Problem(
        windows[train], change[train], windows[test], date[days], maximum[days], maximum[days - 1], maximum[days - 365], scale
    )


def _columns(weather: dict[str, Array]) -> Array:
    """Return the features (days, 11): measurements, the kind of weather one-hot, and the season as a point on a circle."""
    kinds = np.unique(weather["weather"])
    day_of_year = (weather["date"] - weather["date"].astype("datetime64[Y]")).astype(np.float64)
    angle = 2 * np.pi * day_of_year / DAYS_IN_YEAR
    measured = [weather[name] for name in MEASURED]
    one_hot = [weather["weather"] == kind for kind in kinds]
    return np.stack([*measured, *one_hot, np.sin(angle), np.cos(angle)], axis=1).astype(np.float64)


def rmse(forecast: Array, truth: Array) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def mae(forecast: Array, truth: Array) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(forecast - truth)))
