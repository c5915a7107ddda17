"""OnlineLSTM: the base of the estimators, a network that learns one sample at a time and grows with its features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from river import base

from ..layers import LSTM, Dense, Input
from ..models import Sequential
from ..optimizers import Adam
from ..philox import seeded
from .rows import FeatureWindow, RunningScale, Values


class OnlineLSTM(base.Estimator):  # type: ignore[misc]  # river's, without types here
    """Base class of :class:`LSTMRegressor` and :class:`LSTMClassifier`.

    Parameters
    ----------
    units : int
        Units of the LSTM.
    window : int
        Samples that the network reads: the present one and those that ``learn_one`` took before.
    learning_rate : float
        Of Adam, which makes one step for each sample.
    seed : int, optional
        Seeds the weights.
    """

    _loss: str
    _activation: str | None = None

    def __init__(self, units: int = 16, *, window: int = 10, learning_rate: float = 0.01, seed: int | None = None) -> None:
        self.units, self.window, self.learning_rate, self.seed = units, window, learning_rate, seed
        if window < 1:
            raise ValueError(f"window must be a whole number of at least 1, got {window!r}.")
        self._samples = FeatureWindow(window)
        self._scale = RunningScale()
        self._model: Sequential | None = None
        self._sizes = 0, 0  # features and outputs of the network

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"units": 2, "window": 3}

    def _learn(self, x: Mapping[Any, Any], outputs: int = 1) -> Sequential:
        """Remember a sample, and return the network, grown to the features that there are now, and to ``outputs``."""
        row = self._samples.append(x)
        if self._model is None or (len(row), outputs) != self._sizes:
            self._scale.widen(len(row))
            self._model, self._sizes = self._grown(self._model, outputs), (len(row), outputs)
        self._scale.learn(row)
        return self._model

    def _grown(self, old: Sequential | None, outputs: int) -> Sequential:
        """Return a network of the present size with the weights of ``old``; new features have weights 0."""
        with self._seeded():
            model = Sequential(
                [
                    Input((None, self._samples.width)),
                    LSTM(self.units),
                    Dense(outputs, activation=self._activation),
                ]
            )
            model.compile(Adam(self.learning_rate), self._loss)
        if old is not None:
            weights = [np.array(one) for one in model.get_weights()]
            before = old.get_weights()
            weights[0][len(before[0]) :] = 0
            for new, known in zip(weights, before, strict=True):
                new[tuple(slice(size) for size in known.shape)] = known
            model.set_weights(weights)
        return model

    def _seeded(self) -> AbstractContextManager[None]:
        return nullcontext() if self.seed is None else seeded(self.seed)

    def _inputs(self, rows: Values) -> Values:
        """Return scaled rows as a batch (1, T, D)."""
        return self._scale.apply(rows)[None]

    def _predicted(self, x: Mapping[Any, Any]) -> Values | None:
        """Return the outputs for a sample, or None before the first one was learned."""
        if self._model is None:
            return None
        outputs: Any = self._model.predict_on_batch(self._inputs(self._samples.rows_with(x)))
        return np.asarray(outputs[0], np.float64)
