"""The ops of an NVIDIA GPU: kernels of ``numba.cuda``, written here, on arrays that stay on the device.

Kernels queue on one stream and nothing is waited for until a number is asked for; batches go up on a second one meanwhile. Sums
have an order that shapes decide, and nothing is added by atomics: every run answers the same bits.
"""

from .arrays import (
    asarray,
    concat,
    flip,
    gather,
    merge_steps,
    parts_for,
    repeat,
    reshape,
    split,
    split_steps,
    steps_unlike,
    sum_steps,
    to_host,
    together,
    zero_masked,
)
from .batch_norm import batch_norm_backward, batch_norm_forward
from .clipping import clip_gradients
from .dense import activation_backward, activation_forward, dense_backward, dense_forward
from .dropout import dropout_backward, dropout_forward
from .elementwise import add, multiply, scale, unlike
from .embedding import embedding_backward, embedding_forward
from .forward_programs import forward_program
from .gradient_programs import gradient_program
from .layer_norm import layer_norm_backward, layer_norm_forward
from .losses import loss
from .lstm import lstm_forward
from .lstm_gradients import lstm_backward
from .lstm_ways import lstm_path
from .metrics import metric
from .noise import noise_forward
from .streaming import stream
from .updates import update, update_program

__all__ = [
    "activation_backward",
    "activation_forward",
    "add",
    "asarray",
    "batch_norm_backward",
    "batch_norm_forward",
    "clip_gradients",
    "concat",
    "dense_backward",
    "dense_forward",
    "dropout_backward",
    "dropout_forward",
    "embedding_backward",
    "embedding_forward",
    "flip",
    "forward_program",
    "gather",
    "gradient_program",
    "layer_norm_backward",
    "layer_norm_forward",
    "loss",
    "lstm_backward",
    "lstm_forward",
    "lstm_path",
    "merge_steps",
    "metric",
    "multiply",
    "noise_forward",
    "parts_for",
    "repeat",
    "reshape",
    "scale",
    "split",
    "split_steps",
    "steps_unlike",
    "stream",
    "sum_steps",
    "to_host",
    "together",
    "unlike",
    "update",
    "update_program",
    "zero_masked",
]
