"""Single ops of a device, between two published sizes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .cases import DEVICES, SHAPES, TIMEOUT
from .peers.problem import Problem, Shape

LSTM_SHAPES = SHAPES[:5]
ACTIVATIONS = ("tanh", "sigmoid", "relu", "softplus", "gelu", "exponential", "softmax")
SIZE = (100, 32, 128)  # T, N, D of the elementwise ops


@cache
def ops_of(device: str) -> Any:
    from numba_lstm.device import get_ops

    return get_ops(device)


@cache
def weights(shape: str) -> Any:
    from numba_lstm.kernels.contract import LSTMWeights
    from numba_lstm.variables import Variable

    return LSTMWeights(*map(Variable, Problem(Shape.parse(shape)).weights[:3]))


def lstm(device: str, shape: str, training: bool) -> Any:
    from numba_lstm.kernels.specs import LSTMSpec

    ops, x = ops_of(device), Problem(Shape.parse(shape)).x
    return ops.lstm_forward(ops.gather(x, slice(None), x.dtype), weights(shape), None, None, LSTMSpec(), training=training)


def lstm_back(device: str, shape: str, tape: Any) -> Any:
    dh = np.ones(lstm(device, shape, training=False).h.shape, np.float32)
    return ops_of(device).lstm_backward(tape, None, dh, None, need_dx=True)


@cache
def check_lstm(device: str, shape: str) -> None:
    """Compiles, and compares with the witness."""
    mine, right = (lstm(d, shape, training=True) for d in (device, "reference"))
    assert np.allclose(mine.h, right.h, atol=1e-5)
    gradients = [lstm_back(d, shape, out.tape).weights.kernel for d, out in ((device, mine), ("reference", right))]
    assert np.allclose(*gradients, rtol=1e-3, atol=1e-3 * np.abs(gradients[1]).max())


class LSTM:
    """The LSTM's two ops. A backward call may consume its tape, so each has a new one."""

    params = (DEVICES, LSTM_SHAPES)
    param_names = ("device", "N T D H")
    timeout = TIMEOUT

    def setup(self, device: str, shape: str) -> None:
        check_lstm(device, shape)
        self.tape = lstm(device, shape, training=True).tape

    def time_forward(self, device: str, shape: str) -> None:
        lstm(device, shape, training=False)

    def time_forward_with_tape(self, device: str, shape: str) -> None:
        lstm(device, shape, training=True)

    def time_backward(self, device: str, shape: str) -> None:
        lstm_back(device, shape, self.tape)
