"""LSTMEstimator: the base of the estimators, which makes, trains and keeps the model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ..callbacks import EarlyStopping
from ..device import get_num_threads, num_threads
from ..kernels.threads import available_threads
from ..layers import LSTM, Bidirectional, Dense, Dropout, Input
from ..models import Sequential
from ..optimizers import Adam
from ..philox import seeded
from .sequences import Scale, Sequences, checked_sequences

Values = npt.NDArray[Any]


class LSTMEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Base class of :class:`LSTMRegressor` and :class:`LSTMClassifier`: LSTMs and a Dense layer, trained with Adam."""

    loss_name: str  #: the loss of training

    def __init__(
        self,
        units: int | tuple[int, ...] = 32,
        *,
        features: int = 1,
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
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.units, self.features, self.bidirectional, self.dropout = units, features, bidirectional, dropout
        self.epochs, self.batch_size, self.learning_rate, self.clipnorm = epochs, batch_size, learning_rate, clipnorm
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.n_iter_no_change, self.tol, self.dtype, self.warm_start = n_iter_no_change, tol, dtype, warm_start
        self.n_jobs, self.random_state, self.verbose = n_jobs, random_state, verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    # -- training -----------------------------------------------------------------------------------------------------

    def _weights(self, sample_weight: Any, X: Any) -> Values | None:
        if sample_weight is None:
            return None
        weights: Values = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        if not weights.sum() > 0:
            raise ValueError("sample_weight is zero everywhere. Give at least one sample a weight.")
        scaled: Values = weights * (len(weights) / weights.sum())
        return scaled

    def _train(self, X: Sequences, targets: Values, outputs: int, weights: Values | None, epochs: int, restart: bool) -> Self:
        """Train the model, a new one with ``restart``, on sequences and prepared targets."""
        state = check_random_state(self.random_state)
        with seeded(int(state.randint(2**31 - 1))), self._threads():
            if restart:
                self.x_scale_ = Scale.of(X, np.ones(len(X)) if weights is None else weights)
                self.model_, self.n_iter_ = self._model(X[0].shape, outputs), 0
                self.loss_curve_: list[float] = []
                self.validation_loss_curve_: list[float] = []
            self._run(self.x_scale_.apply(X), targets, weights, epochs, state)
        return self

    def _model(self, shape: tuple[int, ...], outputs: int) -> Sequential:
        sizes = self.units if isinstance(self.units, tuple) else (self.units,)
        model = Sequential([Input((None, shape[-1]))], dtype=self.dtype)
        for place, size in enumerate(sizes):
            layer: Any = LSTM(size, return_sequences=place + 1 < len(sizes))
            model.add(Bidirectional(layer) if self.bidirectional else layer)
            if self.dropout:
                model.add(Dropout(self.dropout))
        model.add(Dense(outputs, activation=self._activation))
        model.compile(Adam(self.learning_rate, clipnorm=self.clipnorm), self.loss_name)
        return model

    @property
    def _activation(self) -> str | None:
        return None

    def _run(self, x: Any, y: Values, weights: Values | None, epochs: int, state: Any) -> None:
        options: dict[str, Any] = {"sample_weight": weights}
        if self.early_stopping:
            kept, left_out = train_test_split(
                np.arange(len(y)), test_size=self.validation_fraction, random_state=state, stratify=self._strata(y)
            )
            held = (None,) if weights is None else (weights[left_out],)
            options = {
                "sample_weight": None if weights is None else weights[kept],
                "validation_data": (_rows(x, left_out), y[left_out], *(one for one in held if one is not None)),
                "callbacks": [EarlyStopping(patience=self.n_iter_no_change, min_delta=self.tol, restore_best_weights=True)],
            }
            x, y = _rows(x, kept), y[kept]
        size: Any = min(200, len(y)) if self.batch_size == "auto" else self.batch_size
        history = self.model_.fit(x, y, batch_size=size, epochs=epochs, verbose=self.verbose, **options).history
        self.loss_curve_ += history["loss"]
        self.validation_loss_curve_ += history.get("val_loss", [])
        self.n_iter_ += len(history["loss"])

    @contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        """Give the estimator back all attributes if a block raises: it predicts as before the call."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _strata(self, y: Values) -> Values | None:
        return None

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """Use ``n_jobs`` threads in a block: None for as many as the package does, -1 for all of the machine."""
        jobs = get_num_threads() if self.n_jobs is None else self.n_jobs
        with num_threads(jobs if jobs > 0 else max(1, available_threads() + 1 + jobs)):
            yield

    # -- results ------------------------------------------------------------------------------------------------------

    def _outputs(self, X: Any) -> Values:
        """Return the model's outputs for new samples."""
        check_is_fitted(self)
        x = self.x_scale_.apply(checked_sequences(self, X, self.features, reset=False))
        with self._threads():
            outputs: Values = self.model_.predict(x, batch_size=256, verbose=0)
        return outputs.astype(np.float64)


def _rows(x: Any, places: Values) -> Any:
    return [x[place] for place in places] if isinstance(x, list) else x[places]
