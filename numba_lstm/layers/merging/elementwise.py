"""Sums, products and extremes of several inputs, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from ... import ops
from ...ops.tensor import Tensor
from ..base.arguments import Shape
from ..traced import SeveralInputs

Tensors = tuple[Tensor, ...]
Masks = tuple[Tensor | None, ...]


class Merge(SeveralInputs):
    """Base class of layers that combine inputs element by element.

    Shapes are broadcast by NumPy's rules. An input of fewer axes gets axes of size 1 after the batch axis. A mask goes on where
    every input has one: it is True where any of them is.
    """

    at_least = 1

    def check_shapes(self, shapes: tuple[Shape, ...]) -> None:
        self._merged(shapes)

    def _merged(self, shapes: Sequence[Shape]) -> Shape:
        rank = max(len(shape) for shape in shapes)
        wide = [(shape[0], *(1,) * (rank - len(shape)), *shape[1:]) for shape in shapes]
        merged: list[int | None] = []
        for sizes in zip(*wide, strict=True):
            known = {size for size in sizes if size not in (1, None)}
            if len(known) > 1:
                raise ValueError(f"{self.name} expects inputs of one shape, or of axes of size 1, got shapes {list(shapes)}.")
            merged.append(known.pop() if known else None if None in sizes else 1)
        return tuple(merged)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return self._merged([tuple(shape) for shape in input_shape])

    def compute(self, inputs: Tensors, masks: Masks, weights: Sequence[Tensor], training: bool) -> Tensor:
        rank = max(x.ndim for x in inputs)
        wide = tuple(ops.reshape(x, (x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:])) for x in inputs)
        return self.merge(wide, masks)

    def merge(self, inputs: Tensors, masks: Masks) -> Tensor:
        """Return the merged inputs, which have equally many axes."""
        raise NotImplementedError


class Add(Merge):
    """Sum of several inputs, as ``keras.layers.Add``."""

    def merge(self, inputs: Tensors, masks: Masks) -> Tensor:
        return reduce(ops.add, inputs)


class Subtract(Merge):
    """Difference of two inputs, as ``keras.layers.Subtract``."""

    at_least = at_most = 2

    def merge(self, inputs: Tensors, masks: Masks) -> Tensor:
        difference: Tensor = ops.subtract(*inputs)
        return difference


class Average(Merge):
    """Mean of several inputs, as ``keras.layers.Average``."""

    def merge(self, inputs: Tensors, masks: Masks) -> Tensor:
        mean: Tensor = ops.multiply(reduce(ops.add, inputs), 1 / len(inputs))
        return mean


class Multiply(Merge):
    """Product of several inputs, as ``keras.layers.Multiply``.

    A masked step of an input counts as 1. Where all inputs are masked, the product is 0.
    """

    def merge(self, inputs: Tensors, masks: Masks) -> Tensor:
        pairs = zip(inputs, masks, strict=True)
        product = reduce(ops.multiply, [x if mask is None else ops.where(_wide(mask, x), x, 1.0) for x, mask in pairs])
        if any(mask is None for mask in masks):
            return product
        joined: Tensor = ops.where(_wide(reduce(ops.logical_or, masks), product), product, 0.0)
        return joined


class _Extreme(Merge):
    """Base class of maxima and minima, for which a masked step of one input has the value of the other."""

    def merge(self, inputs: Tensors, masks: Masks) -> Tensor:
        y, joined = inputs[0], masks[0]
        for x, mask in zip(inputs[1:], masks[1:], strict=True):
            value = x if mask is None else ops.where(_wide(mask, x), x, y)
            y = y if joined is None else ops.where(_wide(joined, y), y, value)
            joined = None if mask is None or joined is None else ops.logical_or(joined, mask)
            y = self._chosen(y, value)
        return y

    def _chosen(self, a: Tensor, b: Tensor) -> Tensor:
        raise NotImplementedError


class Maximum(_Extreme):
    """Largest of several inputs, as ``keras.layers.Maximum``. Equal ones share the gradient."""

    def _chosen(self, a: Tensor, b: Tensor) -> Tensor:
        larger: Tensor = ops.maximum(a, b)
        return larger


class Minimum(_Extreme):
    """Smallest of several inputs, as ``keras.layers.Minimum``. Equal ones share the gradient."""

    def _chosen(self, a: Tensor, b: Tensor) -> Tensor:
        smaller: Tensor = ops.minimum(a, b)
        return smaller


def _wide(mask: Tensor | None, x: Tensor) -> Tensor:
    """Return a mask (N, T) with axes of size 1 for the features."""
    assert mask is not None
    wide: Tensor = ops.reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim)))
    return wide
