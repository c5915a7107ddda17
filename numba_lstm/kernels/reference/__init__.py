"""The reference implementation: every op of the contract in plain NumPy, slow, and readable as its equation.

The tests compare the other devices with it, and compare it with finite differences.
"""

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
from .arrays.tensors import (
    add_elements,
    broadcast_to,
    dense,
    elementwise,
    join,
    matrix_product,
    permute,
    reduce_axes,
    reshape_elements,
    row_order,
    softmax_rows,
    softmax_rows_backward,
    take_elements,
    take_slices,
    weight_array,
)
from .ops.dense import activation_backward, activation_forward, dense_backward, dense_forward
from .ops.dropout import dropout_backward, dropout_forward
from .ops.embedding import embedding_backward, embedding_forward
from .ops.lstm import lstm_backward, lstm_forward, lstm_path
from .ops.lstm_pointwise import lstm_pointwise_backward, lstm_pointwise_forward
from .ops.noise import noise_forward
from .ops.norms import batch_norm_backward, batch_norm_forward, layer_norm_backward, layer_norm_forward
from .ops.rnn import rnn_backward, rnn_forward, rnn_path
from .ops.transposed import conv_transpose_backward, conv_transpose_forward
from .ops.windows import conv_backward, conv_forward, crop, pad, pool_backward, pool_forward, upsample
from .plans.plan import copy_output, decoding_plan, plan, stream_plan
from .runtime.parallel import num_splits, run_parallel
from .training.losses import loss, metric
from .training.updates import clip_gradients, update, update_program

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
