"""Modules of PyTorch with the layers of a model compute what the model does."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential
from numba_lstm.layers import (
    LSTM,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    Input,
    Masking,
    MaxPooling2D,
    Normalization,
)
from numba_lstm.layers import TimeDistributed as Each

pytestmark = pytest.mark.peers

LAYERS = {
    "speakers": ((6, 3), [Masking(), Dropout(0.2), Bidirectional(LSTM(4)), Dense(2)]),
    "exercises": (
        (6, 3),
        [
            Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 6.0]),
            Conv1D(2, 3, padding="causal", dilation_rate=2, activation="relu"),
            LSTM(4, return_sequences=True),
            Dense(2),
        ],
    ),
    "pronunciation": ((6,), [Embedding(5, 3, mask_zero=True), Bidirectional(LSTM(4, return_sequences=True)), Dense(2)]),
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


def with_random_weights(model):
    """Return a model whose weights are random, but for those that are not trained."""
    values = [np.random.default_rng(k).normal(size=w.shape) * 0.5 for k, w in enumerate(model.get_weights())]
    pairs = zip(model.weights, values, model.get_weights(), strict=True)
    model.set_weights([value if weight.trainable else before for weight, value, before in pairs])
    return model


def inputs_of(shape):
    """Random numbers, or tokens, of sequences with three steps of padding in one of them."""
    draw = np.random.default_rng(9)
    x = draw.normal(size=(4, *shape)).astype(np.float32) if len(shape) > 1 else draw.integers(1, 5, (4, *shape))
    x[1, 3:] = 0
    return x


@pytest.mark.parametrize("name", LAYERS)
def test_a_module_computes_the_outputs_of_its_model(name):
    torch = pytest.importorskip("torch")
    from benchmarks.examples.torch_modules import torch_model

    shape, layers = LAYERS[name]
    model, x = with_random_weights(Sequential([Input(shape), *layers])), inputs_of(shape)
    expected = model.predict(x, verbose=0)
    with torch.inference_mode():
        found = torch_model(model).eval()(torch.from_numpy(x)).numpy()
    rows = np.ones(expected.shape[:2], bool) if len(shape) > 1 else x != 0  # outputs of padding are not compared
    np.testing.assert_allclose(found[rows], expected[rows], atol=1e-5)


@pytest.mark.parametrize("name", ["stocks", "temperatures", "dates"])
def test_a_module_of_a_graph_computes_the_outputs_of_its_model(name):
    torch = pytest.importorskip("torch")
    from benchmarks.examples.torch_graphs import GRAPHS
    from numba_lstm.examples.series import stocks
    from numba_lstm.examples.text import seq2seq
    from numba_lstm.forecasting.networks.heads import QuantileHead
    from numba_lstm.forecasting.networks.network import build_network
    from numba_lstm.forecasting.networks.windows import Windows

    if name == "stocks":
        model, x = stocks.build(2), [inputs_of((stocks.CONTEXT, 4))]
    elif name == "dates":
        model, x = seq2seq.build(5, 5, units=4, embedding=3).train, [inputs_of((6,)), inputs_of((5,))]
    else:
        x = [inputs_of((6, 3)), inputs_of((4, 2))]
        windows = Windows(*x, np.empty((4, 0)), *[np.empty(0)] * 4)
        model = build_network(windows, (4,), 0.1, QuantileHead((0.1, 0.5, 0.9)), 1e-3)
    model = with_random_weights(model)
    with torch.inference_mode():
        found = GRAPHS[name](model).eval()(*map(torch.from_numpy, x))
    found = torch.softmax(found, dim=-1) if name == "dates" else found
    np.testing.assert_allclose(found.numpy(), model.predict(x, verbose=0), atol=1e-5)
