"""Masking: leaves out the steps whose features all have one value."""

from __future__ import annotations

from typing import Any

from ...inputs import as_number
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer


class Masking(Layer):
    """A mask that is False at steps whose features all are ``mask_value``, and zeros there; as ``keras.layers.Masking``.

    A mask that comes in is joined: a step goes on where both are True. (Keras forgets the one that came.)

    Parameters
    ----------
    mask_value : float
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (3,)
    makes_mask = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        self.mask_value = as_number(mask_value, "mask_value")
        super().__init__(**kwargs)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        computed = ops.steps_not_equal(x, self.mask_value)
        mask = computed if mask is None else ops.multiply(computed, mask)
        return Forward(ops.zero_masked(x, mask), mask=mask, tape=mask)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(ops.zero_masked(dy, tape) if need_dx else None)

    def check_causal(self) -> None:
        """Do nothing: each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": self.mask_value}
