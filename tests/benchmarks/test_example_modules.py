"""Modules of PyTorch with the layers of a model compute what the model does."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Bidirectional, Conv2D, Dense, Dropout, Flatten, GaussianNoise, Input, MaxPooling2D
from numba_lstm.layers import TimeDistributed as Each

pytestmark = pytest.mark.peers

LAYERS = {
    "demand": ((6, 3), [LSTM(5), Dense(2)]),
    "gestures": (
        (6, 3),
        [GaussianNoise(0.1), Bidirectional(LSTM(4, return_sequences=True)), Dropout(0.3), Bidirectional(LSTM(4)), Dense(2)],
    ),
    "video": (
        (3, 10, 10, 1),
        [
            Each(Conv2D(2, 3, activation="relu")),
            Each(MaxPooling2D(2)),
            Each(Flatten()),
            LSTM(4, return_sequences=True),
            Dense(2),
        ],
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_module_computes_the_outputs_of_its_model(name):
    torch = pytest.importorskip("torch")
    from benchmarks.examples.torch_modules import torch_model

    shape, layers = LAYERS[name]
    model = Sequential([Input(shape), *layers])
    model.set_weights([np.random.default_rng(k).normal(size=w.shape) * 0.5 for k, w in enumerate(model.get_weights())])
    x = np.random.default_rng(9).normal(size=(4, *shape)).astype(np.float32)
    with torch.inference_mode():
        found = torch_model(model).eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)
