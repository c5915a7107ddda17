"""The reference's dense layer and activations: gradients against finite differences, values against known ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from finite_differences import assert_gradient
from kernel_cases import EVERY_ACTIVATION, name_of

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Activation
from numba_lstm.variables import Variable

OPS = get_ops("reference")


@pytest.mark.parametrize("shape", [(3, 7), (5, 3, 7)], ids=["2d", "3d"])
@pytest.mark.parametrize("activation", EVERY_ACTIVATION, ids=name_of)
def test_activation_gradient(activation, shape):
    rng = np.random.default_rng(1)
    x, dy = rng.normal(0, 2, shape), rng.standard_normal(shape)
    _, tape = OPS.activation_forward(x, activation, training=True)
    dx = OPS.activation_backward(tape, dy)
    assert_gradient(dx, lambda x: np.sum(OPS.activation_forward(x, activation)[0] * dy), x)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("shape", [(3, 7), (5, 3, 7), (1, 2)], ids=str)
@pytest.mark.parametrize("activation", [Activation("linear"), Activation("silu"), Activation("softmax")], ids=name_of)
def test_dense_gradient(activation, shape, bias):
    rng = np.random.default_rng(2)
    x, W = rng.standard_normal(shape), rng.standard_normal((shape[-1], 4))
    b = rng.standard_normal(4) if bias else None
    dy = rng.standard_normal((*shape[:-1], 4))

    def forward(x, W, b, training=False):
        return OPS.dense_forward(x, Variable(W), None if b is None else Variable(b), activation, training=training)

    dx, dW, db = OPS.dense_backward(forward(x, W, b, training=True)[1], dy, need_dx=True)
    assert_gradient(dx, lambda x: np.sum(forward(x, W, b)[0] * dy), x)
    assert_gradient(dW, lambda W: np.sum(forward(x, W, b)[0] * dy), W)
    if bias:
        assert_gradient(db, lambda b: np.sum(forward(x, W, b)[0] * dy), b)
    else:
        assert db is None


#: f(-1) and f(2), worked out by hand.
KNOWN = {
    "linear": (-1, 2),
    "tanh": (math.tanh(-1), math.tanh(2)),
    "sigmoid": (1 / (1 + math.e), 1 / (1 + math.exp(-2))),
    "hard_sigmoid": (2 / 6, 5 / 6),
    "relu": (0, 2),
    "leaky_relu": (-0.2, 2),
    "elu": (1 / math.e - 1, 2),
    "selu": (1.7580993408473766 * (1 / math.e - 1), 2.10140196),
    "softplus": (math.log(1 + 1 / math.e), math.log(1 + math.exp(2))),
    "softsign": (-1 / 2, 2 / 3),
    "exponential": (1 / math.e, math.exp(2)),
    "silu": (-1 / (1 + math.e), 2 / (1 + math.exp(-2))),
    "gelu": (-0.15865525393145707, 1.9544997361036416),
    "softmax": (1 / (1 + math.exp(3)), 1 / (1 + math.exp(-3))),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_values_with_default_parameters(name):
    y, _ = OPS.activation_forward(np.array([[-1.0, 2.0]]), Activation(name))
    np.testing.assert_allclose(y[0], KNOWN[name], rtol=1e-8)


@pytest.mark.parametrize("name", sorted(KNOWN.keys() - {"exponential"}))
def test_far_arguments_stay_finite(name):
    with np.errstate(over="raise", invalid="raise"):
        y, tape = OPS.activation_forward(np.array([[-1e4, 1e4]]), Activation(name), training=True)
        assert np.isfinite(y).all()
        assert np.isfinite(OPS.activation_backward(tape, np.ones_like(y))).all()


def test_slopes_at_kinks():
    """On the left of 0; hard_sigmoid is flat at both of its kinks."""
    for name, z, slope in [("relu", 0, 0), ("leaky_relu", 0, 0.2), ("hard_sigmoid", -3, 0), ("hard_sigmoid", 3, 0)]:
        _, tape = OPS.activation_forward(np.full((1, 1), float(z)), Activation(name), training=True)
        assert OPS.activation_backward(tape, np.ones((1, 1))) == slope
