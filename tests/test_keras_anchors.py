"""Six full batches of training in float64 against Keras 3.15 on JAX, through models as users hold them.

``tests/kernels/test_anchors.py`` says why Keras ran with ``activation=jax.numpy.tanh`` in place of ``"tanh"``: its own is
computed in float32, which moves the first losses by 2e-8.
"""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ANCHORS

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Bidirectional, Dense, Input, Layer
from numba_lstm.layers.base import Backward, Forward
from numba_lstm.optimizers import Adam
from numba_lstm.training.loss_weights import batch_weights

X = np.sin(0.37 * np.arange(30)).reshape(3, 5, 2)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
ONE = np.cos(0.11 * np.arange(3)).reshape(3, 1)
ALL = np.cos(0.11 * np.arange(15)).reshape(3, 5, 1)


class Masked(Layer):
    """Hands the input on with :data:`MASK`, which has gaps that no layer of Keras would find in X."""

    def forward(self, ops, x, states=None, mask=None, training=False, rng=None):
        return Forward(x, mask=ops.asarray(np.ascontiguousarray(MASK.T), bool))

    def backward(self, ops, tape, dy, dstates=None, *, need_dx=True):
        return Backward(dy)


#: layers, targets; first loss, norms of the first three gradients, loss after six steps
CASES = {
    "tanh": (lambda: [LSTM(4)], ONE, 2.04713341843, (0.1594419176, 0.0836669179, 0.6160087632), 1.71086344592),
    "relu": (lambda: [LSTM(4, "relu")], ONE, 2.14220741948, (0.2237651317, 0.1252352987, 0.5885746877), 1.79064358496),
    "sequences": (
        lambda: [LSTM(4, return_sequences=True)],
        ALL,
        1.24301602078,
        (0.2018419921, 0.0304139915, 0.4112379043),
        1.02116242285,
    ),
    "masked": (lambda: [Masked(), LSTM(4)], ONE, 1.96565349450, (0.2223866441, 0.0509100851, 0.5233328268), 1.61788647502),
    "backwards, masked": (
        lambda: [Masked(), LSTM(4, go_backwards=True)],
        ONE,
        2.04302679135,
        (0.2235621192, 0.0738552932, 0.5692063766),
        1.71106335742,
    ),
    "sequences, masked": (  # the mask reaches the loss: a mean over 11 steps
        lambda: [Masked(), LSTM(4, return_sequences=True)],
        ALL,
        1.38463587519,
        (0.2050429509, 0.0249662322, 0.4109205146),
        1.15454833804,
    ),
    "hard_sigmoid": (
        lambda: [LSTM(4, recurrent_activation="hard_sigmoid")],
        ONE,
        2.06273710290,
        (0.1356837756, 0.0982995462, 0.6381035324),
        1.72208001458,
    ),
    "both directions": (
        lambda: [Bidirectional(LSTM(4))],
        ONE,
        0.41655769052,
        (0.0647155057, 0.0403331381, 0.2680763101),
        0.13029267434,
    ),
}


def close(expected):
    return pytest.approx(expected, rel=0, abs=ANCHORS)


@pytest.fixture(params=CASES)
def case(request):
    stack, y, *expected = CASES[request.param]
    model = Sequential([Input((5, 2)), *stack(), Dense(1)], dtype="float64")
    model.compile(Adam(0.01), "mse")
    values = [0.5 * np.sin(0.7 * np.arange(v.value.size) + k).reshape(v.shape) for k, v in enumerate(model.trainable_weights)]
    model.set_weights(values)
    return model, y, *expected


def test_the_loss_and_the_norms_of_its_gradients(case):
    model, y, loss, norms, _ = case
    ops = model.ops
    result = model.forward(ops.gather(X, slice(None), "float64"), True)
    weights = batch_weights(ops, None, result.mask, "float64")
    target = ops.gather(y, slice(None), "float64")
    value, dy = ops.loss(result.y, target, model.loss.spec, weight=weights.loss, gradient=True)
    assert float(value) == close(loss)
    gradients = [ops.to_host(gradient) for gradient in model.backward(result.tapes, dy).weights]
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
    assert model.test_on_batch(X, y) == close(last)
