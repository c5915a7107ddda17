"""Tensors of a model in place of ONNX's, which have their axes in another order and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .... import ops
from ....layers.base.graph.symbolic import SymbolicTensor


@dataclass(frozen=True)
class Free:
    """A size that is known only when the model computes."""

    name: str

    def __repr__(self) -> str:
        return self.name


BATCH, FREE = Free("batch"), Free("free")
Size = int | Free


@dataclass(frozen=True)
class Value:
    """A tensor of the model, whose first axis is the batch, and where it has each axis of ONNX's tensor.

    Entries of ``axes`` are axes of the tensor, or None for an axis of size 1 that the tensor does not have. Axes of the tensor
    that no entry names have size 1. Where 0 is no entry, ONNX's tensor has no batch axis: it is one sample.
    """

    tensor: SymbolicTensor
    axes: tuple[int | None, ...]
    integer: bool = False  #: whether it holds whole numbers, as an input of indices

    @property
    def rank(self) -> int:
        """Number of ONNX's axes."""
        return len(self.axes)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes of ONNX's axes."""
        return tuple(self._size(axis) for axis in self.axes)

    def _size(self, axis: int | None) -> Size:
        if axis is None:
            return 1
        size = self.tensor.shape[axis]
        return (BATCH if axis == 0 else FREE) if size is None else int(size)

    @property
    def batch(self) -> int | None:
        """ONNX's axis of the batch, or None."""
        return self.axes.index(0) if 0 in self.axes else None

    @property
    def samples(self) -> list[int]:
        """All of ONNX's axes but that of the batch."""
        return [axis for axis in range(self.rank) if self.axes[axis] != 0]

    def with_axes(self, axes: Sequence[int | None]) -> Value:
        """Return the same tensor, seen with other axes."""
        return Value(self.tensor, tuple(axes), self.integer)

    def without(self, axis: int) -> Value:
        """Return the value without one of ONNX's axes; ValueError unless its size is 1."""
        if self.sizes[axis] != 1:
            raise ValueError(f"drops axis {axis} of sizes {self.sizes}, which is not known to be 1")
        return self.with_axes([one for k, one in enumerate(self.axes) if k != axis])


def arranged(value: Value, order: Sequence[int]) -> SymbolicTensor:
    """Return the tensor with the batch first and then ONNX's axes in ``order``; those that are left out have size 1."""
    tensor = value.tensor
    used = {value.axes[axis] for axis in order}
    unnamed = [axis for axis in range(1, len(tensor.shape)) if axis not in used]
    present = [value.axes[axis] if value.axes[axis] is not None else unnamed.pop(0) if unnamed else None for axis in order]
    permutation = [0, *(axis for axis in present if axis is not None), *unnamed]
    if permutation != list(range(len(permutation))):
        tensor = ops.transpose(tensor, permutation)
    for _ in unnamed[0 if order else 1 :]:  # a tensor has at least one axis beside the batch
        tensor = ops.squeeze(tensor, -1)
    for position, axis in enumerate(present):
        if axis is None:
            tensor = ops.expand_dims(tensor, position + 1)
    return tensor


def placed(tensor: SymbolicTensor, order: Sequence[int], rank: int, batch: int | None) -> Value:
    """Return the value of a tensor that has the batch first and then ONNX's axes in ``order``; others have size 1."""
    axes: list[int | None] = [None] * rank
    if batch is not None:
        axes[batch] = 0
    for position, axis in enumerate(order):
        axes[axis] = position + 1
    return Value(tensor, tuple(axes))


def natural(value: Value) -> SymbolicTensor:
    """Return the tensor with the batch first and then ONNX's axes in their order."""
    return arranged(value, value.samples)


def real_order(value: Value) -> list[int]:
    """Return ONNX's axes that the tensor has, but the batch, in the order of the tensor."""
    return sorted((k for k in value.samples if value.axes[k] is not None), key=lambda k: value.axes[k] or 0)
