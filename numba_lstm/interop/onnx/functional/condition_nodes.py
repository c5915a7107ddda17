"""Convert comparisons and choices. Truth values are 0 and 1 in a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .... import ops
from ..graph.graph import Node
from .folding import Known
from .math_nodes import elementwise, pair
from .scope import GIVE, Scope
from .value import Value


def _comparison(function: Callable[..., Any]) -> Callable[[Scope, Node], list[Value]]:
    """Make the handler of a comparison, or of a combination of truth values."""
    convert = elementwise(function)

    def checked(scope: Scope, node: Node) -> list[Value]:
        entries = [scope.get(node, index) for index in range(len(node.inputs))]
        if any(isinstance(entry, Value) and entry.integer for entry in entries):
            raise ValueError(f"compares whole numbers that are known only when the model computes. {GIVE}")
        return convert(scope, node)

    return checked


def where(scope: Scope, node: Node) -> list[Value]:
    """Where: a part of one tensor and the other part of another one, by sums of products with 0 and 1."""
    condition, a, b = (scope.get(node, index) for index in range(3))
    if not isinstance(condition, Value):
        raise ValueError("chooses by a constant that is not one number. Choose outside of the graph")
    if isinstance(a, Known) and isinstance(b, Known):
        a = pair(lambda x, y: ops.add(ops.multiply(x, 0.0), y), condition, a)
    first = pair(lambda x, y: ops.where(x, y, 0.0), condition, a)
    second = pair(lambda x, y: ops.where(x, 0.0, y), condition, b)
    return [pair(ops.add, first, second)]


HANDLERS: dict[str, Callable[[Scope, Node], list[Value]]] = {
    "And": _comparison(ops.logical_and),
    "Equal": _comparison(ops.equal),
    "Greater": _comparison(ops.greater),
    "GreaterOrEqual": _comparison(ops.greater_equal),
    "Less": _comparison(ops.less),
    "LessOrEqual": _comparison(ops.less_equal),
    "Not": _comparison(ops.logical_not),
    "Or": _comparison(ops.logical_or),
    "Where": where,
}
