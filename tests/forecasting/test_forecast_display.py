"""ForecastDisplay: what it draws, by its data."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")
pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'numba_lstm[plot]'")

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
from forecast_cases import HORIZON, small, wave

from numba_lstm.plotting import ForecastDisplay

matplotlib.use("Agg")
Y = wave(tz="Europe/Berlin")


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def bounds(band):
    """Least and greatest value of a band at its first step."""
    points = band.get_paths()[0].vertices
    first = points[points[:, 0] == points[:, 0].min(), 1]
    return first.min(), first.max()


def test_a_forecaster_is_drawn_with_its_intervals(tmp_path):
    model = small(quantiles=(0.05, 0.25, 0.5, 0.75, 0.95)).fit(pd.DataFrame({"a": Y, "b": 2 * Y}))
    display = ForecastDisplay.from_estimator(model, series="b", rows=20)
    observed, forecast = display.lines_
    np.testing.assert_array_equal(observed.get_ydata(), 2 * Y[-20:])
    np.testing.assert_array_equal(forecast.get_ydata(), model.predict()["b"])
    assert len(display.bands_) == 2
    quantiles = model.predict_quantiles()["b"].iloc[0]
    np.testing.assert_allclose(bounds(display.bands_[0]), quantiles[[0.05, 0.95]])
    np.testing.assert_allclose(bounds(display.bands_[1]), quantiles[[0.25, 0.75]])
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()][2:] == ["90% interval", "50% interval"]
    assert display.ax_.get_ylabel() == "b"
    fan = model.forecast_fan("b", coverage=[0.9])
    assert (fan.series, list(fan.intervals), len(fan.observed)) == ("b", [0.9], len(fan.times))
    np.testing.assert_array_equal(fan.forecast, forecast.get_ydata())
    assert fan.future_times[0] == fan.times[-1] + pd.Timedelta(hours=1)
    display.figure_.savefig(tmp_path / "f.png")
    assert (tmp_path / "f.png").stat().st_size > 5000
    with pytest.raises(ValueError, match="there is no series 'c'. Name one of 'a', 'b'"):
        ForecastDisplay.from_estimator(model, series="c")


def test_tables_are_drawn_on_given_axes():
    model = small(calibration_fraction=0.2).fit(Y)
    _, (above, ax) = plt.subplots(2)
    display = ForecastDisplay.from_predictions(Y, model.predict(), {0.8: model.predict_interval(0.8)}, ax=ax)
    assert display.ax_ is ax
    assert all(label.get_visible() for label in above.get_xticklabels())
    assert display.plot() is display
    assert display.ax_ is not ax
    assert len(display.lines_[1].get_xdata()) == HORIZON
    np.testing.assert_allclose(bounds(display.bands_[0]), model.predict_interval(0.8).iloc[0])
    assert len(ForecastDisplay.from_estimator(model).bands_) == 2
    assert ForecastDisplay.from_estimator(small().fit(Y)).bands_ == []
    with pytest.raises(ValueError, match="one column, that of y, got"):
        ForecastDisplay.from_predictions(Y, pd.DataFrame({"a": Y, "b": Y}))
