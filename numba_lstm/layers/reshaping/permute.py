"""Permute: the axes of each sample in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...ops.tensor import Tensor
from ..base.arguments import Shape
from ..traced import ComputedLayer


class Permute(ComputedLayer):
    """The axes of each sample in another order, as ``keras.layers.Permute``. A mask ends here.

    Parameters
    ----------
    dims : tuple of int
        The axes in their new order: each from 1 on once. ``(2, 1)`` exchanges time and features.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    supports_masking = False
    ranks = (2, 3, 4, 5)

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        if not isinstance(dims, (tuple, list)) or sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(f"Permute's dims must have each axis from 1 on once, as (2, 1), got {dims!r}.")
        self.dims = tuple(dims)
        super().__init__(**kwargs)

    def check_rank(self, shape: Sequence[int | None]) -> None:
        if len(shape) != len(self.dims) + 1:
            raise ValueError(f"{self.name} permutes {len(self.dims)} axes of a sample, got shape {tuple(shape)}. Give others.")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_rank(input_shape)
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        permuted: Tensor = ops.transpose(inputs[0], (0, *self.dims))
        return permuted

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": list(self.dims)}
