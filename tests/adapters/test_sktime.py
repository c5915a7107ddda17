"""Estimators of sktime: its own checks, indices without times, series of unequal lengths, and covariates with gaps."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sktime", reason="needs sktime: pip install 'numba_lstm[sktime]'")

import pandas as pd
from sktime.utils.estimator_checks import check_estimator

from numba_lstm.forecasting import LSTMForecaster as Wrapped
from numba_lstm.sktime import LSTMClassifier, LSTMForecaster, LSTMRegressor

pytestmark = pytest.mark.filterwarnings("ignore")  # checks provoke warnings, and sktime announces changes

#: Checks of sktime 1.2, at least: a newer version may have more.
CHECKS = {LSTMForecaster: 754, LSTMClassifier: 258, LSTMRegressor: 146}


@pytest.mark.parametrize("cls", CHECKS)
def test_all_checks_of_sktime_pass(cls):
    results = check_estimator(cls, verbose=False)
    assert not {name: result for name, result in results.items() if result != "PASSED"}
    assert len(results) >= CHECKS[cls]


INDICES = [
    pd.RangeIndex(5, 45),
    pd.period_range("2020-11", periods=40, freq="M"),
    pd.date_range("2020-01-31", periods=40, freq="ME"),
]


def small(**arguments):
    return LSTMForecaster(3, **{"units": 2, "epochs": 1, "calendar": None, "random_state": 0, **arguments})


@pytest.mark.parametrize("index", INDICES, ids=lambda one: type(one).__name__)
def test_forecasts_are_those_of_the_forecaster_inside_whatever_the_index(index):
    values = np.sin(np.arange(40.0))
    found = small(distribution=None).fit(pd.Series(values, index)).predict([1, 3])
    alone = Wrapped(1, 3, units=2, epochs=1, calendar=None, strategy="recursive", random_state=0)
    alone.fit(pd.Series(values, pd.date_range("2020", periods=40)))
    np.testing.assert_array_equal(found.to_numpy(), alone.predict(3).to_numpy()[[0, 2], 0])
    assert list(found.index) == [index[-1] + 1 * (index.freq if index.dtype.kind == "M" else 1), *found.index[1:]]


def test_forecasts_of_known_rows_read_the_rows_before():
    y = pd.Series(np.sin(np.arange(40.0)), INDICES[0])
    model = small(distribution=None).fit(y)
    earlier = y[:38].to_frame().set_axis(pd.to_datetime(y.index[:38], unit="s"))
    expected = model.forecaster_.predict(1, y=earlier).iloc[0, 0]
    np.testing.assert_allclose(model.predict([-1, 0]).iloc[0], expected, rtol=1e-6)


def test_forecasts_repeat_without_a_seed():
    model = small(random_state=None).fit(pd.Series(np.sin(np.arange(40.0))))
    assert model.predict_interval([1, 2]).equals(model.predict_interval([1, 2]))


def test_covariates_may_come_with_gaps():
    y, X = pd.Series(np.arange(30.0)), pd.DataFrame({"x": np.arange(40.0)})
    model = small().fit(y, X[:30])
    assert model.predict([1, 4], X=X[30:34]).equals(model.predict([1, 4], X=X.loc[[30, 33]]))


@pytest.mark.parametrize("cls", [LSTMClassifier, LSTMRegressor])
def test_series_of_unequal_lengths(cls):
    lengths = (3, 5, 4, 6)
    X = [pd.DataFrame({"a": np.arange(float(length)), "b": 1.0}) for length in lengths]
    y = np.array([0, 1, 0, 1])
    model = cls(2, epochs=1, random_state=0).fit(X, y)
    alone = model.estimator_.predict([one.to_numpy() for one in X])
    np.testing.assert_array_equal(model.predict(X), alone)
