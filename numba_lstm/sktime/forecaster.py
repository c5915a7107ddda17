"""LSTMForecaster: forecasts with the rules of sktime."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sktime.forecasting.base import BaseForecaster

from ..forecasting import LSTMForecaster as Wrapped
from ..forecasting.fitted import Values
from .in_sample import in_sample
from .times import as_times, frequency, with_times

#: Parameters that the forecaster inside has too.
_PASSED_ON = (
    *("context_length", "units", "strategy", "lags", "distribution", "calendar", "scaling", "dropout", "epochs", "batch_size"),
    *("learning_rate", "num_samples", "random_state", "verbose"),
)


class LSTMForecaster(BaseForecaster):  # type: ignore[misc]  # sktime has no types
    """Forecasts by an LSTM, with the rules of sktime.

    Indices may have times, periods or whole numbers. The columns of a multivariate ``y`` share one network, and each is scaled
    by itself. ``X`` is known at the steps that are forecast too.

    Parameters
    ----------
    context_length : int
        Steps before a forecast that the network reads.
    units, lags, distribution, calendar, scaling, dropout, epochs, batch_size, learning_rate, num_samples, random_state, verbose
        As of :class:`numba_lstm.forecasting.LSTMForecaster`. Without a ``distribution`` there are no intervals.
    strategy : "recursive" or "direct"
        Whether each forecast is an input of the next, or one call computes all steps. Then ``fit`` needs ``fh``.
    update_epochs : int
        Passes over all rows in ``update`` with ``update_params=True``.

    Attributes
    ----------
    forecaster_ : numba_lstm.forecasting.LSTMForecaster
        The forecaster inside.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from numba_lstm.sktime import LSTMForecaster
    >>> forecaster = LSTMForecaster(24, units=8, epochs=5, random_state=0).fit(load_airline(), fh=[1, 2, 3])
    >>> forecaster.predict_interval(coverage=0.9).shape
    (3, 2)
    """

    _tags = {
        "authors": ["numba_lstm developers"],
        "maintainers": ["numba_lstm developers"],
        "y_inner_mtype": "pd.DataFrame",
        "X_inner_mtype": "pd.DataFrame",
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:missing_values": False,
        "capability:categorical_in_X": False,
        "capability:update": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "requires-fh-in-fit": False,
        "X-y-must-have-same-index": True,
    }

    _config = {"remember_data": False}  # the forecaster inside has the data
    _y = _X = None  # for sktime, if a user sets remember_data

    def __init__(
        self,
        context_length: int = 12,
        *,
        units: int | tuple[int, ...] = 32,
        strategy: str = "recursive",
        lags: Sequence[int] = (),
        distribution: str | None = "gaussian",
        calendar: Any = "auto",
        scaling: str | None = "standard",
        dropout: float = 0.0,
        epochs: int = 50,
        batch_size: int = 64,
        learning_rate: float = 0.01,
        update_epochs: int = 1,
        num_samples: int = 200,
        random_state: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.context_length, self.units, self.strategy, self.lags = context_length, units, strategy, lags
        self.distribution, self.calendar, self.scaling, self.dropout = distribution, calendar, scaling, dropout
        self.epochs, self.batch_size, self.learning_rate = epochs, batch_size, learning_rate
        self.update_epochs, self.num_samples = update_epochs, num_samples
        self.random_state, self.verbose = random_state, verbose
        super().__init__()
        self.set_tags(**{"requires-fh-in-fit": strategy == "direct", "capability:pred_int": distribution is not None})

    def _fit(self, y: Any, X: Any, fh: Any) -> Self:
        params = {name: getattr(self, name) for name in _PASSED_ON}
        if not isinstance(y.index, (pd.DatetimeIndex, pd.PeriodIndex)):
            params["calendar"] = None
        if self.random_state is None:
            params["random_state"] = secrets.randbits(32)  # for the paths: forecasts of one fit repeat
        steps = 1 if fh is None else max(1, self._steps(fh).max())
        self.forecaster_ = Wrapped(steps, freq=frequency(y.index), **params)
        self.forecaster_.fit(with_times(y), future_covariates=with_times(X))
        self._labels = y.columns
        return self

    def _update(self, y: Any, X: Any = None, update_params: bool = True) -> Self:
        epochs = self.update_epochs if update_params else 0
        self.forecaster_.update(with_times(y), future_covariates=with_times(X), epochs=epochs)
        return self

    def _predict(self, fh: Any, X: Any) -> Any:
        values = self._forecasts(fh, X, None)[..., 0]
        return pd.DataFrame(values, index=fh.to_absolute_index(self.cutoff), columns=self._labels)

    def _predict_quantiles(self, fh: Any, X: Any, alpha: Sequence[float]) -> Any:
        levels = sorted(set(alpha))
        values = self._forecasts(fh, X, levels)[..., np.searchsorted(levels, alpha)]
        columns = pd.MultiIndex.from_product([self._get_varnames(), alpha])
        return pd.DataFrame(values.reshape(len(values), -1), index=fh.to_absolute_index(self.cutoff), columns=columns)

    def _steps(self, fh: Any) -> Values:
        """Return the distances of the horizon from the last known row."""
        return np.asarray(fh.to_relative(self.cutoff).to_pandas(), np.int64)

    def _forecasts(self, fh: Any, X: Any, levels: list[float] | None) -> Values:
        """Return point forecasts (steps, series, 1), or quantiles (steps, series, levels)."""
        steps, state = self._steps(fh), self.forecaster_._state
        known = len(next(iter(state.tracks.values())).index)
        found = np.empty((len(steps), len(state.tracks), 1 if levels is None else len(levels)))
        inside = steps <= 0
        if inside.any():
            found[inside] = in_sample(state, known - 1 + steps[inside], levels)
        if not inside.all():
            horizon = int(steps.max())
            rows = self._future(X, horizon)
            if levels is None:
                table = self.forecaster_.predict(horizon, future_covariates=rows)
            else:
                table = self.forecaster_.predict_quantiles(levels, horizon, future_covariates=rows)
            found[~inside] = table.to_numpy().reshape(horizon, *found.shape[1:])[steps[~inside] - 1]
        return found

    def _future(self, X: Any, horizon: int) -> Any:
        """Return the rows of ``X`` after the last known one, with straight lines where rows are missing."""
        if X is None:
            return None
        state = self.forecaster_._state
        times = state.future_index(next(iter(state.tracks)), horizon)
        table = X.set_axis(as_times(X.index).as_unit(times.unit), axis=0)
        return table.reindex(times).interpolate(limit_direction="both")

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return parameters for the checks of sktime."""
        tiny = {"units": 2, "epochs": 1}
        return [
            {**tiny, "context_length": 3, "num_samples": 10},
            {**tiny, "context_length": 2, "strategy": "direct", "distribution": "student_t", "random_state": 7},
        ]
