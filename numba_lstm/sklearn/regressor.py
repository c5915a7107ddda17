"""LSTMRegressor: numbers from sequences."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from .estimator import LSTMEstimator, Values
from .sequences import Scale, as_sequences, checked_sequences, gives_sequences


class LSTMRegressor(RegressorMixin, LSTMEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Numbers from sequences by LSTMs, with the rules of scikit-learn.

    Inputs and targets are scaled inside, with the sample weights, and predictions are in the units of ``y``.

    Parameters
    ----------
    units : int or tuple of int
        Units of the LSTM, or of several of them, one after the other.
    features : int
        D of a table (N, T * D), whose columns have the steps one after the other. Arrays (N, T, D) say it themselves.
    bidirectional : bool
        Whether the LSTMs read sequences in both directions.
    dropout : float
        Rate of dropout behind each LSTM.
    epochs : int
        Passes over the data.
    batch_size : int or "auto"
        ``"auto"`` is 200, or all samples if there are fewer, as in scikit-learn's neural networks.
    learning_rate : float
        Of Adam.
    clipnorm : float, optional
        Most of the norm of each weight's gradient.
    early_stopping : bool
        Whether to leave out ``validation_fraction`` of the samples, to stop after ``n_iter_no_change`` epochs without a loss
        on them that is lower by ``tol``, and to take the weights of the best epoch.
    validation_fraction, n_iter_no_change, tol
        See ``early_stopping``.
    dtype : "float64" or "float32"
        Of the weights and of the arithmetic.
    warm_start : bool
        Whether ``fit`` goes on from the weights and scales of the call before.
    n_jobs : int, optional
        Threads: None for those of :func:`numba_lstm.get_num_threads`, -1 for all. Results do not depend on them.
    random_state : int, RandomState or None
        Seeds weights, shuffles and dropout.
    verbose : int
        As ``verbose`` of :meth:`numba_lstm.Sequential.fit`.

    Attributes
    ----------
    model_ : Sequential
        The model, on scaled inputs and targets.
    loss_curve_, validation_loss_curve_ : list of float
        The losses of epochs, in scaled units.
    n_iter_ : int
        The epochs run.
    n_features_in_ : int
        Columns of a table, or features of a step.

    Examples
    --------
    >>> import numpy as np
    >>> from numba_lstm.sklearn import LSTMRegressor
    >>> x = np.sin(np.arange(60) / 3)
    >>> windows = np.lib.stride_tricks.sliding_window_view(x, 11)
    >>> model = LSTMRegressor(8, epochs=60, random_state=0).fit(windows[:, :-1], windows[:, -1])
    >>> bool(model.score(windows[:, :-1], windows[:, -1]) > 0.9)
    True
    """

    loss_name = "mse"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on ``X``, (N, T * D), (N, T, D) or a list of (T_i, D), and ``y``, (N,) or (N, outputs)."""
        again = self.warm_start and hasattr(self, "model_")
        with self._unchanged_by_errors():
            return self._fit(X, y, sample_weight, self.epochs, restart=not again)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch, from the weights and scales of the call before; the first call sets the scales."""
        with self._unchanged_by_errors():
            return self._fit(X, y, sample_weight, 1, restart=not hasattr(self, "model_"))

    def _fit(self, X: Any, y: Any, sample_weight: Any, epochs: int, *, restart: bool) -> Self:
        if gives_sequences(X):
            x: Any = checked_sequences(self, X, self.features, reset=restart)
            y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
            check_consistent_length(x, y)
        else:
            X, y = validate_data(
                self, X, y, reset=restart, dtype=[np.float64, np.float32], allow_nd=True, multi_output=True, y_numeric=True
            )
            x = as_sequences(X, self.features)
        weights = self._weights(sample_weight, y)
        targets = np.asarray(y, np.float64).reshape(len(y), -1)
        if restart:
            self.y_scale_ = Scale.of(targets[:, None], np.ones(len(y)) if weights is None else weights)
            self._is_vector = np.ndim(y) == 1
        elif targets.shape[1] != len(self.y_scale_.mean):
            raise ValueError(
                f"y has {targets.shape[1]} outputs, {type(self).__name__} was fitted to {len(self.y_scale_.mean)}."
            )
        return self._train(x, self.y_scale_.apply(targets), targets.shape[1], weights, epochs, restart)

    def predict(self, X: Any) -> Values:
        """Return predictions, (N,) or (N, outputs) as ``y``."""
        check_is_fitted(self)
        y = self.y_scale_.invert(self._outputs(X))
        return y[:, 0] if self._is_vector else y
