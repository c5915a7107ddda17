"""The weather series: what the demo's numbers rest on."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import numpy as np
import pytest

from numba_lstm.data import load_seattle_weather

MEASURED = ["precipitation", "temp_max", "temp_min", "wind"]


@pytest.fixture(scope="module")
def weather():
    return load_seattle_weather()


def test_every_day_of_four_years_is_there_once(weather):
    expected = np.arange("2012-01-01", "2016-01-01", dtype="datetime64[D]")
    np.testing.assert_array_equal(weather["date"], expected)


def test_all_columns_have_a_value_a_day(weather):
    assert list(weather) == ["date", *MEASURED, "weather"]
    assert {column.shape for column in weather.values()} == {(1461,)}


@pytest.mark.parametrize("name", MEASURED)
def test_measurements_are_finite_float64(weather, name):
    assert weather[name].dtype == np.float64
    assert np.isfinite(weather[name]).all()


def test_first_and_last_row_are_read_as_written(weather):
    rows = [tuple(column[day] for column in weather.values()) for day in (0, -1)]
    assert rows == [
        (np.datetime64("2012-01-01"), 0.0, 12.8, 5.0, 4.7, "drizzle"),
        (np.datetime64("2015-12-31"), 0.0, 5.6, -2.1, 3.5, "sun"),
    ]


def test_weather_is_one_of_five_kinds(weather):
    assert set(weather["weather"]) == {"drizzle", "fog", "rain", "snow", "sun"}


def test_a_day_is_never_colder_at_its_warmest(weather):
    assert (weather["temp_max"] >= weather["temp_min"]).all()


def test_callers_get_arrays_of_their_own(weather):
    load_seattle_weather()["temp_max"][0] = 99
    assert load_seattle_weather()["temp_max"][0] == 12.8


def test_the_file_is_the_one_whose_source_is_given():
    data = files("numba_lstm.data")
    sources = data.joinpath("SOURCES.md").read_text(encoding="utf-8")
    digest = re.search(r"[0-9a-f]{64}", sources)
    assert digest is not None
    assert hashlib.sha256(data.joinpath("seattle-weather.csv").read_bytes()).hexdigest() == digest.group()
