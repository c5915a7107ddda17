"""LSTM ops: sequences forward and backward, and the options of the cell.

Each option changes one line of the equations of :meth:`LSTMOps.lstm_forward`. All options can be combined:

peephole V
    ``z_i += V_i * c_{t-1}``, ``z_f += V_f * c_{t-1}``, and ``z_o += V_o * c_t`` of the new c (Gers & Schmidhuber 2000).
clip k
    ``z = min(max(z, -k), k)``, after the peepholes (ONNX ``clip``); NaN stays NaN.
coupled
    ``f = 1 - i``. z_f is not used (Greff et al. 2017; ONNX ``input_forget``).
noise.inputs, noise.recurrent
    gate k reads ``x_t * inputs[k]`` and ``h_{t-1} * recurrent[k]`` (Gal & Ghahramani 2016; Keras with
    ``recurrent_dropout``). Dropout without ``recurrent_dropout`` is :meth:`~.layers.LayerOps.dropout_forward` of x.
norms
    ``z_t = b + n(x_t W) kernel_norm + n(h_{t-1} U) recurrent_norm`` over all 4H columns, and
    ``h_t = o * p(n(c_t) cell_norm[0] + cell_norm[1])``, where
    ``n(v) = (v - mean v) / sqrt(var v + norm_epsilon)`` of a row (Ba et al. 2016). c itself is not normalized, and a
    peephole reads c.
projection R
    ``h_t = (o * p(c_t)) R``, of P columns (Sak et al. 2014; PyTorch ``proj_size``).
zoneout
    is applied last. With ``noise``: ``h_t = h_{t-1}`` where zoneout_h, ``c_t = c_{t-1}`` where zoneout_c, element by
    element. The h of the step is computed from the c before its zoneout. Without ``training``: the expectation,
    ``h_t = r h_{t-1} + (1 - r) h_t`` with r of ``spec.zoneout``, and c likewise (Krueger et al. 2017).
int8
    The kernels are on the grid of :mod:`~numba_lstm.kernels.int8`. Norms, a projection and ``training`` exclude it.
    A device may round each row of x and of h, K elements, to integers up to
    ``min(2**15 - 1, (2**31 - 1) / 127 / K)`` times a scale of the row. Its sums of products are then exact integers.
    NaN or infinity in a row then makes every z of its step NaN.
"""

from __future__ import annotations

from typing import Any, Protocol

from ..op_types import (
    Array,
    LSTMGradients,
    LSTMNoise,
    LSTMOutput,
    LSTMWeights,
    Tape,
)
from ..specs import LSTMSpec


class LSTMOps(Protocol):
    """The ops of the LSTM."""

    def lstm_forward(
        self,
        x: Array,
        weights: LSTMWeights,
        h0: Array | None,
        c0: Array | None,
        spec: LSTMSpec,
        *,
        mask: Array | None = None,
        noise: LSTMNoise | None = None,
        sequences: bool = False,
        training: bool = False,
    ) -> LSTMOutput:
        """Run an LSTM over all steps (Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000; Keras 3 ``LSTMCell``).

        With s = recurrent_activation, a = activation, p = output_activation, for t = 0 .. T-1::

            z_t = b + x_t W + h_{t-1} U                     (i, f, g, o) = split(z_t)
            i = s(z_i)   f = s(z_f)   g = a(z_g)   o = s(z_o)
            c_t = f * c_{t-1} + i * g
            h_t = o * p(c_t)

        The module's docstring says which line each option changes.

        A step whose ``mask`` is False keeps both states: ``h_t = h_{t-1}``, ``c_t = c_{t-1}``.

        Parameters
        ----------
        x : (T, N, D), T and N at least 1.
        weights : LSTMWeights of :class:`Weight`. A ``bias`` of None is zero.
        h0, c0 : (N, P) and (N, H), the states before the first step. None is zero.
        spec : the activations and the options.
        mask : (T, N) bool of any strides, or None for all True.
        noise : the random masks, only with ``training``.
        sequences : whether to return the outputs of all steps.
        training : whether to return a tape for :meth:`lstm_backward`.

        Notes
        -----
        Every z is summed in one fixed order: the bias, then the inputs in order, then h in order, then the peephole. With layer
        norms x W and h U are two sums of that kind. So the bits of a row depend neither on its batch nor on the number of
        threads. NaN propagates. Magnitudes of c and h below 2**-63 (float64: 2**-511) may be flushed to zero, since denormals
        are thirty times slower and carry no information here.
        """

    def lstm_pointwise_forward(
        self,
        zx: Array,
        zh: Array | None,
        h: Array | None,
        c: Array | None,
        spec: LSTMSpec,
        *,
        mask: Array | None = None,
        training: bool = False,
    ) -> tuple[Array, Array, Tape | None]:
        """Compute h and c of one step of :meth:`lstm_forward` from ``z = zx + zh``, of any products.

        zx and zh are (N, 4H), (T, N, 4H) or (H', N, W', 4H), and h and c before the step have H in place of 4H. None stands
        for zeros. Where ``mask`` (N,) is False, h and c stay as they are. Only the activations of ``spec`` count.
        """

    def lstm_pointwise_backward(self, tape: Tape, dh: Array | None, dc: Array | None) -> tuple[Array, Array | None, Array]:
        """Return ``(dz, dh, dc)``, the gradients of z and of the states before the step, for those after it, not both None.

        The gradient of zx and of zh is dz. dh is that of a state that stays as it is, None without a mask.
        """

    def lstm_backward(
        self, tape: Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool
    ) -> LSTMGradients:
        """Compute the gradient of a scalar with respect to all inputs of :meth:`lstm_forward` except ``noise``.

        With ``dy`` (T, N, P) the gradient of ``y``, ``dh`` (N, P) and ``dc`` (N, H) those of the last states (None is zero),
        for t = T-1 .. 0, primes for derivatives::

            dh_t += dy_t                                    dc_t += dh_t * o * p'(c_t)
            dz_i = dc_t * g * s'(z_i)      dz_f = dc_t * c_{t-1} * s'(z_f)
            dz_g = dc_t * i * a'(z_g)      dz_o = dh_t * p(c_t) * s'(z_o)
            dc_{t-1} = dc_t * f            dh_{t-1} = dz_t U^T
            dx_t = dz_t W^T                dW += x_t^T dz_t     dU += h_{t-1}^T dz_t     db += sum over N of dz_t

        The options change these lines accordingly. The slope of z is 0 where its magnitude is ``clip`` or more. A state that
        zoneout keeps passes its gradient to the previous step. A masked step passes ``dh_t`` and ``dc_t`` on unchanged, and
        its dz is zero. The order of every sum depends on the shapes alone, never on threads. Gradients of states and of z
        below 2**-95 (float64: 2**-767) in magnitude may be flushed to zero. The call may consume the tape.
        """

    def lstm_path(
        self, N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool, rows: bool, gatewise: bool
    ) -> str:
        """Return the name of the kernels that :meth:`lstm_forward` selects for these sizes, ``"cpu:avx2:6x16"``.

        ``rows`` states whether there are layer norms or a projection, ``gatewise`` whether each gate has a dropout mask.
        """
