"""Convert nodes that rearrange axes. Most of them only change what the axes of a tensor are called."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .... import ops
from ....layers import Reshape
from ..graph.graph import Node
from ..operators.shapes import axis_of
from ..protobuf.tensors import dtype_of
from .folding import Known
from .scope import Scope
from .value import BATCH, FREE, Free, Size, Value, arranged, natural, placed, real_order

Handler = Callable[[Scope, Node], Sequence[Value]]


def identity(scope: Scope, node: Node) -> list[Value]:
    """Identity, Dropout and Cast, after which numbers have the model's floating type: whole ones lose their fraction."""
    x = scope.value(node)
    kind = "f" if node.kind != "Cast" else dtype_of(node.attributes.get("to", 0), "it").kind
    if kind == "b" and not x.integer:
        return [Value(ops.not_equal(x.tensor, 0.0), x.axes)]
    if kind in "iu" and not x.integer:
        return [Value(ops.trunc(x.tensor), x.axes)]
    if kind == "f" and node.kind == "Cast" and x.integer:
        raise ValueError("casts whole numbers that depend on the graph's inputs to floating ones")
    return [x]


def transpose(scope: Scope, node: Node) -> list[Value]:
    """Transpose: axes in another order."""
    x = scope.value(node)
    order = node.attributes.get("perm", range(x.rank)[::-1])
    if sorted(order) != list(range(x.rank)):
        raise ValueError(f"has a perm {list(order)[:9]} for {x.rank} axes")
    return [x.with_axes([x.axes[axis] for axis in order])]


def squeeze(scope: Scope, node: Node) -> list[Value]:
    """Squeeze: without axes of size 1."""
    x, axes = scope.value(node), scope.integers(node, 1, "axes")
    if axes is None and any(isinstance(size, Free) for size in x.sizes):
        raise ValueError(f"drops all axes of size 1 of {x.sizes}, of which some are free. Export it with axes")
    gone = {k for k, n in enumerate(x.sizes) if n == 1} if axes is None else {axis_of(axis, x.rank) for axis in axes}
    for axis in sorted(gone, reverse=True):
        x = x.without(axis)
    return [x]


def unsqueeze(scope: Scope, node: Node) -> list[Value]:
    """Unsqueeze: with more axes of size 1."""
    x, axes = scope.value(node), scope.integers(node, 1, "axes") or []
    rank = x.rank + len(axes)
    positions = {axis_of(axis, rank) for axis in axes}
    if len(positions) != len(axes) or rank > 8:
        raise ValueError(f"adds the axes {axes[:9]}")
    rest = iter(x.axes)
    return [x.with_axes([None if axis in positions else next(rest) for axis in range(rank)])]


def reshape(scope: Scope, node: Node) -> list[Value]:
    """Reshape and Flatten."""
    x = scope.value(node)
    if node.kind == "Flatten":
        at = node.attributes.get("axis", 1)
        at = x.rank if at == x.rank else axis_of(at, x.rank)
        target: list[Size] = [_product(x.sizes[:at]), -1]
    else:
        entry = scope.get(node, 1)
        if not isinstance(entry, Known):
            raise ValueError("computes its shape from values of the graph's inputs")
        target = [size if isinstance(size, Free) else int(size) for size in entry.array.reshape(-1)]
        if not node.attributes.get("allowzero", 0):
            target = [x.sizes[k] if size == 0 and k < x.rank else size for k, size in enumerate(target)]
    return [_reshaped(scope, node, x, target)]


def _product(sizes: Sequence[Size]) -> Size:
    """Return the product of sizes, a free one if the others are 1."""
    free = [size for size in sizes if isinstance(size, Free)]
    rest = math.prod(size for size in sizes if not isinstance(size, Free))
    if not free:
        return rest
    if len(free) > 1 or rest != 1:
        raise ValueError(f"joins axes of sizes {tuple(sizes)}, of which some are free. Give shapes of the inputs")
    return free[0]


