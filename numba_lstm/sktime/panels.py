"""LSTMClassifier and LSTMRegressor: classes and numbers of the series of a panel."""

from __future__ import annotations

from typing import Any

import numpy as np
from sktime.classification.base import BaseClassifier
from sktime.regression.base import BaseRegressor

from ..sklearn import LSTMClassifier as WrappedClassifier
from ..sklearn import LSTMRegressor as WrappedRegressor
from ..sklearn.sequences import Values
from ..sklearn.wrapped import SequenceEstimator

_TAGS = {
    "authors": ["numba_lstm developers"],
    "maintainers": ["numba_lstm developers"],
    "X_inner_mtype": "df-list",
    "y_inner_mtype": "numpy1D",
    "capability:multivariate": True,
    "capability:unequal_length": True,
    "capability:missing_values": False,
    "capability:random_state": True,
    "property:randomness": "derandomized",
}

_TEST_PARAMS: list[dict[str, Any]] = [
    {"units": 2, "epochs": 2},
    {"units": (2, 2), "epochs": 1, "batch_size": 4, "random_state": 7},
]


class _Series(SequenceEstimator):
    """Series of sktime, a data frame each."""

    @staticmethod
    def _sequences(X: Any) -> list[Values]:
        return [one.to_numpy(np.float64) for one in X]


class LSTMClassifier(_Series, BaseClassifier):  # type: ignore[misc]  # sktime has no types
    """Classes of series by LSTMs, with the rules of sktime. Series may have unequal lengths.

    Parameters
    ----------
    units, bidirectional, dropout, epochs, batch_size, learning_rate, clipnorm, early_stopping, validation_fraction, \
    n_iter_no_change, tol, dtype, n_jobs, random_state, verbose
        As of :class:`numba_lstm.sklearn.LSTMRegressor`, but with one thread by default.

    Attributes
    ----------
    estimator_ : numba_lstm.sklearn.LSTMClassifier
        The estimator inside.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from numba_lstm.sktime import LSTMClassifier
    >>> X, y = load_unit_test(split="train")
    >>> LSTMClassifier(8, epochs=5, random_state=0).fit(X, y).predict(X).shape
    (20,)
    """

    _tags = {**_TAGS, "capability:predict_proba": True}
    _estimator = WrappedClassifier

    def _predict_proba(self, X: Any) -> Any:
        return self.estimator_.predict_proba(self._sequences(X))

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return parameters for the checks of sktime."""
        return _TEST_PARAMS


class LSTMRegressor(_Series, BaseRegressor):  # type: ignore[misc]  # sktime has no types
    """Numbers from series by LSTMs, with the rules of sktime. Series may have unequal lengths.

    Parameters
    ----------
    units, bidirectional, dropout, epochs, batch_size, learning_rate, clipnorm, early_stopping, validation_fraction, \
    n_iter_no_change, tol, dtype, n_jobs, random_state, verbose
        As of :class:`numba_lstm.sklearn.LSTMRegressor`, but with one thread by default.

    Attributes
    ----------
    estimator_ : numba_lstm.sklearn.LSTMRegressor
        The estimator inside.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from numba_lstm.sktime import LSTMRegressor
    >>> X, y = load_unit_test(split="train")
    >>> LSTMRegressor(8, epochs=5, random_state=0).fit(X, y.astype(float)).predict(X).shape
    (20,)
    """

    _tags = _TAGS
    _estimator = WrappedRegressor

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return parameters for the checks of sktime."""
        return _TEST_PARAMS
