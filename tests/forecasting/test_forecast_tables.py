"""Tables in and out: frequencies, time zones, gaps, layouts, and one sentence for each wrong input."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import pandas as pd
from forecast_cases import CONTEXT, HORIZON, LONG, long_table, small, wave

from numba_lstm.forecasting.tables.calendar import calendar_features, choose_features
from numba_lstm.forecasting.tables.frames import Columns
from numba_lstm.forecasting.tables.frequency import extended, find_frequency
from numba_lstm.forecasting.tables.targets import read_targets

FREQUENCIES = ["15min", "h", "2h", "D", "B", "W", "ME", "MS", "QE", "YE"]


@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
@pytest.mark.parametrize("freq", FREQUENCIES)
def test_the_future_index_continues_every_frequency(freq, tz):
    full = pd.date_range("2024-03-28", periods=40, freq=freq, tz=tz)  # clocks go forward on March 31
    known = pd.DatetimeIndex(list(full[:30]), name="when")
    index = extended(known, 10, find_frequency(known, None, "y"))
    pd.testing.assert_index_equal(index, full, check_names=False, exact="equiv")
    assert index.name == "when"


def test_hours_continue_when_clocks_go_back_and_days_stay_at_midnight():
    hours = pd.date_range("2024-10-26 20:00", periods=8, freq="h", tz="Europe/Berlin")
    later = extended(hours, 2, find_frequency(hours, None, "y"))[-2:]
    assert [str(time) for time in later] == ["2024-10-27 03:00:00+01:00", "2024-10-27 04:00:00+01:00"]
    days = pd.date_range("2024-10-20", periods=7, freq="D", tz="Europe/Berlin")
    assert set(extended(days, 4, find_frequency(days, None, "y")).hour) == {0}


@pytest.mark.parametrize(("tz", "start"), [("Africa/Cairo", "2024-04-10"), ("America/Havana", "2024-10-20")])
def test_days_continue_where_clocks_change_at_midnight(tz, start):
    days = pd.date_range(start, periods=10, freq="D").tz_localize(tz)
    whole = extended(days, 20, find_frequency(days, None, "y"))
    assert whole.tz_localize(None).normalize().tolist() == pd.date_range(start, periods=30).tolist()
    assert find_frequency(whole.delete([4]), None, "y") == "D"
    assert set(whole.hour) <= {0, 1}


@pytest.mark.parametrize("freq", ["h", "B", "ME"])
def test_a_frequency_is_found_between_gaps(freq):
    full = pd.date_range("2024-01-01", periods=60, freq=freq)
    assert find_frequency(full.delete([5, 17, 18, 40]), None, "y") == full.freq


def test_calendar_features_are_on_circles_in_local_time():
    index = pd.date_range("2024-01-01", periods=24 * 15, freq="h", tz="Asia/Tokyo")
    names = choose_features("auto", [index])
    assert names == ("time_of_day", "day_of_week")
    features = calendar_features(index, names)
    np.testing.assert_allclose(features[:, 0] ** 2 + features[:, 1] ** 2, 1)
    np.testing.assert_allclose(features[6], [1, 0, 0, 1], atol=1e-12)  # 6 o'clock on a Monday
    assert choose_features("auto", [pd.date_range("2000", periods=40, freq="ME")]) == ("day_of_year",)
    assert choose_features("auto", [pd.date_range("1700", periods=300, freq="YE", unit="s")]) == ()


def test_gaps_are_refused_or_marked():
    y = wave(30)
    y.iloc[4] = np.nan
    y = y.drop(y.index[9])
    with pytest.raises(ValueError, match="has 2 missing values or times, the first at 2024-01-01 04:00"):
        read_targets(y, Columns(), None, "raise")
    for gaps in ("interpolate", "mask"):
        (track,) = read_targets(y, Columns(), None, gaps)[0].values()
        assert len(track.values) == 30
        assert np.flatnonzero(np.isnan(track.values)).tolist() == [4, 9]


def test_a_series_that_begins_later_is_trimmed():
    wide = pd.DataFrame({"a": wave(20), "b": wave(20)})
    wide.iloc[:5, 1] = np.nan
    tracks, layout, _ = read_targets(wide, Columns(), None, "raise")
    assert [len(track.values) for track in tracks.values()] == [20, 15]
    assert layout.kind == "wide"


def test_forecasts_have_the_form_of_the_series():
    y = wave()
    wide = pd.DataFrame({"a": y, "b": 2 * y})
    future = y.index[-1] + pd.to_timedelta(np.arange(1, HORIZON + 1), unit="h")
    model = small(quantiles=(0.1, 0.5, 0.9))
    one = model.fit(y)
    assert one.predict().columns.tolist() == ["load"]
    assert one.predict().index.tolist() == future.tolist()
    assert one.predict_quantiles().columns.tolist() == [0.1, 0.5, 0.9]
    two = model.fit(wide)
    points, quantiles = two.predict(), two.predict_quantiles()
    assert points.columns.tolist() == ["a", "b"]
    assert quantiles["b"].columns.tolist() == [0.1, 0.5, 0.9]
    table = long_table(wide)
    many = small(quantiles=(0.1, 0.5, 0.9), **LONG).fit(table.sample(frac=1, random_state=0).sort_values("ds", kind="stable"))
    result = many.predict()
    assert result.columns.tolist() == ["unique_id", "ds", "y"]
    assert result.groupby("unique_id")["ds"].apply(list)["b"] == future.tolist()
    assert many.predict_quantiles().columns.tolist() == ["unique_id", "ds", 0.1, 0.5, 0.9]


def test_polars_in_and_out():
    pl = pytest.importorskip("polars")
    y = wave(tz="Europe/Berlin")
    table = long_table(pd.DataFrame({"a": y, "b": 2 * y}))
    options = {"quantiles": (0.1, 0.5, 0.9), **LONG}
    expected = small(**options).fit(table).predict()
    utc = table["ds"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    frame = pl.DataFrame({"unique_id": table["unique_id"].to_list(), "ds": utc, "y": table["y"].to_numpy()})
    frame = frame.with_columns(pl.col("ds").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin"))
    model = small(**options).fit(frame)
    result = model.predict()
    assert isinstance(result, pl.DataFrame)
    assert result.schema["ds"] == frame.schema["ds"]
    assert result["ds"].to_list() == [time.to_pydatetime() for time in expected["ds"]]
    np.testing.assert_array_equal(result["y"].to_numpy(), expected["y"])
    assert model.backtest(frame, start=0.8).columns[:3] == ["unique_id", "cutoff", "time"]


Y = wave(40)

WRONG = {
    "array": (np.arange(9.0), {}, TypeError, "must be a pandas Series or DataFrame"),
    "no times": (Y.reset_index(drop=True), {}, TypeError, "must have a DatetimeIndex, got RangeIndex"),
    "periods": (Y.to_period("D"), {}, TypeError, "to_timestamp"),
    "unordered": (Y.iloc[::-1], {}, ValueError, "not in ascending order"),
    "duplicates": (pd.concat([Y[:3], Y[2:]]), {}, ValueError, "several rows for 2024-01-01 02:00:00"),
    "no frequency": (Y.iloc[[0, 1, 3, 8, 20]], {}, ValueError, "cannot be inferred from its 5 rows"),
    "frequency": (Y, {"freq": "XYZ"}, ValueError, "must be a frequency of pandas"),
    "off the grid": (Y, {"freq": "2h"}, ValueError, "20 rows of y are not on the grid"),
    "too few rows": (Y[:10], {}, ValueError, f"has 10 rows, .* need at least {CONTEXT + HORIZON}"),
    "text": (Y.astype(str), {}, TypeError, "must have numbers"),
    "complex": (Y * 1j, {}, TypeError, "must have numbers, got complex128"),
    "infinite": (Y.replace(Y.iloc[3], np.inf), {}, ValueError, "infinite"),
    "NaN": (Y.replace(Y.iloc[3], np.nan), {}, ValueError, "choose gaps='interpolate'"),
    "all NaN": (Y * np.nan, {"gaps": "mask"}, ValueError, "has no values"),
    "id column": (Y.to_frame(), {"id_column": "who"}, ValueError, "no column 'who'"),
    "target column": (Y.to_frame(), {"target_column": "q"}, ValueError, "no column 'q', which target_column names"),
    "lags": (Y, {"lags": (3,)}, ValueError, "lags must be whole numbers of at least 6"),
    "one lag": (Y, {"lags": 24}, ValueError, r"lags must be a sequence of numbers, such as \(24,\)"),
    "fractions": (Y, {"calibration_fraction": 0.9, "early_stopping": True}, ValueError, "too few rows for windows of training"),
    "quantiles": (Y, {"quantiles": (0.9, 0.1)}, ValueError, "ascending"),
    "two heads": (Y, {"quantiles": (0.5,), "distribution": "gaussian"}, ValueError, "not both"),
    "option": (Y, {"gaps": "drop"}, ValueError, "gaps must be one of 'raise', 'interpolate', 'mask'"),
    "calendar": (Y, {"calendar": ("moon",)}, ValueError, "calendar must be 'auto'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_gives_one_sentence(case):
    y, options, error, message = WRONG[case]
    model = small(**options)
    with pytest.raises(error, match=message):
        model.fit(y)
    with pytest.raises(ValueError, match="not fitted yet"):
        model.predict()


def test_the_package_does_not_import_pandas():
    code = "import sys, numba_lstm, numba_lstm.plotting; assert not {'pandas', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "import sys; sys.modules['pandas'] = None\nimport numba_lstm.forecasting"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'numba_lstm[forecast]'" in result.stderr
