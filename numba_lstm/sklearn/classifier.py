"""LSTMClassifier: classes of sequences."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d, validate_data

from .estimator import LSTMEstimator, Values
from .sequences import as_sequences, checked_sequences, gives_sequences


class LSTMClassifier(ClassifierMixin, LSTMEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Classes of sequences by LSTMs, with the rules of scikit-learn.

    Inputs are scaled inside, with the sample weights. The parameters and attributes are those of :class:`LSTMRegressor`, and
    these:

    Attributes
    ----------
    classes_ : array (C,)
        The classes, in the order of the columns of :meth:`predict_proba`.

    Examples
    --------
    >>> import numpy as np
    >>> from numba_lstm.sklearn import LSTMClassifier
    >>> x = np.random.default_rng(0).normal(size=(80, 6, 2))
    >>> y = np.where(x[:, -1, 0] > 0, "up", "down")
    >>> model = LSTMClassifier(8, epochs=60, random_state=0).fit(x, y)
    >>> bool(model.score(x, y) > 0.9)
    True
    """

    loss_name = "sparse_categorical_crossentropy"

    @property
    def _activation(self) -> str:
        return "softmax"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on ``X``, (N, T * D), (N, T, D) or a list of (T_i, D), and the classes ``y``, (N,)."""
        again = self.warm_start and hasattr(self, "model_")
        with self._unchanged_by_errors():
            return self._fit(X, y, sample_weight, self.epochs, None, restart=not again)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch, from the weights and scales of the call before; ``classes`` are all that will come.

        The first call sets the scales, and needs ``classes`` unless ``y`` has all of them.
        """
        with self._unchanged_by_errors():
            return self._fit(X, y, sample_weight, 1, classes, restart=not hasattr(self, "model_"))

    def _fit(self, X: Any, y: Any, sample_weight: Any, epochs: int, classes: Any, *, restart: bool) -> Self:
        if gives_sequences(X):
            x: Any = checked_sequences(self, X, self.features, reset=restart)
            y = column_or_1d(y, warn=True)
            check_consistent_length(x, y)
        else:
            X, y = validate_data(self, X, y, reset=restart, dtype=[np.float64, np.float32], allow_nd=True)
            x = as_sequences(X, self.features)
        check_classification_targets(y)
        weights = self._weights(sample_weight, y)
        if restart:
            self.classes_ = np.unique(y if classes is None else classes)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has classes that {type(self).__name__} does not know: {unknown[:3]}. Give partial_fit classes."
            )
        codes = np.searchsorted(self.classes_, y)
        return self._train(x, codes, len(self.classes_), weights, epochs, restart)

    def _strata(self, y: Values) -> Values | None:
        return y

    def predict_proba(self, X: Any) -> Values:
        """Return the probabilities (N, C) of the classes, in the order of ``classes_``."""
        return self._outputs(X)

    def predict(self, X: Any) -> Values:
        """Return the most probable class of each sample, (N,)."""
        probabilities = self.predict_proba(X)
        found: Values = self.classes_[probabilities.argmax(axis=1)]
        return found
