"""Softmax: shares that add up to 1 along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...ops.tensor import Tensor
from ..traced import ComputedLayer


class Softmax(ComputedLayer):
    """``exp(x) / sum(exp(x))`` along axes, as ``keras.layers.Softmax``.

    Masked steps have the output 0, and do not count along the time axis.

    Parameters
    ----------
    axis : int or list of int
        Any but the batch axis.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        axes = [axis] if isinstance(axis, int) else list(axis) if isinstance(axis, (list, tuple)) else []
        if not axes or any(isinstance(one, bool) or not isinstance(one, int) or one == 0 for one in axes):
            raise ValueError(f"Softmax's axis must be a whole number or a list, and not 0, the batch axis, got {axis!r}.")
        self.axis = axis if isinstance(axis, int) else axes
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,), mask = inputs, masks[0]
        y: Tensor
        if mask is not None:
            mask = ops.reshape(mask, (*mask.shape, *(1,) * (x.ndim - 2)))
            x = ops.where(mask, x, -1e9)
        if isinstance(self.axis, int) or len(self.axis) == 1:
            y = ops.softmax(x, self.axis if isinstance(self.axis, int) else self.axis[0])
        else:
            y = ops.exp(ops.subtract(x, ops.logsumexp(x, self.axis, keepdims=True)))
        return y if mask is None else ops.where(mask, y, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
