"""SimpleRNN: the fully connected recurrent layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...device import get_ops
from ..cells.rnn_core import RNNCore
from .recurrent import Recurrent


class SimpleRNN(Recurrent, RNNCore):
    """Recurrent layer ``h_t = activation(b + x_t W + h_{t-1} U)`` (Elman 1990), as ``keras.layers.SimpleRNN``.

    The equations are in :meth:`numba_lstm.kernels.contract.Ops.rnn_forward`. Arguments up to ``seed`` are those of Keras,
    in its order.

    Parameters
    ----------
    units : int
        H, the size of the state h, which is the output.
    activation : str, function or None
        On the sum; None is linear. A function of your own is compiled into the kernels: see
        :func:`numba_lstm.activations.custom`.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, recurrent_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (D, H), (H, H) and (H,), each drawn as one matrix.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss; see :mod:`numba_lstm.regularizers`.
    activity_regularizer : str, dict or Regularizer, optional
        Of the output, divided by the batch size.
    kernel_constraint, recurrent_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update; see :mod:`numba_lstm.constraints`.
    dropout : float
        The share of x that is dropped in training, by one mask (N, D) for all steps. The rest is scaled by
        ``1 / (1 - rate)``.
    recurrent_dropout : float
        The share of h that is dropped in training, by one mask (N, H) for all steps.
    seed : int, optional
        Of all that is drawn in training, in place of the model's; initial weights draw from their initializers' seeds.
    return_sequences : bool
        Return the outputs of all steps, (N, T, H), instead of the last one, (N, H).
    return_state : bool
        Return ``(y, h)`` when called by itself: the output and the last state.
    go_backwards : bool
        Begin with the last step. The outputs of all steps, and their mask, are then in reverse order too.
    stateful : bool
        Begin each batch with the last states of the batch before, sample by sample, until ``reset_states()``.
    unroll : bool
        Taken without effect: it says how Keras runs, never what it computes.
    zero_output_for_mask : bool
        Put out 0 at masked steps, with ``return_sequences``; by default they repeat the output before.
    quantization : "int8", optional
        Keep both kernels as int8 with a scale a column, for inference alone: what :meth:`quantize` sets.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For a size below 1, a rate outside [0, 1), and for ``softmax``, which needs a whole row.
    TypeError
        For sizes that are no whole numbers, a function that cannot be an activation, and unknown arguments.
    """

    kind, gated = "SimpleRNN", False

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        *,
        zero_output_for_mask: bool = False,
        quantization: str | None = None,
        **kwargs: Any,
    ) -> None:
        arguments = locals()
        for name in ("self", "kwargs", "__class__"):
            del arguments[name]
        super().__init__(**arguments, **kwargs)  # all the others go on by their names

    @property
    def cells(self) -> Sequence[RNNCore]:
        return (self,)

    def path(self, N: int, T: int, training: bool = False, device: str | None = None) -> str:
        """Return the algorithm that a call on (N, T, D) takes, such as ``"cpu:avx2:6x16"``, without computing."""
        self._require_built()
        D, dtype = self.kernel.shape[0], np.dtype(self.dtype)
        return get_ops(device).rnn_path(N, T, D, self.units, dtype, self.spec, training=training)
