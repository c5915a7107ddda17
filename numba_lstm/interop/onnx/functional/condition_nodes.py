"""Convert comparisons, choices and limits. Truth values are 0 and 1 in a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .... import ops
from ..graph.graph import Node
from .folding import Known
from .math_nodes import elementwise, pair
from .scope import GIVE, Entry, Scope
from .value import Value


def _comparison(function: Callable[..., Any]) -> Callable[[Scope, Node], list[Value]]:
    """Make the handler of a comparison, or of a combination of truth values."""
    convert = elementwise(function)

    def checked(scope: Scope, node: Node) -> list[Value]:
        entries = [scope.get(node, index) for index in range(len(node.inputs))]
        whole = [entry for entry in entries if isinstance(entry, Value) and entry.integer]
        if len(whole) > 1 or any(len(entry.tensor.shape) < 2 for entry in whole):
            raise ValueError(f"compares whole numbers that are known only when the model computes. {GIVE}")
        return convert(scope, node)

    return checked


def _by_constant(condition: Known, a: Entry | None, b: Entry | None) -> Value:
    """Choose by a constant: between a tensor and one number, or two tensors."""
    for x, other, at in ((a, b, True), (b, a, False)):
        if isinstance(x, Value) and isinstance(other, Known) and other.is_number and other.array.size == 1:
            number = other.array.item()
            kept = Known(condition.numbers().astype(bool) == at)
            return pair(lambda tensor, keep, number=number: ops.where(keep, tensor, number), x, kept)
    if not isinstance(a, Value) or not isinstance(b, Value):
        raise ValueError("chooses by a constant between arrays of constants. Choose outside of the graph")
    chosen = Known(condition.numbers().astype(bool))
    first = pair(lambda tensor, keep: ops.where(keep, tensor, 0.0), a, chosen)
    return pair(ops.add, first, pair(lambda tensor, keep: ops.where(keep, 0.0, tensor), b, chosen))


def where(scope: Scope, node: Node) -> list[Value]:
    """Where: a part of one tensor and the other part of another one, by sums of products with 0 and 1."""
    condition, a, b = (scope.get(node, index) for index in range(3))
    if isinstance(condition, Known):
        return [_by_constant(condition, a, b)]
    if isinstance(a, Known) and isinstance(b, Known):
        a = pair(lambda x, y: ops.add(ops.multiply(x, 0.0), y), condition, a)
    first = pair(lambda x, y: ops.where(x, y, 0.0), condition, a)
    second = pair(lambda x, y: ops.where(x, 0.0, y), condition, b)
    return [pair(ops.add, first, second)]


def clip(scope: Scope, node: Node) -> list[Value]:
    """Clip between two numbers."""
    x = scope.value(node)
    tensor = x.tensor
    for index, (name, function) in enumerate((("min", ops.maximum), ("max", ops.minimum)), 1):
        given = node.attributes.get(name) if scope.opset < 11 else scope.constant(node, index)
        if given is not None:
            tensor = function(tensor, np.asarray(given).item())
    return [Value(tensor, x.axes)]


HANDLERS: dict[str, Callable[[Scope, Node], list[Value]]] = {
    "And": _comparison(ops.logical_and),
    "Clip": clip,
    "Equal": _comparison(ops.equal),
    "Greater": _comparison(ops.greater),
    "GreaterOrEqual": _comparison(ops.greater_equal),
    "Less": _comparison(ops.less),
    "LessOrEqual": _comparison(ops.less_equal),
    "Not": _comparison(ops.logical_not),
    "Or": _comparison(ops.logical_or),
    "Where": where,
}
