"""Six full batches of training in float64 against Keras 3.15 on JAX, through models as users hold them.

``tests/kernels/test_anchors.py`` says why Keras ran with ``activation=jax.numpy.tanh`` in place of ``"tanh"``: its own is
computed in float32, which moves the first losses by 2e-8.
"""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ANCHORS

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.optimizers import Adam

X = np.sin(0.37 * np.arange(30)).reshape(3, 5, 2)
ONE = np.cos(0.11 * np.arange(3)).reshape(3, 1)
ALL = np.cos(0.11 * np.arange(15)).reshape(3, 5, 1)

#: activation, return_sequences, targets; first loss, norms of the LSTM's three gradients, loss after six steps
CASES = {
    "tanh": ("tanh", False, ONE, 2.04713341843, (0.1594419176, 0.0836669179, 0.6160087632), 1.71086344592),
    "relu": ("relu", False, ONE, 2.14220741948, (0.2237651317, 0.1252352987, 0.5885746877), 1.79064358496),
    "sequences": ("tanh", True, ALL, 1.24301602078, (0.2018419921, 0.0304139915, 0.4112379043), 1.02116242285),
}


def close(expected):
    return pytest.approx(expected, rel=0, abs=ANCHORS)


@pytest.fixture(params=CASES)
def case(request):
    activation, sequences, y, *expected = CASES[request.param]
    model = Sequential([Input((5, 2)), LSTM(4, activation, return_sequences=sequences), Dense(1)], dtype="float64")
    model.compile(Adam(0.01), "mse")
    values = [0.5 * np.sin(0.7 * np.arange(v.value.size) + k).reshape(v.shape) for k, v in enumerate(model.trainable_weights)]
    model.set_weights(values)
    return model, y, *expected


def test_the_loss_and_the_norms_of_its_gradients(case):
    model, y, loss, norms, _ = case
    ops = model.ops
    output, _, tapes = model.forward(ops.gather(X, slice(None), "float64"), True)
    value, dy = ops.loss(output, ops.gather(y, slice(None), "float64"), model.loss.spec, gradient=True)
    assert float(value) == close(loss)
    gradients = [ops.to_host(gradient) for gradient in model.backward(tapes, dy)]
    assert [np.linalg.norm(gradient) for gradient in gradients[:3]] == [close(norm) for norm in norms]


def test_six_steps_of_adam_one_by_one(case):
    model, y, first, _, last = case
    losses = [model.train_on_batch(X, y) for _ in range(6)]
    assert losses[0] == close(first)
    assert model.evaluate(X, y, verbose=0) == close(last)


def test_six_epochs_of_fit(case):
    model, y, first, _, last = case
    history = model.fit(X, y, batch_size=3, epochs=6, shuffle=False, verbose=0)
    assert history.history["loss"][0] == close(first)
    assert np.mean((model.predict(X, verbose=0) - y) ** 2) == close(last)
