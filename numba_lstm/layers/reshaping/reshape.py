"""Reshape: the elements of each sample in another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...inputs import as_count
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape


class Reshape(Layer):
    """The elements of each sample, in their order, in ``target_shape``; as ``keras.layers.Reshape``.

    A mask ends here, since steps are no longer the same, and goes on where the shape stays as it is.

    Parameters
    ----------
    target_shape : tuple of int
        Without the batch axis: (D',), (T', D'), (H', W', C') or (T', H', W', C'). One of them may be -1, which is what is left.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For other shapes, and in a call for samples that do not fill the shape.
    """

    ranks = (2, 3, 4, 5)
    supports_masking = False

    streaming_obstacle = "it mixes steps with features"

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        self.target_shape = _as_target(target_shape)
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self._resolved(input_shape[1:]))

    def _resolved(self, sample: Shape) -> Shape:
        """Return ``target_shape`` for a sample's shape, with None for unknown sizes."""
        free = -1 in self.target_shape
        if None in sample:
            return tuple(None if size == -1 else size for size in self.target_shape)
        elements, filled = math.prod(size or 1 for size in sample), math.prod(size for size in self.target_shape if size != -1)
        if elements % filled or (not free and elements != filled):
            raise ValueError(
                f"{self.name} cannot put samples of shape {sample}, {elements} elements, into {self.target_shape}. "
                "Give a target_shape of as many."
            )
        return tuple(elements // filled if size == -1 else size for size in self.target_shape)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        sample = (x.shape[0], *x.shape[2:]) if len(x.shape) > 2 else (x.shape[1],)
        shape = self._resolved(sample)
        y = ops.reshape(x, shape)  # type: ignore[arg-type]  # a batch has no None
        return Forward(y, mask=mask if shape == sample else None, tape=sample)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(ops.reshape(dy, tape) if need_dx else None)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": list(self.target_shape)}


def _as_target(target_shape: Any) -> tuple[int, ...]:
    if not isinstance(target_shape, (tuple, list)) or not 1 <= len(target_shape) <= 4:
        raise ValueError(f"target_shape must be a tuple of 1 to 4 sizes, without the batch axis, got {target_shape!r}.")
    if sum(1 for size in target_shape if size == -1) > 1:
        raise ValueError(f"target_shape can have one -1, got {tuple(target_shape)}. Give the other size.")
    return tuple(-1 if size == -1 else as_count(size, "a size of target_shape") for size in target_shape)
