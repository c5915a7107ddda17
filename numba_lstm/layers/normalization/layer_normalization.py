"""LayerNormalization: normalizes the features of each row."""

from __future__ import annotations

from typing import ClassVar

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward
from .normalization import Normalization


class LayerNormalization(Normalization):
    """``gamma * (x - mean) / sqrt(var + epsilon) + beta`` of each row (Ba et al. 2016); as ``keras.layers.LayerNormalization``.

    mean and var are those of the D features of a row (N, D) or of a step (N, T, D). Parameters are those of
    :class:`~numba_lstm.layers.normalization.Normalization`.
    """

    later: ClassVar = {"rms_scaling": False}

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        y, tape = ops.layer_norm_forward(x, self.gamma, self.beta, self.epsilon, training=training)
        return Forward(y, mask=mask, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        dx, dgamma, dbeta = ops.layer_norm_backward(tape, dy, need_dx=need_dx)
        return Backward(dx, gradients=(*([dgamma] if self.scale else []), *([dbeta] if self.center else [])))

    def check_causal(self) -> None:
        """Do nothing: each step is computed by itself."""
