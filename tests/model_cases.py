"""A model of two LSTMs and data for it, which the tests of models share."""

from __future__ import annotations

import numpy as np

from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Dense, Dropout, Layer
from numba_lstm.layers.base import Backward, Forward

N, T, D, H, C = 3, 5, 7, 11, 2
RNG = np.random.default_rng(17)
X = RNG.normal(size=(N, T, D))
Y = RNG.normal(size=(N, C))


def build(dtype="float32", **arguments):
    stack = [Input((None, D)), LSTM(H, return_sequences=True), Dropout(0.3), LSTM(4, "softsign"), Dense(C)]
    return Sequential(stack, dtype=dtype, **arguments)


class MaskOdd(Layer):
    """Hands its input on and masks the odd steps."""

    def forward(self, ops, x, states=None, mask=None, training=False, rng=None):
        T, N, _ = x.shape
        return Forward(x, mask=ops.asarray(np.repeat(np.arange(T)[:, None] % 2 == 0, N, axis=1), bool))

    def backward(self, ops, tape, dy, dstates=None, *, need_dx=True):
        return Backward(dy)
