"""Backtests: fits at each cutoff that see nothing behind it, tables that are needed, and wrong arguments."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

import pandas as pd
from forecast_cases import HORIZON, small, wave

from numba_lstm.forecasting.fitting import Tables

Y = wave()
CUTOFF = Y.index[-HORIZON - 1]


def test_a_refit_scales_covariates_by_rows_before_the_cutoff():
    level = pd.Series(np.arange(len(Y)) % 7.0, Y.index, name="level")
    changed = level.where(level.index <= CUTOFF, 1000.0)
    one, other = (small(epochs=1).backtest(Y, past, start=CUTOFF, refit=True) for past in (level, changed))
    assert len(one) == HORIZON
    np.testing.assert_array_equal(one["forecast"], other["forecast"])


def test_a_refit_needs_the_tables_of_the_fit():
    static = pd.DataFrame({"size": [1.0]}, ["load"])
    model = small(epochs=1).fit(Y, static_covariates=static)
    with pytest.raises(ValueError, match="needs static_covariates as fit had them"):
        model.backtest(Y, start=CUTOFF, refit=True)
    assert len(model.backtest(Y, static_covariates=static, start=CUTOFF, refit=True)) == HORIZON


def test_a_score_takes_covariates_of_later_rows():
    level = pd.Series(np.arange(len(Y)) % 7.0, Y.index, name="level")
    model = small(epochs=1).fit(Y[:-24], past_covariates=level[:-24])
    frame = model.backtest(Y, level)
    assert model.score(Y, level) == pytest.approx((frame["y"] - frame["forecast"]).abs().mean())
    assert frame.attrs == {}


def test_a_straight_line_over_a_gap_ends_at_the_cutoff():
    y = Y.copy()
    y.iloc[120:130] = np.nan
    model = small(gaps="interpolate", epochs=1).fit(Y[:100])
    frame = model.backtest(y, start=y.index[124], stride=len(y))
    np.testing.assert_allclose(frame["forecast"], model.predict(y=y[:125])["load"], rtol=1e-6)
    np.testing.assert_array_equal(frame["y"], y[125 : 125 + HORIZON])  # NaN at first
    line = model._with(Tables(y)).sample("load", 0)
    np.testing.assert_allclose(line.filled[120:130], np.linspace(y.iloc[119], y.iloc[130], 12)[1:-1])


LATE = pd.DataFrame({"a": Y, "b": Y.where(Y.index > CUTOFF)})

WRONG = {
    "stride": (lambda model: model.backtest(Y, start=CUTOFF, stride=0), "stride must be a whole number of at least 1, got 0"),
    "season": (lambda model: model.score(Y, metric="mase", season=0), "season must be a whole number of at least 1, got 0"),
    "mase": (lambda model: model.score(Y, metric="mase", season=200), "has 136 rows before start, and season=200 needs more"),
    "no rows": (lambda model: model.backtest(Y, start="2023-01-01", refit=True), "leaves no rows before the first forecast"),
    "late series": (lambda model: model.backtest(LATE, start=CUTOFF, refit=True), "series 'b' of y has 0 rows"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_gives_one_sentence(case):
    call, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        call(small(epochs=1).fit(Y[:-24]))
