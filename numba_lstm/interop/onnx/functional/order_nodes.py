"""Convert nodes that compute with the order of elements along an axis."""

from __future__ import annotations

from typing import Any

from .... import ops
from ..graph.graph import Node
from ..operators.shapes import axis_of
from .scope import Scope
from .value import Value, arranged, placed, real_order


def _axis_last(x: Value, axis: int) -> list[int]:
    """Return the order of axes with one of ONNX's axes last; ValueError for that of the batch."""
    if axis == x.batch:
        raise ValueError("is over the batch")
    return [*(k for k in real_order(x) if k != axis), axis]


def top_k(scope: Scope, node: Node) -> list[Value]:
    """TopK: the largest or smallest elements along an axis, the first of equal ones, and their indices."""
    x, k = scope.value(node), scope.constant(node, 1)
    if k is None or k.size != 1:
        raise ValueError("needs a constant number of elements")
    order = _axis_last(x, scope.axis(node, x, -1))
    rows = arranged(x, order)
    size, sign = rows.shape[-1], 1.0 if node.attributes.get("largest", 1) else -1.0
    if not isinstance(size, int) or not 1 <= k.item() <= size:
        raise ValueError(f"takes {k.item()} elements of an axis of size {'that is free' if size is None else size}")
    values, indices = ops.top_k(rows * sign, int(k.item()))
    return [placed(values * sign, order, x.rank, x.batch), placed(indices, order, x.rank, x.batch)]


def running_sum(scope: Scope, node: Node) -> list[Value]:
    """CumSum along an axis, also from its end, and also without the element itself."""
    x, given = scope.value(node), scope.constant(node, 1)
    if given is None or given.size != 1:
        raise ValueError("needs a constant axis")
    order = _axis_last(x, axis_of(int(given.item()), x.rank))
    rows = arranged(x, order)
    turned = ops.flip(rows, -1) if node.attributes.get("reverse", 0) else rows
    sums = ops.cumsum(turned, -1)
    if node.attributes.get("exclusive", 0):
        sums = sums - turned
    sums = ops.flip(sums, -1) if node.attributes.get("reverse", 0) else sums
    return [placed(sums, order, x.rank, x.batch)]


def gather_elements(scope: Scope, node: Node) -> list[Value]:
    """GatherElements along an axis, at indices that depend on the graph's inputs."""
    x, indices = scope.value(node), scope.value(node, 1)
    axis = scope.axis(node, x, 0)
    order = _axis_last(x, axis)
    if indices.rank != x.rank or indices.batch != x.batch or sorted(real_order(indices)) != sorted(real_order(x)):
        raise ValueError(f"takes indices of sizes {indices.sizes} for {x.sizes}")
    if any(a != b for k, (a, b) in enumerate(zip(x.sizes, indices.sizes, strict=True)) if k not in (axis, x.batch)):
        raise ValueError(f"takes indices of sizes {indices.sizes} for {x.sizes}")
    y = ops.take_along_axis(arranged(x, order), arranged(indices, order), -1)
    return [placed(y, order, x.rank, x.batch)]


def scatter(scope: Scope, node: Node) -> list[Value]:
    """ScatterND, which no layer computes; that of constants has been computed before."""
    raise ValueError("writes into a tensor of the model. Export it with torch.where, or with joined slices")


HANDLERS: dict[str, Any] = {
    "CumSum": running_sum,
    "GatherElements": gather_elements,
    "ScatterND": scatter,
    "TopK": top_k,
}
