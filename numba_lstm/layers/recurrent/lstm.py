"""LSTM: the long short-term memory layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...device import get_ops
from ...objects import serialization
from ..cells.lstm_core import LSTMCore
from .recurrent import Recurrent


class LSTM(Recurrent, LSTMCore):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), as ``keras.layers.LSTM``.

    The equations stand in :meth:`numba_lstm.kernels.contract.Ops.lstm_forward`. Arguments up to ``use_cudnn`` are Keras's, in
    Keras's order.

    Parameters
    ----------
    units : int
        H, the size of the cell state, and of the output without ``projection``.
    activation : str, function or None
        On the candidate g, and on c before the output gate; None is linear. A function of your own is compiled into the
        kernels: see :func:`numba_lstm.activations.custom`.
    recurrent_activation : str, function or None
        On the gates i, f and o.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, recurrent_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (D, 4H), (P, 4H) and (4H,), each drawn as one matrix; P is H without ``projection``.
    unit_forget_bias : bool
        Start the forget gate's bias at 1 (Jozefowicz et al. 2015).
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss; see :mod:`numba_lstm.regularizers`.
    activity_regularizer : str, dict or Regularizer, optional
        Of the output, divided by the batch size.
    kernel_constraint, recurrent_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update; see :mod:`numba_lstm.constraints`.
    dropout : float
        The share of x that is dropped in training, by one mask (N, D) for all steps and gates; together with
        ``recurrent_dropout``, by four masks, one a gate (Gal and Ghahramani 2016). What stays is scaled by ``1 / (1 - rate)``.
    recurrent_dropout : float
        The share of h that is dropped in training, by four masks (N, P), one a gate, for all steps.
    seed : int, optional
        Of all that is drawn in training, in place of the model's; initial weights draw from their initializers' seeds.
    return_sequences : bool
        Return the outputs of all steps, (N, T, P), instead of the last one, (N, P).
    return_state : bool
        Return ``(y, h, c)`` when called by itself: the output and both last states.
    go_backwards : bool
        Begin with the last step. The outputs of all steps, and their mask, are then in reverse order too.
    stateful : bool
        Begin each batch with the last states of the batch before, sample by sample, until ``reset_states()``.
    unroll : bool
        Taken without effect: it says how Keras runs, never what it computes.
    use_cudnn : "auto" or bool
        Taken without effect: the device decides.
    zero_output_for_mask : bool
        Put out 0 at masked steps, with ``return_sequences``; by default they repeat the output before.
    output_activation : str or function, optional
        p in ``h = o * p(c)``; by default the same as ``activation``. (Greff et al. 2017 call it h; ONNX ``activations``.)
    peephole : bool
        The gates see the cell: ``z_i += V_i * c_{t-1}``, ``z_f += V_f * c_{t-1}``, ``z_o += V_o * c_t`` (Gers and
        Schmidhuber 2000; ONNX ``P``). Adds the weight V (3, H), drawn by ``peephole_initializer``.
    cell_clip : float, optional
        k in ``z = min(max(z, -k), k)``, for all that enters an activation of a gate or of g (ONNX ``clip``).
    coupled : bool
        ``f = 1 - i``, the forget gate's columns are not used (Greff et al. 2017; ONNX ``input_forget``).
    projection : int, optional
        P in ``h = (o * p(c)) R``, R (H, P) a weight drawn by ``projection_initializer`` (Sak et al. 2014; PyTorch
        ``proj_size``).
    layer_norm : bool
        With ``n(v) = (v - mean v) / sqrt(var v + 0.001)`` of a row, ``z = b + n(x W) kernel_norm + n(h U) recurrent_norm`` and
        ``h = o * p(n(c) gamma + beta)`` (Ba et al. 2016). Adds the weights ``kernel_norm`` and ``recurrent_norm`` (4H,) and
        ``cell_norm``, gamma above beta (2, H), begun by ``gamma_initializer`` and ``beta_initializer``.
    zoneout, cell_zoneout : float
        In training an element of h, or of c, keeps its value of the step before at this rate; otherwise r of the old and 1 - r
        of the new are mixed (Krueger et al. 2017).
    quantization : "int8", optional
        Keep both kernels as int8 with a scale a column, for inference alone: what :meth:`quantize` sets.
    implementation : 0, 1 or 2
        Taken without effect: it says how Keras runs. (There, 1 also draws four masks of x where ``dropout`` is alone.)
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For a size below 1, a rate outside [0, 1), and for ``softmax``, which needs a whole row where a gate has one number at
        a time.
    TypeError
        For sizes that are no whole numbers, a function that cannot be an activation, and unknown arguments.

    Notes
    -----
    ``get_weights`` returns kernel, recurrent kernel and bias as Keras, then, as far as they exist, peephole, projection,
    kernel norm, recurrent norm and cell norm.
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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
        use_cudnn: bool | str = "auto",
        *,
        zero_output_for_mask: bool = False,
        output_activation: Any = None,
        peephole: bool = False,
        peephole_initializer: Any = "zeros",
        cell_clip: float | None = None,
        coupled: bool = False,
        projection: int | None = None,
        projection_initializer: Any = "glorot_uniform",
        layer_norm: bool = False,
        gamma_initializer: Any = "ones",
        beta_initializer: Any = "zeros",
        zoneout: float = 0.0,
        cell_zoneout: float = 0.0,
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
    def cells(self) -> Sequence[LSTMCore]:
        return (self,)

    def path(self, N: int, T: int, training: bool = False, device: str | None = None) -> str:
        """Return the algorithm that a call on (N, T, D) takes, such as ``"cpu:avx2:6x16"``, without computing."""
        self._require_built()
        D, rows = self.kernel.shape[0], self.layer_norm or self.projection is not None
        gatewise = training and self.recurrent_dropout > 0
        ops, dtype = get_ops(device), np.dtype(self.dtype)
        return ops.lstm_path(N, T, D, self.units, dtype, self.spec, training=training, rows=rows, gatewise=gatewise)