def _reshaped(scope: Scope, node: Node, x: Value, target: Sequence[Size]) -> Value:
    """Return a value in another shape, whose batch axis stays apart."""
    batch = None if x.batch is None else _batch_position(x, target)
    sample = [size for axis, size in enumerate(target) if axis != batch]
    before = [x.sizes[axis] for axis in x.samples]
    if FREE in sample and sample.count(FREE) == before.count(FREE) == 1:  # the other sizes tell what -1 is
        before.remove(FREE)
    elif FREE in sample and -1 not in sample:
        sample[sample.index(FREE)] = -1
    known = _count(before)
    rest = math.prod(size for size in sample if not isinstance(size, Free) and size != -1)
    if known is not None and -1 in sample:
        sample[sample.index(-1)] = known // max(rest, 1)
    total = _count(size for size in sample if size != FREE)
    if sample.count(FREE) + sample.count(-1) > 1 or known is not None and total != known:
        raise ValueError(f"makes {tuple(target)} of {x.sizes}. Give shapes of the inputs, whose sizes are free")
    wanted = [-1 if isinstance(size, Free) else size for size in sample]
    order = [axis for axis in range(len(target)) if axis != batch]
    if [n for n in wanted if n != 1] == [n for n in _samples(x) if n != 1]:  # only axes of size 1 come or go
        large = iter([x.axes[axis] for axis in x.samples if x.sizes[axis] != 1])
        axes: list[int | None] = [None if size == 1 else next(large) for size in wanted]
        if batch is not None:
            axes.insert(batch, 0)
        return x.with_axes(axes)
    y = scope.add(Reshape, node, natural(x), target_shape=tuple(wanted))
    return placed(y, order, len(target), batch)


def _batch_position(x: Value, target: Sequence[Size]) -> int:
    """Return which axis of a shape stands for the batch; ValueError if it is mixed with others."""
    assert x.batch is not None
    before, behind = (_count(part) for part in (x.sizes[: x.batch], x.sizes[x.batch + 1 :]))
    position = next((k for k, size in enumerate(target) if size == BATCH), None)
    if position is None and -1 in target:
        position = list(target).index(-1)
        if behind is None or _count(target[position + 1 :]) != behind:
            position = None
    if position is None or _count(target[:position]) != before:
        raise ValueError(f"makes {tuple(target)} of {x.sizes}, which mixes the batch with other axes")
    return position


def _samples(x: Value) -> list[int]:
    return [-1 if isinstance(size, Free) else size for size in (x.sizes[axis] for axis in x.samples)]


def _count(sizes: Iterable[Size]) -> int | None:
    """Return the number of elements, or None if a size is free."""
    listed = list(sizes)
    if any(isinstance(size, Free) or size == -1 for size in listed):
        return None
    return math.prod(size for size in listed if not isinstance(size, Free))


def expand(scope: Scope, node: Node) -> list[Value]:
    """Expand: axes of size 1 repeated."""
    x, entry = scope.value(node), scope.get(node, 1)
    if not isinstance(entry, Known):
        raise ValueError("computes its shape from values of the graph's inputs")
    target = entry.array.reshape(-1).tolist()
    rank = max(x.rank, len(target))
    target = [1] * (rank - len(target)) + target
    x = x.with_axes([None] * (rank - x.rank) + list(x.axes))
    for axis, (size, wanted) in enumerate(zip(x.sizes, target, strict=True)):
        if wanted in (1, size):
            continue
        if size != 1 or isinstance(wanted, Free):
            raise ValueError(f"repeats the sizes {x.sizes} to {tuple(target)}")
        order = [*real_order(x), axis] if x.axes[axis] is None else real_order(x)
        tensor = ops.repeat(arranged(x, order), int(wanted), order.index(axis) + 1)
        x = placed(tensor, order, rank, x.batch)
    return [x]


HANDLERS: dict[str, Any] = {
    **dict.fromkeys(("Cast", "Dropout", "Identity"), identity),
    "Expand": expand,
    "Flatten": reshape,
    "Reshape": reshape,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
