"""LSTMClassifier: classes from a stream of samples."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from river import base

from .online import OnlineLSTM


class LSTMClassifier(OnlineLSTM, base.Classifier):  # type: ignore[misc]  # river's, without types here
    """Classes from a stream of samples by an LSTM, which learns one sample at a time, with the rules of river.

    Features are scaled inside, by what has come so far. Features may appear and disappear: a new one makes the network wider,
    a missing one counts as its mean. A new class is a further output.

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
    >>> from numba_lstm.river import LSTMClassifier
    >>> model, accuracy = LSTMClassifier(8, window=1, seed=0), metrics.Accuracy()
    >>> for x, y in datasets.Phishing().take(600):
    ...     accuracy.update(y, model.predict_one(x))
    ...     model.learn_one(x, y)
    >>> accuracy.get() > 0.75
    True
    """

    _loss = "sparse_categorical_crossentropy"
    _activation = "softmax"

    def __init__(self, units: int = 16, *, window: int = 10, learning_rate: float = 0.01, seed: int | None = None) -> None:
        super().__init__(units, window=window, learning_rate=learning_rate, seed=seed)
        self._classes: dict[Hashable, int] = {}

    @property
    def _multiclass(self) -> bool:
        return True

    def learn_one(self, x: Mapping[Any, Any], y: Any) -> None:
        """Make one step of training on the window that ends with ``x``, whose class is ``y``."""
        code = self._classes.get(y, len(self._classes))
        model = self._learn(x, max(code + 1, len(self._classes)))
        self._classes[y] = code
        model.train_on_batch(self._inputs(self._samples.rows()), np.array([code]))

    def predict_proba_one(self, x: Mapping[Any, Any], **kwargs: Any) -> dict[Hashable, float]:
        """Return the probability of each class so far, of none before the first sample was learned."""
        outputs = self._predicted(x)
        if outputs is None:
            return {}
        outputs = outputs / outputs.sum()
        return {label: float(outputs[code]) for label, code in self._classes.items()}
