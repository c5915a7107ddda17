"""Inputs of estimators as sequences (N, T, D), or a list of sequences (T_i, D), and their scales."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import validate_data

Values = npt.NDArray[Any]

#: An array (N, T, D), or sequences of unequal lengths.
Sequences = Values | list[Values]


class Scale(NamedTuple):
    """Mean and standard deviation of each feature."""

    mean: Values
    deviation: Values

    def apply(self, x: Any) -> Any:
        """Return ``x``, an array or a list of arrays, with mean 0 and deviation 1."""
        return [self.apply(one) for one in x] if isinstance(x, list) else (x - self.mean) / self.deviation

    def invert(self, x: Values) -> Values:
        """Return ``x`` in the units of what the scale was made from."""
        return x * self.deviation + self.mean

    @classmethod
    def of(cls, x: Any, weights: Values) -> Scale:
        """Return the scale of rows (N, ..., D) or of a list of sequences, each with its weight; a constant has deviation 1."""
        steps = [one.reshape(-1, one.shape[-1]) for one in x]
        means = np.stack([one.mean(axis=0) for one in steps])
        mean = np.average(means, axis=0, weights=weights)
        squares = np.stack([((one - mean) ** 2).mean(axis=0) for one in steps])
        deviation = np.sqrt(np.average(squares, axis=0, weights=weights))
        return cls(mean, deviation + (deviation == 0))


def gives_sequences(X: Any) -> bool:
    """Return whether ``X`` is an array (N, T, D), or a list of sequences (T_i, D), and no table."""
    if getattr(X, "ndim", 1) == 3:
        return True
    if not isinstance(X, (list, tuple)) and not (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1):
        return False
    return len(X) > 0 and all(isinstance(one, (np.ndarray, list, tuple)) and np.ndim(one) == 2 for one in X[:1000])


def checked_sequences(estimator: Any, X: Any, features: int, *, reset: bool) -> Sequences:
    """Return ``X`` as sequences; with ``reset`` the estimator takes over the number of features.

    Parameters
    ----------
    estimator : estimator
        Has ``n_features_in_`` afterwards: columns of a table, or features of a step.
    X : array (N, T * D) or (N, T, D), DataFrame, or list of arrays (T_i, D)
        A table has the steps one after the other, each with its ``features`` columns.
    features : int
        D of a table.
    reset : bool
        Whether the estimator is fitted to it.

    Raises
    ------
    ValueError
        For another number of columns or features than the estimator was fitted to, for values that are missing or not finite,
        and for columns that are no whole number of steps.
    """
    if gives_sequences(X):
        return _sequences(estimator, X, reset=reset)
    array = validate_data(estimator, X, reset=reset, dtype=[np.float64, np.float32], allow_nd=True)
    return as_sequences(array, features)


def as_sequences(array: Values, features: int) -> Values:
    """Return a table (N, T * D) as sequences (N, T, D)."""
    if array.ndim != 2:
        raise ValueError(f"X must have 2 or 3 axes, (N, T * D) or (N, T, D), got shape {array.shape}. Reshape it.")
    rows, columns = array.shape
    if columns % features:
        raise ValueError(f"X has {columns} columns, which are no whole number of steps of features={features} columns.")
    return array.reshape(rows, columns // features, features)


def _sequences(estimator: Any, X: Any, *, reset: bool) -> Sequences:
    sequences = [np.asarray(one, np.float64) for one in X]
    widths = {one.shape[1] for one in sequences}
    if len(widths) > 1:
        raise ValueError(f"all sequences of X must have the same number of features, got {sorted(widths)}.")
    if not all(np.isfinite(one).all() for one in sequences):
        raise ValueError("Input X contains NaN or infinity. Fill or remove what is missing.")
    (width,) = widths
    if reset:
        estimator.n_features_in_ = width
    elif width != estimator.n_features_in_:
        name = type(estimator).__name__
        raise ValueError(f"X has {width} features, but {name} is expecting {estimator.n_features_in_} features as input.")
    return np.stack(sequences) if len({len(one) for one in sequences}) == 1 else sequences
