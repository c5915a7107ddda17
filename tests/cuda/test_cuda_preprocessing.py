"""Models that begin with preprocessing layers, with the ops of the CUDA package."""

from __future__ import annotations

import numpy as np
import pytest
from check_driver import CheckDriver

from numba_lstm import Sequential, layers
from numba_lstm import device as devices

X = np.sin(np.arange(24.0)).reshape(4, 3, 2)


def numbers():
    adapted, inverse = (layers.Normalization(invert=invert, dtype="float64") for invert in (False, True))
    adapted.adapt(X)
    inverse.adapt(X * 2)
    steps = layers.Normalization(axis=(1, 2), mean=0.5, variance=2.0)
    return [adapted, layers.Rescaling([2.0, 0.5], 1.0), steps, inverse, layers.Flatten(), layers.Dense(2)], X


def words():
    vectorization = layers.TextVectorization(vocabulary=["a", "b"])
    return [vectorization, layers.Embedding(4, 2), layers.Flatten(), layers.Dense(2)], ["a b", "b c", "c a", "a a"]


@pytest.mark.parametrize("stack", [numbers, words])
def test_results_are_those_of_the_reference(device: CheckDriver, monkeypatch: pytest.MonkeyPatch, stack):
    monkeypatch.setitem(devices._PACKAGES, "cuda-check", "cuda")
    results, weights = [], None
    for name in ("cuda-check", "reference"):
        stacked, x = stack()
        model = Sequential(stacked, dtype="float64", device=name)
        model.predict(x, verbose=0)
        weights = weights or [np.cos(np.arange(w.size)).reshape(w.shape) for w in model.layers[-1].get_weights()]
        model.layers[-1].set_weights(weights)
        if stack is words:
            model.layers[1].set_weights([np.arange(8.0).reshape(4, 2) / 8])
        model.compile("sgd", "mse")
        y = model.predict(x, verbose=0)
        model.fit(x, np.ones((4, 2)), shuffle=False, verbose=0)
        results.append([y, *model.get_weights()])
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
