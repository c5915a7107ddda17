"""The CPU: explicit vectors in Numba, register tiles, time loops that threads share by shards of the batch."""

from .arrays.arrays import (
    add,
    asarray,
    concat,
    flip,
    gather,
    merge_steps,
    multiply,
    not_equal,
    repeat,
    reshape,
    scale,
    split,
    split_steps,
    steps_not_equal,
    sum_steps,
    to_host,
    zero_masked,
)
from .ops.activation import activation_backward, activation_forward
from .ops.batch_norm import batch_norm_backward, batch_norm_forward
from .ops.dense import dense_backward, dense_forward
from .ops.dropout import dropout_backward, dropout_forward
from .ops.embedding import embedding_backward, embedding_forward
from .ops.layer_norm import layer_norm_backward, layer_norm_forward
from .ops.lstm import lstm_backward, lstm_forward, lstm_path
from .ops.noise import noise_forward
from .plans.plan import plan
from .plans.streaming import stream
from .runtime.thread_pool import num_splits, run_parallel
from .training.clipping import clip_gradients
from .training.losses import loss
from .training.metrics import metric
from .training.update import update, update_program
from .windows.convolution import conv_backward, conv_forward
from .windows.pooling import pool_backward, pool_forward
from .windows.resizing import crop, pad, upsample

__all__ = [
    "activation_backward",
    "activation_forward",
    "add",
    "asarray",
    "batch_norm_backward",
    "batch_norm_forward",
    "clip_gradients",
    "concat",
    "conv_backward",
    "conv_forward",
    "crop",
    "dense_backward",
    "dense_forward",
    "dropout_backward",
    "dropout_forward",
    "embedding_backward",
    "embedding_forward",
    "flip",
    "gather",
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
    "pad",
    "plan",
    "pool_backward",
    "pool_forward",
    "repeat",
    "reshape",
    "scale",
    "split",
    "split_steps",
    "steps_not_equal",
    "stream",
    "sum_steps",
    "to_host",
    "run_parallel",
    "not_equal",
    "update",
    "update_program",
    "upsample",
    "zero_masked",
]
