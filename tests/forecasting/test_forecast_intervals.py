"""Quantiles, distributions, conformal intervals and paths."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import pandas as pd
from forecast_cases import HORIZON, small, wave

from numba_lstm.forecasting.conformal import _width
from numba_lstm.forecasting.networks.heads import GaussianHead, QuantileHead, StudentTHead, student_t_quantile

HEADS = {
    "quantiles": {"quantiles": (0.1, 0.5, 0.9)},
    "gaussian": {"distribution": "gaussian"},
    "student_t": {"distribution": "student_t"},
}


def autoregression(rows: int, seed: int = 0) -> pd.Series:
    """A process whose next value is 0.7 times the last plus noise of deviation 1."""
    noise = np.random.default_rng(seed).normal(size=rows)
    values = np.zeros(rows)
    for t in range(1, rows):
        values[t] = 0.7 * values[t - 1] + noise[t]
    return pd.Series(values, pd.date_range("2020-01-01", periods=rows, freq="h"), name="y")


@pytest.mark.parametrize(
    ("level", "df", "expected"), [(0.975, 4, 2.7764451052), (0.9, 1.5, 2.1963984176), (0.05, 30, -1.6972608866), (0.5, 3, 0)]
)
def test_quantiles_of_students_t(level, df, expected):
    assert student_t_quantile(level, df) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_quantiles_never_cross():
    levels = (0.01, 0.1, 0.3, 0.5, 0.7, 0.99)
    y = autoregression(200)
    model = small(quantiles=levels, learning_rate=0.1, epochs=3).fit(y)
    for scale in (1, 1e3):
        result = model.predict_quantiles(y=(scale * y).rename("other"))
        assert (np.diff(result, axis=1) >= 0).all()
    assert model.predict()["y"].equals(model.predict_quantiles()[0.5])
    with pytest.raises(ValueError, match="learned the quantiles"):
        model.predict_quantiles((0.2,))
    with pytest.raises(ValueError, match="point forecasts only"):
        small(epochs=1).fit(y).predict_quantiles()
    with pytest.raises(ValueError, match="intervals need calibration_fraction, quantiles or distribution"):
        small(epochs=1).fit(y).predict_interval()


@pytest.mark.parametrize("head", HEADS)
def test_learned_intervals_cover_what_they_say(head):
    y = autoregression(1400)
    model = small(epochs=6, **HEADS[head]).fit(y[:1000])
    frame = model.backtest(y, coverage=0.8, stride=1)
    covered = ((frame["lower"] <= frame["y"]) & (frame["y"] <= frame["upper"])).mean()
    assert 0.7 < covered < 0.9
    width = (frame["upper"] - frame["lower"]).groupby(frame["step"]).mean()
    assert width[6] > 1.1 * width[1]  # the deviation of the process grows from 1 to 1.4


@pytest.mark.parametrize("options", [{}, HEADS["quantiles"], HEADS["gaussian"]], ids=["point", "quantiles", "gaussian"])
def test_conformal_intervals_cover_what_they_say(options):
    y = autoregression(2400)
    model = small(epochs=1, calibration_fraction=0.4, **options).fit(y[:1600])  # one epoch: the network may be wrong
    for coverage in (0.5, 0.9):
        frame = model.backtest(y, coverage=coverage, stride=1)
        covered = ((frame["lower"] <= frame["y"]) & (frame["y"] <= frame["upper"])).groupby(frame["step"]).mean()
        assert (abs(covered - coverage) < 0.07).all()
    with pytest.raises(ValueError, match="calibration windows are too few for coverage=0.9999, which needs"):
        model.predict_interval(0.9999)


def test_the_rank_of_a_score_is_not_moved_by_rounding():
    assert _width(np.arange(1.0, 100.0), 0.55) == 55  # 0.55 * 100 is above 55 in floating point
    assert _width(np.arange(9.0), 0.9) == 8
    with pytest.raises(ValueError, match="8 calibration windows are too few for coverage=0.9, which needs 9"):
        _width(np.arange(8.0), 0.9)


def test_calibration_windows_are_not_trained_on():
    y = wave(160)
    changed = y.copy()
    changed.iloc[-20:] += 100
    one, other = (small(calibration_fraction=0.1, calendar=None).fit(series) for series in (y, changed))
    for first, second in zip(one.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("head", HEADS)
def test_paths_of_the_recursive_strategy_spread(head):
    model = small(strategy="recursive", epochs=6, num_samples=100, **HEADS[head]).fit(autoregression(1000))
    quantiles = model.predict_quantiles((0.1, 0.5, 0.9), horizon=2 * HORIZON)
    assert len(quantiles) == 2 * HORIZON
    width = quantiles[0.9] - quantiles[0.1]
    assert width.iloc[6:].mean() > 1.1 * width.iloc[0]
    pd.testing.assert_frame_equal(model.predict(), model.predict())


def test_samples_have_the_quantiles_of_their_head():
    generator = np.random.default_rng(0)
    levels = (0.1, 0.5, 0.9)
    outputs = {
        QuantileHead(levels): np.array([-1.0, 0.5, 3.0]),
        GaussianHead(): np.array([1.0, np.log(4.0)]),
        StudentTHead(4.0): np.array([1.0, np.log(2.0)]),
    }
    for head, one in outputs.items():
        drawn = head.sample(np.broadcast_to(one, (40_000, one.size)), generator)
        np.testing.assert_allclose(np.quantile(drawn, levels), head.quantiles(one, levels), atol=0.08)
