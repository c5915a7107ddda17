"""GRU: the gated recurrent unit layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...device import get_ops
from ...objects import serialization
from ..cells.rnn_core import RNNCore
from .recurrent import Recurrent


class GRU(Recurrent, RNNCore):
    """Gated recurrent unit (Cho et al. 2014), as ``keras.layers.GRU``.

    The equations are in :meth:`numba_lstm.kernels.contract.Ops.rnn_forward`. Arguments up to ``use_cudnn`` are those of Keras,
    in its order.

    Parameters
    ----------
    units : int
        H, the size of the state h, which is the output.
    activation : str, function or None
        On the candidate g; None is linear. A function of your own is compiled into the kernels: see
        :func:`numba_lstm.activations.custom`.
    recurrent_activation : str, function or None
        On the gates z and r.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, recurrent_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (D, 3H), (H, 3H) and (2, 3H), or (3H,) without ``reset_after``, each drawn as one matrix.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss; see :mod:`numba_lstm.regularizers`.
    activity_regularizer : str, dict or Regularizer, optional
        Of the output, divided by the batch size.
    kernel_constraint, recurrent_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update; see :mod:`numba_lstm.constraints`.
    dropout : float
        The share of x that is dropped in training, by one mask (N, D) for all steps and gates; together
        with ``recurrent_dropout``, by three masks, one for each gate. The rest is scaled by
        ``1 / (1 - rate)``.
    recurrent_dropout : float
        The share of h that is dropped in training, by three masks (N, H), one for each gate, for all steps.
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
    reset_after : bool
        Multiply the gate r with the product ``h U``, as cuDNN and PyTorch do, and not with h.
    use_cudnn : "auto" or bool
        Taken without effect: the device decides.
    zero_output_for_mask : bool
        Put out 0 at masked steps, with ``return_sequences``; by default they repeat the output before.
    quantization : "int8", optional
        Keep both kernels as int8 with a scale a column, for inference alone: what :meth:`quantize` sets.
    implementation : 0, 1 or 2
        Taken without effect: it says how Keras runs. (There, 1 also draws three masks of x where ``dropout`` is alone.)
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For a size below 1, a rate outside [0, 1), and for ``softmax``, which needs a whole row.
    TypeError
        For sizes that are no whole numbers, a function that cannot be an activation, and unknown arguments.
    """

    kind, gated = "GRU", True

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: bool | str = "auto",
        *,
        zero_output_for_mask: bool = False,
        quantization: str | None = None,
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        arguments = locals()
        for name in ("self", "use_cudnn", "kwargs", "__class__"):
            del arguments[name]
        if not isinstance(use_cudnn, bool):
            serialization.choose(use_cudnn, ("auto",), "use_cudnn")
        super().__init__(**arguments, **kwargs)  # all the others go on by their names

    @property
    def cells(self) -> Sequence[RNNCore]:
        return (self,)

    def path(self, N: int, T: int, training: bool = False, device: str | None = None) -> str:
        """Return the algorithm that a call on (N, T, D) takes, such as ``"cpu:avx2:6x16"``, without computing."""
        self._require_built()
        D, dtype = self.kernel.shape[0], np.dtype(self.dtype)
        return get_ops(device).rnn_path(N, T, D, self.units, dtype, self.spec, training=training)
