"""Forecasts: what they learn from, what scales and gaps do, updates, streams, backtests and files."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import pandas as pd
from forecast_cases import CONTEXT, HORIZON, LONG, long_table, small, wave

from numba_lstm import load_model
from numba_lstm.files.errors import FileFormatError
from numba_lstm.forecasting import LSTMForecaster
from numba_lstm.saving import container

Y = wave()
STEPS = pd.date_range(Y.index[0], periods=len(Y) + HORIZON, freq="h")


@pytest.fixture(scope="module")
def fitted():
    return small(epochs=30).fit(Y[:-24])


def test_a_wave_is_learned(fitted):
    assert fitted.score(Y) < 0.25  # that of the mean is 1.9
    assert fitted.score(Y, metric="rmse") >= fitted.score(Y)
    seasonal_naive = (Y - Y.shift(12))[:-24].abs().mean()
    assert fitted.score(Y, metric="mase", season=12) == pytest.approx(fitted.score(Y) / seasonal_naive)
    assert small(epochs=30, strategy="recursive").fit(Y[:-24]).score(Y) < 0.5


def test_lags_give_the_season():
    model = small(lags=(12,), context_length=3, epochs=40).fit(Y[:-24])
    assert model.model_.input[1].shape[-1] == 2
    assert model.score(Y) < 0.3


@pytest.mark.parametrize("scaling", ["standard", "window", "minmax"])
def test_forecasts_are_in_the_units_of_the_series(scaling):
    one = small(scaling=scaling).fit(Y).predict()
    other = small(scaling=scaling).fit(1e6 + 500 * Y).predict()
    np.testing.assert_allclose(other, 1e6 + 500 * one, rtol=1e-3 * 500 / 1e6)
    np.testing.assert_array_equal(one, small(scaling=scaling).fit(Y).predict())


def test_each_series_has_its_scale():
    wide = pd.DataFrame({"small": Y, "large": 1e4 * Y})
    model = small().fit(wide)
    result = model.predict()
    np.testing.assert_allclose(result["large"], 1e4 * result["small"], rtol=1e-4)
    np.testing.assert_allclose(small(**LONG).fit(long_table(wide)).predict()["y"], result.T.to_numpy().ravel())
    new = model.predict(y=(-7 * Y).rename("new"))
    assert new.columns.tolist() == ["new"]
    np.testing.assert_allclose(model.predict(y=Y.rename("small")), result[["small"]], rtol=1e-6)
    with pytest.raises(ValueError, match="'new' is unknown"):
        small(embed_series=True).fit(wide).predict(y=Y.rename("new"))
    with pytest.raises(ValueError, match="the series 'new', which was not there"):
        model.update(Y.rename("new"))


def test_missing_values_do_not_count():
    y = Y.copy()
    y.iloc[[30, 31, 90, -1]] = np.nan
    model = small(gaps="mask", epochs=30).fit(y)
    assert np.isfinite(model.predict().to_numpy()).all()
    assert model.predict().index[0] == Y.index[-1] + pd.Timedelta(hours=1)
    assert model.model_.input[0].shape[-1] == 2
    later = Y[-20:].to_numpy() + 0 * Y[-20:]
    assert model.score(later, start=Y.index[-10], stride=1) < 1.5
    interpolated = small(gaps="interpolate").fit(y.drop(y.index[40]))
    assert len(interpolated.predict()) == HORIZON


def test_an_update_appends_rows(fitted, tmp_path):
    fitted.save(tmp_path / "f.nlstm")
    model = LSTMForecaster.load(tmp_path / "f.nlstm").update(Y[-24:-12])
    pd.testing.assert_frame_equal(model.predict(), fitted.predict(y=Y[:-12]))
    weights = [weight.copy() for weight in model.model_.get_weights()]
    model.update(Y[-12:], epochs=1)
    assert any(np.any(old != new) for old, new in zip(weights, model.model_.get_weights(), strict=True))
    with pytest.raises(ValueError, match="missing values or times"):
        fitted.update(Y[-4:])
    with pytest.raises(TypeError, match="have the time zone UTC"):
        fitted.update(Y[-24:].tz_localize("UTC"))
    assert fitted.predict().index[0] == Y.index[-24]


def test_a_stream_has_the_bits_of_updates(fitted):
    stream = fitted.stream()
    for k in range(-24, -20):
        pd.testing.assert_frame_equal(stream.step(Y.iloc[k]), fitted.predict(y=Y[: k + 1]))
    with pytest.raises(ValueError, match="missing values or times"):
        stream.step(1.0, time=Y.index[-10])
    with pytest.raises(ValueError, match="one series, got one of 2"):
        small().fit(pd.DataFrame({"a": Y, "b": Y})).stream()
    with pytest.raises(ValueError, match="value must be finite"):
        stream.step(np.inf)


@pytest.mark.parametrize("gaps", ["mask", "interpolate"])
def test_gaps_in_a_stream_are_those_of_updates(gaps):
    y = Y.copy()
    y.iloc[[-24, -23, -21]] = np.nan
    model = small(gaps=gaps, epochs=1).fit(Y[:-24])
    stream = model.stream()
    for k in range(-24, 0):  # so that gaps come to the beginning of a window
        stream.observe(y.iloc[k])
        if k in (-24, -12, -11, -1):
            pd.testing.assert_frame_equal(stream.predict(), model.predict(y=y[: len(y) + k + 1]))
    pd.testing.assert_frame_equal(stream.predict(), model.update(y[-24:]).predict())
    assert model.stream().observe(11.0, time=Y.index[-1] + pd.Timedelta(hours=4)).predict().index[0].hour == 20


def test_a_series_without_new_values_can_be_updated():
    wide = pd.DataFrame({"a": Y, "b": Y})
    later = wide[-3:].assign(b=np.nan)
    result = small(gaps="mask", epochs=1).fit(wide[:-3]).update(later).predict()
    assert np.isfinite(result.to_numpy()).all()
    assert len(result) == HORIZON


def test_a_backtest_has_the_forecasts_of_the_past(fitted):
    frame = fitted.backtest(Y, stride=5)
    assert frame.columns.tolist() == ["series", "cutoff", "time", "step", "y", "forecast"]
    assert frame["cutoff"].unique().tolist() == Y.index[-25 : -HORIZON - 1 + 1 : 5].tolist()
    for cutoff, rows in frame.groupby("cutoff"):
        np.testing.assert_allclose(rows["forecast"], fitted.predict(y=Y[:cutoff])["load"], rtol=1e-6)
        np.testing.assert_array_equal(rows["y"], Y[rows["time"]])
    with pytest.raises(ValueError, match="has 0 rows behind"):
        fitted.backtest()
    with pytest.raises(ValueError, match=f"needs {CONTEXT}"):
        fitted.backtest(Y, start=0.01)


def test_a_backtest_refits_copies():
    model = small(epochs=2)
    frame = model.backtest(Y, start=Y.index[-14], refit=True)
    assert len(frame) == 2 * HORIZON
    expected = small(epochs=2).fit(Y[: frame["cutoff"].iloc[-1]]).predict()
    np.testing.assert_array_equal(frame["forecast"][-HORIZON:], expected["load"])


def test_one_file_has_everything(tmp_path):
    wide = pd.DataFrame({"a": Y, "b": Y**2}).tz_localize("Europe/Berlin")
    covariates = pd.DataFrame({"day": STEPS.day_name(), "n": np.arange(len(STEPS))}, STEPS.tz_localize("Europe/Berlin"))
    static = pd.DataFrame({"kind": ["p", "q"]}, ["a", "b"])
    model = small(embed_series=True, quantiles=(0.1, 0.5, 0.9), calibration_fraction=0.2, calendar=("time_of_day",), freq="h")
    model.fit(wide, past_covariates=covariates[["n"]], future_covariates=covariates[["day"]], static_covariates=static)
    model.save(tmp_path / "f.nlstm")
    copy = LSTMForecaster.load(tmp_path / "f.nlstm")
    assert copy.get_params() == model.get_params()
    assert repr(copy) == repr(model)
    pd.testing.assert_frame_equal(copy.predict(), model.predict())
    pd.testing.assert_frame_equal(copy.predict_interval(0.5), model.predict_interval(0.5))
    with pytest.raises(FileFormatError, match="LSTMForecaster.load reads it"):
        load_model(tmp_path / "f.nlstm")
    body, tensors = container.read(str(tmp_path / "f.nlstm"))
    for changed in ({"calendar": ["moon"]}, {"series": None}, {"offset": "XYZ"}, {"params": {"lag": 1}}, {"network": {}}):
        (tmp_path / "w.nlstm").write_bytes(container.encode(body | changed, tensors))
        with pytest.raises(FileFormatError):
            LSTMForecaster.load(tmp_path / "w.nlstm")
    model.model_.save(tmp_path / "m.nlstm")
    with pytest.raises(FileFormatError, match="load_model reads it"):
        LSTMForecaster.load(tmp_path / "m.nlstm")
    with pytest.raises(ValueError, match="has no name in pandas"):
        small(freq=pd.DateOffset(months=1)).fit(wave(60, freq="MS")).save(tmp_path / "g.nlstm")
    with pytest.raises(ValueError, match="has no name for a file"):
        small(epochs=1).fit(wave(60, tz="dateutil/Europe/Berlin")).save(tmp_path / "g.nlstm")


def test_parameters_that_are_set_later_wait_for_the_next_fit(tmp_path):
    model = small(epochs=1).fit(Y)
    before = model.predict()
    model.set_params(horizon=9, context_length=3, strategy="recursive", quantiles=(0.5,), random_state=7)
    pd.testing.assert_frame_equal(model.predict(), before)
    model.save(tmp_path / "f.nlstm")
    copy = LSTMForecaster.load(tmp_path / "f.nlstm")
    pd.testing.assert_frame_equal(copy.predict(), before)
    assert copy.horizon == HORIZON
    assert len(model.backtest(start=Y.index[-HORIZON - 1])) == HORIZON


def test_early_stopping_and_dropout_are_repeatable():
    options = {"early_stopping": True, "patience": 1, "epochs": 30, "dropout": 0.1, "units": (8, 8)}
    one, two = (small(**options).fit(Y) for _ in range(2))
    assert one.history_["val_loss"] == two.history_["val_loss"]
    np.testing.assert_array_equal(one.predict(), two.predict())


def test_a_failed_fit_leaves_the_forecaster(fitted):
    before = fitted.predict()
    with pytest.raises(ValueError, match="too few"):
        fitted.fit(Y[:5])
    pd.testing.assert_frame_equal(fitted.predict(), before)
    with pytest.raises(ValueError, match="fitted to 6 steps, got horizon=7"):
        fitted.predict(7)
    np.testing.assert_allclose(fitted.predict(2), before[:2], rtol=1e-6)
    with pytest.raises(ValueError, match="has no parameter 'lag'"):
        fitted.set_params(lag=3)
