"""LSTMRegressor: numbers from a stream of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from river import base

from .online import OnlineLSTM
from .rows import RunningScale


class LSTMRegressor(OnlineLSTM, base.Regressor):  # type: ignore[misc]  # river's, without types here
    """Numbers from a stream of samples by an LSTM, which learns one sample at a time, with the rules of river.

    Features and targets are scaled inside, by what has come so far. Features may appear and disappear: a new one makes the
    network wider, a missing one counts as its mean.

    Parameters
    ----------
    units : int
        Units of the LSTM.
    window : int
        Samples that the network reads: the present one and those that :meth:`learn_one` took before.
    learning_rate : float
        Of Adam, which makes one step for each sample.
    seed : int, optional
        Seeds the weights.

    Examples
    --------
    >>> from river import datasets, metrics
    >>> from numba_lstm.river import LSTMRegressor
    >>> model, error = LSTMRegressor(8, seed=0), metrics.MAE()
    >>> for x, y in datasets.TrumpApproval().take(300):
    ...     error.update(y, model.predict_one(x))
    ...     model.learn_one(x, y)
    >>> error.get() < 3
    True
    """

    _loss = "mse"

    def __init__(self, units: int = 16, *, window: int = 10, learning_rate: float = 0.01, seed: int | None = None) -> None:
        super().__init__(units, window=window, learning_rate=learning_rate, seed=seed)
        self._target_scale = RunningScale(1)

    def learn_one(self, x: Mapping[Any, Any], y: float) -> None:
        """Make one step of training on the window that ends with ``x``, whose target is ``y``."""
        target = np.array([y], np.float64)
        if not np.isfinite(target[0]):
            raise ValueError(f"y must be a finite number, got {y!r}. Leave the sample out.")
        model = self._learn(x)
        self._target_scale.learn(target)
        model.train_on_batch(self._inputs(self._samples.rows()), self._target_scale.apply(target)[None])

    def predict_one(self, x: Mapping[Any, Any]) -> float:
        """Return the prediction for ``x``, 0 before the first sample was learned."""
        outputs = self._predicted(x)
        return 0.0 if outputs is None else float(self._target_scale.invert(outputs)[0])
