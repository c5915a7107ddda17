"""Evaluate sizes that a graph computes from shapes, symbolically.

Exporters derive an LSTM's initial states from them, and the shape that concatenates both directions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..graph.graph import Node
from ..operators.shapes import integers
from .symbolic_values import Chain, LayerOutput, Size, Sizes, UniformArray, Value

MAX_SIZES = 16  #: of a vector; no shape has as many


def sizes(chain: Chain, node: Node, values: Sequence[Value | None]) -> Value:
    """The value of a node that takes shapes or arrays of equal elements."""
    if node.kind == "ConstantOfShape":
        value = node.attributes.get("value", np.zeros(1, np.float32))
        return UniformArray(float(value.reshape(-1)[0]) if value.size == 1 else np.nan)
    if node.kind == "Expand" and isinstance(values[0], np.ndarray) and values[0].size == 1:
        return UniformArray(float(values[0].reshape(-1)[0]))
    if isinstance(values[0], UniformArray):
        return values[0]
    if isinstance(values[0], LayerOutput):
        shape = tuple(chain.size(axis) for axis in values[0].axes)
        return Sizes(shape[node.attributes.get("start", 0) : node.attributes.get("end")])
    return Sizes(_combine(node, [as_sizes(value) for value in values if value is not None]))


def as_sizes(value: Value) -> tuple[Size, ...] | None:
    """The elements of sizes or of a constant; None if they are unknown or more than any shape has."""
    if isinstance(value, Sizes):
        return value.values
    if isinstance(value, np.ndarray) and value.size <= MAX_SIZES and value.ndim < 2 and value.dtype.kind in "iu":
        return tuple(integers(value, "sizes"))
    return None


def _combine(node: Node, values: Sequence[tuple[Size, ...] | None]) -> tuple[Size, ...] | None:
    """Slice, join or multiply sizes; None for what is not evaluated here."""
    operands = [value for value in values if value is not None]
    if len(operands) != len(values) or sum(map(len, operands)) > MAX_SIZES:
        return None
    first, rest = operands[0], operands[1:]
    match node.kind:
        case "Concat":
            return tuple(size for value in operands for size in value)
        case "Gather":
            indices = [index for index in rest[0] if isinstance(index, int) and -len(first) <= index < len(first)]
            return tuple(first[index] for index in indices) if len(indices) == len(rest[0]) else None
        case "Slice" if len(rest) in (2, 3) and len(rest[0]) == len(rest[1]) == 1:
            (start,), (end,) = rest[:2]
            return first[start:end] if isinstance(start, int) and isinstance(end, int) else None
        case "Mul" if len(first) == len(rest[0]) == 1:
            return _product(first[0], rest[0][0])
        case "Reshape" | "Squeeze" | "Unsqueeze" | "Cast" | "Identity":
            return first
    return None


def _product(one: Size, two: Size) -> tuple[Size] | None:
    if isinstance(one, int) and isinstance(two, int):
        return (one * two,) if abs(one * two) < 1 << 63 else None
    if 1 in (one, two):
        return (two if one == 1 else one,)
    return None
