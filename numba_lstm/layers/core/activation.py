"""Activation: a function of each element, or of each row."""

from __future__ import annotations

from typing import Any

from ... import activations
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Activation as Spec
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer


class Activation(Layer):
    """``activation(x)`` on samples of any shape, as ``keras.layers.Activation``.

    Parameters
    ----------
    activation : str or function
        See :mod:`numba_lstm.activations`; a function of your own too. ``softmax`` works over the last axis.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        self._activation = activations.as_spec(activation)
        super().__init__(**kwargs)

    @property
    def activation(self) -> Spec:
        """The activation as ops take it. Another one may be set at any time, also by name."""
        return self._activation

    @activation.setter
    def activation(self, value: Any) -> None:
        self._activation = activations.as_spec(value)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        y, tape = ops.activation_forward(x, self.activation, training=training)
        return Forward(y, mask=mask, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(ops.activation_backward(tape, dy) if need_dx else None)

    def check_causal(self) -> None:
        """Each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
