"""WrappingEstimator: the parameters of estimators of other libraries, which train one of this package inside."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, Self, TypeVar

from .estimator import LSTMEstimator
from .sequences import Values

Estimator = TypeVar("Estimator", bound=LSTMEstimator)


class WrappingEstimator:
    """Base class of estimators of sequences in other libraries.

    Parameters
    ----------
    units, bidirectional, dropout, epochs, batch_size, learning_rate, clipnorm, early_stopping, validation_fraction, \
    n_iter_no_change, tol, dtype, n_jobs, random_state, verbose
        As of :class:`numba_lstm.sklearn.LSTMRegressor`, but with one thread, which is the default of sktime and aeon.
    """

    def __init__(
        self,
        units: int | tuple[int, ...] = 32,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
        epochs: int = 100,
        batch_size: int | str = "auto",
        learning_rate: float = 0.01,
        clipnorm: float | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        dtype: str = "float64",
        n_jobs: int | None = 1,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.units, self.bidirectional, self.dropout = units, bidirectional, dropout
        self.epochs, self.batch_size, self.learning_rate, self.clipnorm = epochs, batch_size, learning_rate, clipnorm
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.n_iter_no_change, self.tol, self.dtype = n_iter_no_change, tol, dtype
        self.n_jobs, self.random_state, self.verbose = n_jobs, random_state, verbose
        super().__init__()

    def _wrapped(self, cls: type[Estimator]) -> Estimator:
        """Return a new estimator of this package with these parameters."""
        return cls(**{name: getattr(self, name) for name in PARAMETERS})


class SequenceEstimator(WrappingEstimator):
    """Base class of classifiers and regressors of series, which convert these to sequences and train an estimator on them."""

    _estimator: ClassVar[type[LSTMEstimator]]  #: what is trained inside

    @staticmethod
    def _sequences(X: Any) -> list[Values]:
        """Return the series of the other library as sequences (T, features)."""
        raise NotImplementedError

    def _fit(self, X: Any, y: Any) -> Self:
        self.estimator_ = self._wrapped(self._estimator).fit(self._sequences(X), y)
        return self

    def _predict(self, X: Any) -> Any:
        return self.estimator_.predict(self._sequences(X))


PARAMETERS = tuple(inspect.signature(WrappingEstimator).parameters)
