"""LSTMClassifier and LSTMRegressor: classes and numbers of the series of a collection."""

from __future__ import annotations

from typing import Any

import numpy as np
from aeon.classification.base import BaseClassifier
from aeon.regression.base import BaseRegressor

from ..sklearn import LSTMClassifier as WrappedClassifier
from ..sklearn import LSTMRegressor as WrappedRegressor
from ..sklearn.sequences import Values
from ..sklearn.wrapped import SequenceEstimator

_TAGS = {
    "algorithm_type": "deeplearning",
    "X_inner_type": ["np-list", "numpy3D"],
    "capability:multivariate": True,
    "capability:unequal_length": True,
    "capability:multithreading": True,
}

_TEST_PARAMS: dict[str, Any] = {"units": 2, "epochs": 2}


class _Series(SequenceEstimator):
    """Series of aeon, (channels, T) each."""

    @staticmethod
    def _sequences(X: Any) -> list[Values]:
        return [np.transpose(one) for one in X]


class LSTMClassifier(_Series, BaseClassifier):  # type: ignore[misc]  # aeon has no types
    """Classes of series by LSTMs, with the rules of aeon. Series may have unequal lengths.

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
    >>> from aeon.datasets import load_unit_test
    >>> from numba_lstm.aeon import LSTMClassifier
    >>> X, y = load_unit_test(split="train")
    >>> LSTMClassifier(8, epochs=5, random_state=0).fit(X, y).predict(X).shape
    (20,)
    """

    _tags = _TAGS
    _estimator = WrappedClassifier

    def _predict_proba(self, X: Any) -> Any:
        return self.estimator_.predict_proba(self._sequences(X))

    @classmethod
    def _get_test_params(cls, parameter_set: str = "default") -> dict[str, Any]:
        return _TEST_PARAMS


class LSTMRegressor(_Series, BaseRegressor):  # type: ignore[misc]  # aeon has no types
    """Numbers from series by LSTMs, with the rules of aeon. Series may have unequal lengths.

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
    >>> from aeon.datasets import load_covid_3month
    >>> from numba_lstm.aeon import LSTMRegressor
    >>> X, y = load_covid_3month(split="train")
    >>> LSTMRegressor(8, epochs=5, random_state=0).fit(X, y).predict(X).shape
    (140,)
    """

    _tags = _TAGS
    _estimator = WrappedRegressor

    @classmethod
    def _get_test_params(cls, parameter_set: str = "default") -> dict[str, Any]:
        return _TEST_PARAMS
