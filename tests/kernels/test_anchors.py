"""Six training steps of a small network in float64 against Keras 3.15 on JAX 0.10, by ops alone.

Keras ran with ``activation=jax.numpy.tanh`` in place of ``"tanh"``: on JAX ``keras.ops.tanh`` casts to float32 even in a
float64 model, which moves the first loss of the first anchor from 2.04713341843 (PyTorch's too) to 2.04713339553.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from tolerances import ANCHORS

from numba_lstm.kernels.contract import LSTMWeights
from numba_lstm.kernels.specs import Activation, LossSpec, LSTMSpec, UpdateSpec
from numba_lstm.variables import Variable

X = np.sin(0.37 * np.arange(30)).reshape(3, 5, 2)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
MSE = LossSpec("mean_squared_error")
ADAM = UpdateSpec("adam")


@dataclass(frozen=True)
class Anchor:
    """LSTM(4) and Dense(1): the first loss, the gradient norms of W, U and b, and the loss after six steps of Adam(0.01)."""

    loss: float
    norms: tuple[float, float, float]
    loss_after: float
    activation: str = "tanh"
    gates: str = "sigmoid"
    sequences: bool = False
    masked: bool = False


ANCHOR_CASES = {
    "tanh": Anchor(2.04713341843, (0.1594419176, 0.0836669179, 0.6160087632), 1.71086344592),
    "relu": Anchor(2.14220741948, (0.2237651317, 0.1252352987, 0.5885746877), 1.79064358496, activation="relu"),
    "sequences": Anchor(1.24301602078, (0.2018419921, 0.0304139915, 0.4112379043), 1.02116242285, sequences=True),
    "masked": Anchor(1.96565349450, (0.2223866441, 0.0509100851, 0.5233328268), 1.61788647502, masked=True),
    "hard_sigmoid": Anchor(2.06273710290, (0.1356837756, 0.0982995462, 0.6381035324), 1.72208001458, gates="hard_sigmoid"),
}


def weight(k, *shape):
    return Variable(0.5 * np.sin(0.7 * np.arange(np.prod(shape)) + k).reshape(shape))


def training_step(ops, anchor, weights, slots, step):
    """One full batch through the network and back: the loss and the norms of the LSTM's gradients."""
    act = Activation(anchor.activation)
    spec, linear = LSTMSpec(act, Activation(anchor.gates), act), Activation("linear")
    target = np.cos(0.11 * np.arange(15)).reshape(3, 5, 1) if anchor.sequences else np.cos(0.11 * np.arange(3))[:, None]
    x, target = (ops.gather(a, slice(None), np.float64) for a in (X, target))
    mask = ops.asarray(MASK.T, bool) if anchor.masked else None

    W, U, b, kernel, bias = weights
    lstm_weights = LSTMWeights(W, U, b)
    out = ops.lstm_forward(x, lstm_weights, None, None, spec, mask=mask, sequences=anchor.sequences, training=True)
    y, dense_tape = ops.dense_forward(out.y if anchor.sequences else out.h, kernel, bias, linear, training=True)
    loss, dy = ops.loss(y, target, MSE, gradient=True)
    dh, *dense_gradients = ops.dense_backward(dense_tape, dy, need_dx=True)
    back = ops.lstm_backward(out.tape, *((dh, None) if anchor.sequences else (None, dh)), None, need_dx=False)
    gradients = back.weights[:3]
    norms = [np.linalg.norm(ops.to_host(g)) for g in gradients]
    ops.update(weights, [*gradients, *dense_gradients], slots, ADAM, step=step, rate=0.01)
    return float(loss), norms


@pytest.mark.parametrize("name", ANCHOR_CASES)
def test_training(every_ops, name):
    anchor = ANCHOR_CASES[name]
    weights = [weight(k, *shape) for k, shape in enumerate([(2, 16), (4, 16), (16,), (4, 1), (1,)])]
    slots = [[Variable(np.zeros(w.shape)) for _ in "mv"] for w in weights]
    steps = [training_step(every_ops, anchor, weights, slots, step) for step in range(1, 8)]
    assert steps[0][0] == pytest.approx(anchor.loss, abs=ANCHORS)
    assert steps[0][1] == pytest.approx(anchor.norms, abs=ANCHORS)
    assert steps[6][0] == pytest.approx(anchor.loss_after, abs=ANCHORS)
