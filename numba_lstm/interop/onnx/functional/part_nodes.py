"""Convert nodes that take parts of tensors, or join them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import ops
from ....layers import Embedding
from ..graph.graph import Node
from ..operators.arithmetic import split_limits
from ..operators.shapes import axis_of, integers
from .folding import Known
from .scope import Scope
from .value import Free, Value, arranged, placed, real_order

_FAR = 1 << 30  #: a bound of a slice beyond every size
MAX_PIECES = 64  #: that a Gather of several indices joins


def cut(x: Value, axis: int, part: slice) -> Value:
    """Return a slice along one of ONNX's axes."""
    at = x.axes[axis]
    size = x.sizes[axis]
    if isinstance(size, int) and part.indices(size) == (0, size, 1):
        return x
    if at == 0:
        if part == slice(0, None, 1):
            return x
        raise ValueError("cuts out a part of the batch")
    if at is None:
        order = [*real_order(x), axis]
        x = placed(arranged(x, order), order, x.rank, x.batch)
        at = x.axes[axis]
        assert at is not None
    index = (*(slice(None),) * at, part)
    return Value(x.tensor[index], x.axes, x.integer)


def slices(scope: Scope, node: Node) -> list[Value]:
    """Slice: parts of axes."""
    x = scope.value(node)
    if scope.opset < 10:
        starts, ends, axes = (node.attributes.get(key) for key in ("starts", "ends", "axes"))
        steps = None
    else:
        starts, ends, axes, steps = (scope.integers(node, k, "") for k in range(1, 5))
    if starts is None or ends is None or len(starts) != len(ends):
        raise ValueError("needs as many starts as ends")
    along = list(range(len(starts))) if axes is None else [axis_of(axis, x.rank) for axis in axes]
    by = [1] * len(starts) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, along, by, strict=True):
        if step == 0:
            raise ValueError("has a step of 0")
        stop = None if (end >= _FAR if step > 0 else end < -_FAR) else end
        x = cut(x, axis, slice(start, stop, step))
    return [x]


def split(scope: Scope, node: Node) -> list[Value]:
    """Split: parts along an axis."""
    x = scope.value(node)
    axis = scope.axis(node, x, 0)
    size = x.sizes[axis]
    if isinstance(size, Free):
        raise ValueError(f"splits an axis whose size is free, of {x.sizes}. Give shapes of the inputs")
    limits = split_limits(scope.constant(node, 1), node.attributes, size, len(node.outputs))
    return [cut(x, axis, slice(first, last, 1)) for first, last in zip(limits, limits[1:], strict=False)]


def gather(scope: Scope, node: Node) -> list[Value]:
    """Gather: an Embedding, or parts along an axis."""
    if isinstance(scope.get(node, 1), Value):
        return [_embedding(scope, node)]
    x, indices = scope.value(node), scope.require(node, 1)
    axis = scope.axis(node, x, 0)
    if indices.ndim > 1 or not 1 <= indices.size <= MAX_PIECES:
        raise ValueError(f"takes indices of shape {indices.shape}, where one, or a vector of at most {MAX_PIECES}, is")
    size = x.sizes[axis]
    pieces = []
    for index in integers(indices, "indices"):
        if isinstance(size, int) and not -size <= index < size:
            raise ValueError(f"takes index {index} of an axis of size {size}")
        pieces.append(cut(x, axis, slice(index, None if index == -1 else index + 1, 1)))
    if indices.ndim == 0:
        return [pieces[0].without(axis)]
    return [joined(pieces, axis)]


def _embedding(scope: Scope, node: Node) -> Value:
    table, x = scope.require(node, 0), scope.value(node, 1)
    if table.ndim != 2 or node.attributes.get("axis", 0) not in (0, -2) or not x.integer:
        raise ValueError("looks up something else than the rows of a constant table, by whole numbers")
    y = scope.add(Embedding, node, x.tensor, [table], input_dim=table.shape[0], output_dim=table.shape[1])
    return Value(y, (*x.axes, len(y.shape) - 1))


def concat(scope: Scope, node: Node) -> list[Value]:
    """Concat along an axis."""
    values = [scope.value(node, index) for index in range(len(node.inputs))]
    if len({value.rank for value in values}) != 1:
        raise ValueError(f"joins arrays of {[value.rank for value in values]} axes")
    return [joined(values, scope.axis(node, values[0], 0))]


def joined(values: Sequence[Value], axis: int) -> Value:
    """Return values joined along one of ONNX's axes."""
    if len(values) == 1:
        return values[0]
    first = values[0]
    if any(value.batch != first.batch for value in values) or axis == first.batch:
        raise ValueError("joins along the batch, or arrays that have the batch at different axes")
    present = {k for value in values for k in real_order(value)} | {axis}
    order = [k for k in real_order(first) if k in present]
    order += sorted(present - set(order))
    tensor = ops.concatenate([arranged(value, order) for value in values], order.index(axis) + 1)
    return placed(tensor, order, first.rank, first.batch)


def tile(scope: Scope, node: Node) -> list[Value]:
    """Tile: a tensor several times along axes."""
    x, entry = scope.value(node), scope.get(node, 1)
    if not isinstance(entry, Known) or entry.array.size != x.rank:
        raise ValueError("needs a constant with a number of repeats for each axis")
    for axis, repeats in enumerate(entry.numbers().reshape(-1).tolist()):
        if repeats == 1:
            continue
        if repeats < 1 or axis == x.batch:
            raise ValueError(f"repeats axis {axis} of sizes {x.sizes} {repeats} times, where the batch stays, and 1 or more is")
        if x.sizes[axis] == 1:
            order = [*real_order(x), axis] if x.axes[axis] is None else real_order(x)
            x = placed(ops.repeat(arranged(x, order), repeats, order.index(axis) + 1), order, x.rank, x.batch)
        elif repeats <= MAX_PIECES:
            x = joined([x] * repeats, axis)
        else:
            raise ValueError(f"repeats sizes {x.sizes} {repeats} times, where at most {MAX_PIECES} are")
    return [x]


def argmax(scope: Scope, node: Node) -> list[Value]:
    """ArgMax: the index of the largest element along an axis, the first of equal ones."""
    x = scope.value(node)
    axis = scope.axis(node, x, 0)
    if axis == x.batch or node.attributes.get("select_last_index", 0):
        raise ValueError("is over the batch, or takes the last of equal elements")
    order = [*(k for k in real_order(x) if k != axis), axis]
    y = ops.argmax(arranged(x, order), -1, keepdims=True)
    result = placed(y, order, x.rank, x.batch)
    return [result if node.attributes.get("keepdims", 1) else result.without(axis)]


HANDLERS: dict[str, Any] = {"Concat": concat, "Gather": gather, "Slice": slices, "Split": split, "Tile": tile, "ArgMax": argmax}
