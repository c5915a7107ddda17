"""Sizes that a graph computes of shapes, in a chain of layers: what they are is followed, but nothing is computed.

Exporters make the first states of an LSTM of them, and the shape that puts both directions side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..graph.graph import Node
from ..operators.shapes import whole
from .symbolic_values import Filled, Flow, Size, Sizes, Value, Walk

MAX_SIZES = 16  #: that are followed at once; no shape has as many


def sizes(walk: Walk, node: Node, values: Sequence[Value | None]) -> Value:
    """What becomes of shapes, and of arrays of one number: exporters make an LSTM's first states of them."""
    if node.kind == "ConstantOfShape":
        value = node.attributes.get("value", np.zeros(1, np.float32))
        return Filled(float(value.reshape(-1)[0]) if value.size == 1 else np.nan)
    if node.kind == "Expand" and isinstance(values[0], np.ndarray) and values[0].size == 1:
        return Filled(float(values[0].reshape(-1)[0]))
    if isinstance(values[0], Filled):
        return values[0]
    if isinstance(values[0], Flow):
        shape = tuple(walk.size(axis) for axis in values[0].axes)
        return Sizes(shape[node.attributes.get("start", 0) : node.attributes.get("end")])
    return Sizes(_computed(node, [known(value) for value in values if value is not None]))


def known(value: Value) -> tuple[Size, ...] | None:
    """Sizes one by one, of a constant too; None where there are none, or more than any shape has."""
    if isinstance(value, Sizes):
        return value.values
    if isinstance(value, np.ndarray) and value.size <= MAX_SIZES and value.ndim < 2 and value.dtype.kind in "iu":
        return tuple(whole(value, "sizes"))
    return None


def _computed(node: Node, values: Sequence[tuple[Size, ...] | None]) -> tuple[Size, ...] | None:
    """Sizes that are cut out of others, joined, or multiplied; None where that is more than is followed here."""
    given = [value for value in values if value is not None]
    if len(given) != len(values) or sum(map(len, given)) > MAX_SIZES:
        return None
    first, rest = given[0], given[1:]
    match node.kind:
        case "Concat":
            return tuple(size for value in given for size in value)
        case "Gather":
            places = [place for place in rest[0] if isinstance(place, int) and -len(first) <= place < len(first)]
            return tuple(first[place] for place in places) if len(places) == len(rest[0]) else None
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
