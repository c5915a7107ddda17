"""Estimators of aeon: its own checks, series of unequal lengths, and forecasts."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("aeon.testing.estimator_checking", reason="needs aeon", exc_type=ImportError)

from aeon.testing.estimator_checking import check_estimator

from numba_lstm.aeon import LSTMClassifier, LSTMForecaster, LSTMRegressor

pytestmark = pytest.mark.filterwarnings("ignore")  # checks provoke warnings

#: Checks of aeon 1.6, at least: a newer version may have more.
CHECKS = {LSTMClassifier: 26, LSTMRegressor: 26, LSTMForecaster: 19}


@pytest.mark.parametrize("cls", CHECKS)
def test_all_checks_of_aeon_pass(cls):
    results = check_estimator(cls)
    assert not {name: result for name, result in results.items() if result != "PASSED"}
    assert len(results) >= CHECKS[cls]


@pytest.mark.parametrize("cls", [LSTMClassifier, LSTMRegressor])
def test_series_of_unequal_lengths(cls):
    X = [np.vstack([np.arange(float(length)), np.ones(length)]) for length in (3, 5, 4, 6)]
    model = cls(2, epochs=1, random_state=0).fit(X, np.array([0, 1, 2, 1]))
    np.testing.assert_array_equal(model.predict(X), model.estimator_.predict([one.T for one in X]))


def test_a_forecaster_learns_a_wave_and_refuses_a_short_series():
    y = np.sin(np.arange(120) / 3)
    model = LSTMForecaster(8, horizon=2, units=8, epochs=60, random_state=0).fit(y[:-2])
    assert abs(model.predict(y[:-2]) - y[-1]) < 0.1
    with pytest.raises(ValueError, match="y has 7 steps, which are too few: window=8 and horizon=2 need 8"):
        model.predict(y[:7])
