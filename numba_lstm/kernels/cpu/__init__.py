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
from .ops.lstm_pointwise import lstm_pointwise_backward, lstm_pointwise_forward
from .ops.noise import noise_forward
from .ops.rnn import rnn_backward, rnn_forward, rnn_path
from .plans.decoding import decoding_plan
from .plans.plan import copy_output, plan
from .plans.stream import stream_plan
from .runtime.thread_pool import num_splits, run_parallel
from .tensors.ops import (
    broadcast_to,
    dense,
    elementwise,
    join,
    matrix_product,
    permute,
    reduce_axes,
    reshape_elements,
    softmax_rows,
    softmax_rows_backward,
    take_slices,
    weight_array,
)
from .tensors.sorting import add_elements, row_order, take_elements
from .training.clipping import clip_gradients
from .training.losses import loss
from .training.metrics import metric
from .training.update import update, update_program
from .windows.convolution import conv_backward, conv_forward
from .windows.pooling import pool_backward, pool_forward
from .windows.resizing import crop, pad, upsample
from .windows.transposed import conv_transpose_backward, conv_transpose_forward

__all__ = [
    "activation_backward",
    "activation_forward",
    "add",
    "add_elements",
    "asarray",
    "batch_norm_backward",
    "batch_norm_forward",
    "broadcast_to",
    "clip_gradients",
    "concat",
    "conv_backward",
    "conv_forward",
    "conv_transpose_backward",
    "conv_transpose_forward",
    "copy_output",
    "crop",
    "decoding_plan",
    "dense",
    "dense_backward",
    "dense_forward",
    "dropout_backward",
    "dropout_forward",
    "elementwise",
    "embedding_backward",
    "embedding_forward",
    "flip",
    "gather",
    "join",
    "layer_norm_backward",
    "layer_norm_forward",
    "loss",
    "lstm_backward",
    "lstm_forward",
    "lstm_path",
    "lstm_pointwise_backward",
    "lstm_pointwise_forward",
    "matrix_product",
    "merge_steps",
    "metric",
    "multiply",
    "noise_forward",
    "not_equal",
    "num_splits",
    "pad",
    "plan",
    "pool_backward",
    "pool_forward",
    "permute",
    "reduce_axes",
    "repeat",
    "reshape",
    "reshape_elements",
    "row_order",
    "run_parallel",
    "rnn_backward",
    "rnn_forward",
    "rnn_path",
    "scale",
    "softmax_rows",
    "softmax_rows_backward",
    "split",
    "split_steps",
    "steps_not_equal",
    "stream_plan",
    "sum_steps",
    "take_elements",
    "take_slices",
    "to_host",
    "update",
    "update_program",
    "upsample",
    "weight_array",
    "zero_masked",
]
