"""An LSTM layer with weights, input and mask, which the tests of its arguments share."""

from __future__ import annotations

import numpy as np

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import LSTM

N, T, D, H, P = 3, 5, 7, 11, 4
RNG = np.random.default_rng(21)
X = RNG.normal(size=(N, T, D))
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
KEY = Key(1, 2, 3)

#: Arguments of what is drawn in training.
NOISE = {
    "dropout": {"dropout": 0.4},
    "recurrent_dropout": {"recurrent_dropout": 0.4},
    "both": {"dropout": 0.3, "recurrent_dropout": 0.4},
    "zoneout": {"zoneout": 0.4},
    "cell_zoneout": {"cell_zoneout": 0.4},
}


def lstm(**arguments):
    """A float64 LSTM with distinct weights everywhere, built for X."""
    layer = LSTM(H, dtype="float64", **arguments)
    layer(X)
    draw = np.random.default_rng(4)
    layer.set_weights([draw.normal(scale=0.4, size=w.shape) for w in layer.get_weights()])
    return layer


def forward(layer, *, training=False, mask=None, states=None, x=X):
    ops = get_ops()
    steps = None if mask is None else ops.asarray(np.ascontiguousarray(mask.T), bool)
    return layer.forward(ops, ops.gather(x, slice(None), "float64"), states, steps, training, KEY)


def host(array):
    return get_ops().to_host(array)
