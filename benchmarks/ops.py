"""Single ops of a device: the parts of a training step."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .peers.problem import Problem, Shape
from .shared.cases import DEVICES, SHAPES, TIMEOUT

LSTM_SHAPES = SHAPES[:5]
ACTIVATIONS = ("tanh", "sigmoid", "relu", "softplus", "gelu", "exponential", "softmax")
T, N, D, C = 100, 32, 128, 16


class LSTMCase:
    """The forward and backward op of an LSTM on a device, with their inputs."""

    def __init__(self, device: str, shape: str) -> None:
        from numba_lstm.device import get_ops
        from numba_lstm.kernels.contract import LSTMWeights
        from numba_lstm.kernels.specs import LSTMSpec
        from numba_lstm.variables import Variable

        problem = Problem(Shape.parse(shape))
        self.ops = get_ops(device)
        self.x = self.ops.gather(problem.x, slice(None), np.float32)
        self.weights = LSTMWeights(*map(Variable, problem.weights[:3]))
        self.spec = LSTMSpec()
        self.dh = np.linspace(-1, 1, problem.shape.N * problem.shape.H, dtype=np.float32).reshape(problem.shape.N, -1)

    def forward(self, training: bool) -> Any:
        return self.ops.lstm_forward(self.x, self.weights, None, None, self.spec, training=training)

    def backward(self, tape: Any) -> Any:
        return self.ops.lstm_backward(tape, None, self.dh, None, need_dx=True)

    def gradient(self) -> Any:
        return self.ops.to_host(self.backward(self.forward(training=True).tape).weights.kernel)


@cache
def lstm(device: str, shape: str) -> LSTMCase:
    """Return a compiled case whose gradient was compared with the reference's."""
    case, right = LSTMCase(device, shape), LSTMCase("reference", shape).gradient()
    assert np.allclose(case.gradient(), right, rtol=0, atol=1e-4 * np.abs(right).max())
    case.forward(training=False)
    return case


class LSTM:
    """Time of the LSTM op: forward without and with a tape, and backward, which consumes a new tape in each call."""

    params = (DEVICES, LSTM_SHAPES)
    param_names = ("device", "N T D H")
    timeout = TIMEOUT

    def setup(self, device: str, shape: str) -> None:
        self.case = lstm(device, shape)
        self.tape = self.case.forward(training=True).tape

    def time_forward(self, device: str, shape: str) -> None:
        self.case.forward(training=False)

    def time_forward_with_tape(self, device: str, shape: str) -> None:
        self.case.forward(training=True)

    def time_backward(self, device: str, shape: str) -> None:
        self.case.backward(self.tape)


class Elementwise:
    """Time of activations of 100 x 32 x 128 values, without and with their derivatives."""

    params = (DEVICES, ACTIVATIONS)
    param_names = ("device", "activation")
    timeout = TIMEOUT

    def setup(self, device: str, activation: str) -> None:
        from numba_lstm.device import get_ops
        from numba_lstm.kernels.specs import Activation

        self.ops, self.activation, self.x, self.dy = get_ops(device), Activation(activation), normal(T, N, D), normal(T, N, D)
        y, self.tape = self.ops.activation_forward(self.x, self.activation, training=True)
        right, _ = get_ops("reference").activation_forward(self.x, self.activation)
        assert np.allclose(y, right, rtol=1e-5, atol=1e-5)
        self.time_forward(device, activation)
        self.time_backward(device, activation)

    def time_forward(self, device: str, activation: str) -> None:
        self.ops.activation_forward(self.x, self.activation)

    def time_backward(self, device: str, activation: str) -> None:
        self.ops.activation_backward(self.tape, self.dy)


class Training:
    """Time of the other ops of a training step: dense layer, dropout, loss and update."""

    params = DEVICES
    param_names = ("device",)
    timeout = TIMEOUT

    def setup(self, device: str) -> None:
        from numba_lstm.device import get_ops
        from numba_lstm.kernels.specs import Activation, Key, LossSpec, UpdateSpec
        from numba_lstm.variables import Variable

        self.ops, self.x, self.target = get_ops(device), normal(T, N, D), normal(T, N, C)
        self.kernel, self.bias = Variable(normal(D, C)), Variable(normal(C))
        self.linear, self.key, self.loss, self.adam = Activation(), Key(1), LossSpec("mean_squared_error"), UpdateSpec("adam")
        self.weights = [Variable(normal(D, 4 * D)), Variable(normal(D, 4 * D)), Variable(normal(4 * D))]
        self.slots = [[Variable(np.zeros_like(w.value)) for _ in "mv"] for w in self.weights]
        self.gradients = [w.numpy() for w in self.weights]
        self.y, self.tape = self.ops.dense_forward(self.x, self.kernel, self.bias, self.linear, training=True)
        assert np.allclose(self.y, self.x @ self.kernel.value + self.bias.value, atol=1e-3)
        for op in (self.time_dense_forward, self.time_dense_backward, self.time_dropout, self.time_loss, self.time_update):
            op(device)

    def time_dense_forward(self, device: str) -> None:
        self.ops.dense_forward(self.x, self.kernel, self.bias, self.linear)

    def time_dense_backward(self, device: str) -> None:
        self.ops.dense_backward(self.tape, self.target, need_dx=True)

    def time_dropout(self, device: str) -> None:
        self.ops.dropout_forward(self.x, 0.5, self.key)

    def time_loss(self, device: str) -> None:
        self.ops.loss(self.y, self.target, self.loss, gradient=True)

    def time_update(self, device: str) -> None:
        self.ops.update(self.weights, self.gradients, self.slots, self.adam, step=1, rate=1e-3)


class Convolution:
    """Time of a Conv1D of 5 steps with 64 filters on 32 x 100 x 64 values: forward, and all gradients."""

    params = (DEVICES, ("valid", "causal"))
    param_names = ("device", "padding")
    timeout = TIMEOUT

    def setup(self, device: str, padding: str) -> None:
        from numba_lstm.device import get_ops
        from numba_lstm.kernels.specs import Activation, WindowSpec
        from numba_lstm.variables import Variable

        self.ops, self.x, self.kernel, self.bias = get_ops(device), normal(T, N, 64), normal(5, 64, 64), normal(64)
        self.windows = WindowSpec((5,), (1,), (1,), ((4, 0) if padding == "causal" else (0, 0),))
        self.weights, self.linear = (Variable(self.kernel), Variable(self.bias)), Activation()
        y, self.tape = self.ops.conv_forward(self.x, *self.weights, self.linear, self.windows, training=True)
        right, _ = get_ops("reference").conv_forward(self.x, *self.weights, self.linear, self.windows)
        assert np.allclose(y, right, atol=1e-3)
        self.dy = normal(*right.shape)
        self.time_backward(device, padding)

    def time_forward(self, device: str, padding: str) -> None:
        self.ops.conv_forward(self.x, *self.weights, self.linear, self.windows)

    def time_backward(self, device: str, padding: str) -> None:
        self.ops.conv_backward(self.tape, self.dy, need_dx=True)


@cache
def normal(*shape: int) -> Any:
    """Return random values, the same at each call."""
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)
