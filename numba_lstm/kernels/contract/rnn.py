"""Ops of the GRU and of the simple RNN: sequences forward and backward."""

from __future__ import annotations

from typing import Any, Protocol

from ..op_types import Array, RNNGradients, RNNNoise, RNNOutput, RNNWeights, Tape
from ..specs import RNNSpec


class RNNOps(Protocol):
    """The ops of recurrent cells whose only state is h: the GRU and the simple RNN."""

    def rnn_forward(
        self,
        x: Array,
        weights: RNNWeights,
        h0: Array | None,
        spec: RNNSpec,
        *,
        mask: Array | None = None,
        noise: RNNNoise | None = None,
        sequences: bool = False,
        training: bool = False,
    ) -> RNNOutput:
        """Run a GRU (Cho et al. 2014) or a simple RNN (Elman 1990) over all steps, as Keras 3's cells.

        With s = recurrent_activation and a = activation, for t = 0 .. T-1, a simple RNN computes::

            h_t = a(b + x_t W + h_{t-1} U)

        A GRU (``gated``) has three gates, b is the first row of a bias of two and c the second one, else c = 0::

            (z_z, z_r, z_g) = b + x_t W                     (u_z, u_r, u_g) = c + h_{t-1} U
            z = s(z_z + u_z)       r = s(z_r + u_r)
            g = a(z_g + r * u_g)
            h_t = z * h_{t-1} + (1 - z) * g

        Without ``reset_after`` (and without c) the third line has ``u_g = (r * h_{t-1}) U_g``, and r is not a factor of it.
        With ``noise`` gate k reads ``x_t * inputs[k]`` and ``h_{t-1} * recurrent[k]`` in its products, ``r * h_{t-1}``
        included; the fourth line reads h_{t-1} itself. A step whose ``mask`` is False keeps h.

        Parameters
        ----------
        x : (T, N, D), T and N at least 1.
        weights : RNNWeights of :class:`Weight`. A ``bias`` of None is zero.
        h0 : (N, H), the state before the first step. None is zero.
        spec : the activations and the kind of cell.
        mask : (T, N) bool of any strides, or None for all True.
        noise : the dropout masks, only with ``training``.
        sequences : whether to return the outputs of all steps.
        training : whether to return a tape for :meth:`rnn_backward`.

        Notes
        -----
        Every sum has one fixed order: the bias, then the inputs in order, then h in order; x W and h U may be two sums of that
        kind. So the bits of a row depend neither on its batch nor on the number of threads. NaN propagates. Magnitudes of h may
        be flushed to zero as in :meth:`lstm_forward`.
        """

    def rnn_backward(self, tape: Tape, dy: Array | None, dh: Array | None, *, need_dx: bool) -> RNNGradients:
        """Compute the gradient of a scalar with respect to all inputs of :meth:`rnn_forward` except ``noise``.

        With ``dy`` (T, N, H) the gradient of ``y`` and ``dh`` (N, H) that of the last state (None is zero), for
        t = T-1 .. 0, primes for derivatives, a GRU computes::

            dh_t += dy_t                                    dg = dh_t * (1 - z) * a'(z_g + r * u_g)
            dz = dh_t * (h_{t-1} - g) * s'(z_z + u_z)       dr = dg * u_g * s'(z_r + u_r)       du = dg * r
            dx_t = (dz, dr, dg) W^T                         dh_{t-1} = dh_t * z + (dz, dr, du) U^T

        Without ``reset_after``, with ``v = dg U_g^T``, ``dr = v * h_{t-1} * s'(z_r + u_r)``, and h_{t-1} gets ``v * r``
        instead of ``du U_g^T``. A simple RNN has ``dz = dh_t * a'``. Gradients of weights are sums over all steps and rows. A
        masked step passes ``dh_t`` on unchanged. The order of every sum depends on the shapes alone, never on threads.
        Gradients of h and of preactivations may be flushed to zero as in :meth:`lstm_backward`. The call may consume the tape.
        """

    def rnn_path(self, N: int, T: int, D: int, H: int, dtype: Any, spec: RNNSpec, *, training: bool) -> str:
        """Return the name of the kernels that :meth:`rnn_forward` selects for these sizes, ``"cpu:avx2:6x16"``."""
