"""The witness: every op of the contract in plain NumPy, slow, and readable as its equation.

The other devices are compared with it, and it is compared with finite differences. Nobody trains with it.
"""

from .arrays import asarray, concat, flip, gather, to_host
from .dense import activation_backward, activation_forward, dense_backward, dense_forward
from .dropout import dropout_backward, dropout_forward
from .losses import loss, metric
from .lstm import lstm_backward, lstm_forward, lstm_path
from .streaming import stream
from .updates import clip_gradients, update

__all__ = [
    "activation_backward",
    "activation_forward",
    "asarray",
    "clip_gradients",
    "concat",
    "dense_backward",
    "dense_forward",
    "dropout_backward",
    "dropout_forward",
    "flip",
    "gather",
    "loss",
    "lstm_backward",
    "lstm_forward",
    "lstm_path",
    "metric",
    "stream",
    "to_host",
    "update",
]
