"""Concatenate: inputs one after the other along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from ... import ops
from ...ops.tensor import Tensor, constant
from ..base.arguments import Shape
from ..traced import SeveralInputs


class Concatenate(SeveralInputs):
    """Inputs joined along an axis, as ``keras.layers.Concatenate``.

    An input without a mask counts as unmasked if another one has a mask. Masks are joined along the time axis. Along another
    axis the mask that goes on is True where any of them is.

    Parameters
    ----------
    axis : int
        Any but the batch axis.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    at_least = 1

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"Concatenate's axis must be a whole number and not 0, the batch axis, got {axis!r}.")
        self.axis = axis
        super().__init__(**kwargs)

    def check_shapes(self, shapes: tuple[Shape, ...]) -> None:
        rank = len(shapes[0])
        fits = all(len(shape) == rank for shape in shapes) and -rank < self.axis < rank
        others = [k for k in range(1, rank) if k != self.axis % rank]
        if not fits or any(len({shape[k] for shape in shapes} - {None}) > 1 for k in others):
            raise ValueError(f"{self.name} expects inputs that differ in axis {self.axis} alone, got shapes {list(shapes)}.")

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = [tuple(shape) for shape in input_shape]
        joined = [next((size for size in sizes if size is not None), None) for sizes in zip(*shapes, strict=True)]
        sizes = [shape[self.axis] for shape in shapes]
        joined[self.axis] = None if None in sizes else sum(sizes)
        return tuple(joined)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        joined: Tensor = ops.concatenate(inputs, self.axis)
        return joined

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> Tensor | None:
        if all(mask is None for mask in masks):
            return None
        present = [
            constant(1.0, x.shape[:2]) if mask is None else ops.cast(mask, "float32")
            for x, mask in zip(inputs, masks, strict=True)
        ]
        if self.axis % inputs[0].ndim == 1:
            joined: Tensor = ops.concatenate(present, axis=1)
            return joined
        return reduce(ops.maximum, present)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
