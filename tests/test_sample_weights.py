"""A weight a sample and a loss a step: the weight counts for all steps, also where samples and steps are as many."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import Dense, Input, Masking


def model_for(T, masked):
    model = Sequential([Input((T, 2)), *([Masking(0.0)] if masked else []), Dense(1)], device="reference")
    model.set_weights([np.linspace(-0.5, 0.7, w.size).reshape(w.shape) for w in model.get_weights()])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    return model


#: N, T, masked; loss and metric of Keras 3.15 for weights (N, 1)
KERAS = [
    (2, 3, False, 1.15873, 0.76651),
    (3, 3, False, 2.28420, 0.87785),
    (3, 3, True, 2.47206, 0.87750),
    (3, 1, False, 3.13398, 1.15438),
    (1, 3, False, 1.50121, 1.11070),
]


@pytest.mark.parametrize(("N", "T", "masked", "loss", "mae"), KERAS)
@pytest.mark.parametrize("axes", [1, 2])
def test_a_weight_counts_for_all_steps_of_its_sample(N, T, masked, loss, mae, axes):
    x = np.cos(np.arange(N * T * 2.0)).reshape(N, T, 2)
    y = np.sin(np.arange(N * T * 1.0)).reshape(N, T, 1)
    if masked:
        x[0, -1] = 0
    weights = np.arange(N) + 1.0
    weights = weights if axes == 1 else weights[:, None]
    model = model_for(T, masked)
    assert model.evaluate(x, y, sample_weight=weights, verbose=0) == pytest.approx([loss, mae], abs=1e-5)
    history = model.fit(x, y, sample_weight=weights, batch_size=N, verbose=0)  # shuffled
    assert history.history["loss"][0] == pytest.approx(loss, abs=1e-5)
