"""The ops of an NVIDIA GPU: kernels of ``numba.cuda``, written here, on arrays that stay on the device.

Kernels queue on one stream and nothing is waited for until a number is asked for; batches go up on a second one meanwhile. Sums
have an order that shapes decide, and nothing is added by atomics: every run answers the same bits.
"""

from .arrays.arrays import (
    asarray,
    concat,
    flip,
    gather,
    merge_steps,
    num_splits,
    repeat,
    reshape,
    run_parallel,
    split,
    split_steps,
    steps_unlike,
    sum_steps,
    to_host,
    zero_masked,
)
from .arrays.elementwise import add, multiply, scale, unlike
from .lstm.algorithms import lstm_path
from .lstm.backward import lstm_backward
from .lstm.forward import lstm_forward
from .ops.batch_norm import batch_norm_backward, batch_norm_forward
from .ops.dense import activation_backward, activation_forward, dense_backward, dense_forward
from .ops.dropout import dropout_backward, dropout_forward
from .ops.embedding import embedding_backward, embedding_forward
from .ops.layer_norm import layer_norm_backward, layer_norm_forward
from .ops.noise import noise_forward
from .plans.forward_programs import forward_program
from .plans.gradient_programs import gradient_program
from .plans.streaming import stream
from .training.clipping import clip_gradients
from .training.losses import loss
from .training.metrics import metric
from .training.update import update, update_program

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
    "num_splits",
    "repeat",
    "reshape",
    "scale",
    "split",
    "split_steps",
    "steps_unlike",
    "stream",
    "sum_steps",
    "to_host",
    "run_parallel",
    "unlike",
    "update",
    "update_program",
    "zero_masked",
]
