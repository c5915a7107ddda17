"""Evaluation of forecasts: scores, seasonal naive forecasts, and tests of a difference."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import pandas as pd
from forecast_cases import HORIZON, small, wave

from numba_lstm import forecasting
from numba_lstm.forecasting import SeasonalNaive

LEVELS = tuple(np.round(np.arange(0.05, 0.96, 0.05), 2).tolist())
Y = wave()


def test_the_pinball_loss_is_smallest_at_the_true_quantiles():
    from statistics import NormalDist

    draw = np.random.default_rng(0)
    y = draw.normal(size=20000)
    true = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    best, shifted = (
        forecasting.pinball_loss(y, np.broadcast_to(values, (len(y), len(LEVELS))), LEVELS) for values in (true, true + 0.2)
    )
    assert (best < shifted).all()
    crps = forecasting.crps_from_quantiles(y, np.broadcast_to(true, (len(y), len(LEVELS))), LEVELS)
    assert crps == pytest.approx(1.044 / np.pi**0.5, rel=0.01)  # the integral is E|X - Y| / 2, without tails 4% more
    point = np.broadcast_to(np.zeros((1, 1)), (len(y), len(LEVELS)))
    assert forecasting.crps_from_quantiles(y, point, LEVELS) == pytest.approx(np.abs(y).mean())


def test_scores_of_a_table_are_those_of_its_columns():
    table = pd.DataFrame({"y": [1.0, 2.0, np.nan], "forecast": [2.0, 2.0, 0.0], 0.1: [0.0, 0.0, 0.0], 0.9: [1.0, 1.0, 9.0]})
    found = forecasting.score_table(table, coverage=[0.8])
    loss = (0.1 * 1 + 0.9 * 0 + 0.1 * 2 + 0.9 * 1) / 4
    expected = {"mae": 0.5, "rmse": 0.5**0.5, "pinball": loss, "crps": 2 * loss, "coverage_80": 0.5}
    assert found == pytest.approx(expected)


def test_seasonal_naive_repeats_the_season_and_has_the_rows_of_a_forecaster():
    start, season = Y.index[-3 * HORIZON], 5
    table = SeasonalNaive(HORIZON, season, quantiles=(0.1, 0.5, 0.9)).backtest(Y, start=start, stride=4)
    ours = small(epochs=1).fit(Y[:start]).backtest(Y, stride=4)
    for name in ("series", "cutoff", "time", "step", "y"):
        np.testing.assert_array_equal(table[name], ours[name])
    values = Y.to_numpy()
    first = Y.index.get_loc(start) + 1
    expected = [values[first - season + step % season] for step in range(HORIZON)]
    np.testing.assert_array_equal(table["forecast"][:HORIZON], expected)
    origins = np.arange(first - 4, season - 1, -4)
    origins = origins[origins + HORIZON <= first]
    errors = values[origins + 1] - values[origins + 1 - season]  # of the second step
    assert table[0.9][1] - table["forecast"][1] == pytest.approx(np.quantile(errors, 0.9))


def test_seasonal_naive_knows_nothing_behind_a_cutoff():
    gap = Y.copy()
    gap.iloc[50:60] = np.nan
    later = gap.copy()
    later.iloc[60:] += 100.0
    one, other = (SeasonalNaive(3, 8).backtest(y, start=Y.index[56], stride=len(Y)) for y in (gap, later))
    np.testing.assert_array_equal(one["forecast"], other["forecast"])
    assert one["forecast"].notna().all()


def test_equal_forecasts_are_rarely_found_different():
    draw = np.random.default_rng(1)
    p_values = [forecasting.diebold_mariano(*draw.normal(size=(2, 100)) ** 2).p_value for _ in range(300)]
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.05)
    better, worse = draw.normal(size=(2, 100)) ** 2 * [[1], [4]]
    found = forecasting.diebold_mariano(better, worse)
    assert found.difference == pytest.approx((better - worse).mean())
    assert found.p_value < 0.01
    lower, upper = forecasting.block_bootstrap(better, worse, block=5)
    assert lower < found.difference < upper < 0


def test_the_variance_of_overlapping_errors_counts_their_covariance():
    draw = np.random.default_rng(2)
    overlapping = np.convolve(draw.normal(size=503), np.ones(4), "valid")
    first, four = (forecasting.diebold_mariano(overlapping, np.zeros(500), h).statistic for h in (1, 4))
    assert abs(four) < 0.7 * abs(first)  # the deviation of a mean of sums of four is twice as large


WRONG = {
    "shape": (lambda: forecasting.pinball_loss([1.0], [[1.0]], (0.1, 0.9)), r"must have the shape \(1, 2\)"),
    "level": (lambda: forecasting.pinball_loss([1.0], [[1.0]], (1.0,)), r"levels must be in \(0, 1\)"),
    "spacing": (lambda: forecasting.crps_from_quantiles([1.0], [[1, 2, 3]], (0.1, 0.2, 0.9)), "equally spaced around 0.5"),
    "coverage": (
        lambda: forecasting.score_table(pd.DataFrame({"y": [1.0], "forecast": [1.0], 0.1: [1.0]}), [0.8]),
        "coverage=0.8 needs the quantile 0.9",
    ),
    "lengths": (lambda: forecasting.diebold_mariano([1.0, 2.0], [1.0]), "two arrays of one length"),
    "horizon": (lambda: forecasting.diebold_mariano([1.0, 2.0], [1.0, 1.0], 2), "at most half of the 2 losses"),
    "variance": (lambda: forecasting.diebold_mariano([1.0, 2.0], [0.0, 1.0]), "no positive variance"),
    "block": (lambda: forecasting.block_bootstrap([1.0], [2.0], block=2), "at most the 1 losses"),
    "season": (lambda: SeasonalNaive(1, 0), "season must be a whole number of at least 1, got 0"),
    "quantiles": (lambda: SeasonalNaive(1, 1, quantiles=(0.9, 0.1)), "quantiles must be ascending"),
    "stride": (lambda: SeasonalNaive(1, 1).backtest(Y, start=0.5, stride=0), "stride must be a whole number"),
    "rows": (lambda: SeasonalNaive(1, 100).backtest(Y, start=0.1), "a season of 100 and a horizon of 1 are needed"),
    "errors": (lambda: SeasonalNaive(9, 9, quantiles=(0.5,)).backtest(Y[:30], start=0.5), "quantiles of their errors need 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_of_the_evaluation_gives_one_sentence(case):
    call, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        call()
