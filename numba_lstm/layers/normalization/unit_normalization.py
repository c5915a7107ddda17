"""UnitNormalization: vectors of length 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...ops.tensor import Tensor
from ..traced import ComputedLayer

EPSILON = 1e-12  #: the smallest norm that is divided by


class UnitNormalization(ComputedLayer):
    """Inputs divided by their Euclidean norm along axes, as ``keras.layers.UnitNormalization``.

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
            raise ValueError(f"UnitNormalization's axis must be a whole number or a list, and not 0, got {axis!r}.")
        self.axis = axis if isinstance(axis, int) else axes
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,) = inputs
        total = ops.sum(ops.square(x), self.axis, keepdims=True)
        y: Tensor = ops.multiply(x, ops.reciprocal(ops.sqrt(ops.maximum(total, EPSILON**2))))
        return y

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
