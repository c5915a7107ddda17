"""Convert nodes that rearrange elements: most of them transpose, drop or join axes of a layer's output."""

from __future__ import annotations

from collections.abc import Callable

from ....layers import Flatten, RepeatVector, Reshape
from ..graph.graph import Node
from ..operators.shapes import axis_of, integers
from ..protobuf.tensors import dtype_of
from .layer_builders import LayerBuilder, LSTMBuilder
from .size_nodes import as_sizes
from .symbolic_values import BATCH, DIRECTIONS, FEATURES, ONE, TIME, Chain, LayerOutput, Size, Value

_FAR = 1 << 30  #: a bound of a slice beyond every size

Handler = Callable[[Chain, Node], Value]


def identity(chain: Chain, node: Node) -> Value:
    """Identity, and Cast to the same type."""
    x = chain.layer_output(node)
    if node.kind == "Cast" and dtype_of(node.attributes.get("to", 0), "it").kind != chain.dtypes[x.layer_count > 0].kind:
        raise ValueError("casts a layer's output to another type")
    return x


def transpose(chain: Chain, node: Node) -> Value:
    """Transpose: axes in another order."""
    x = chain.layer_output(node)
    order = node.attributes.get("perm", range(len(x.axes))[::-1])
    if sorted(order) != list(range(len(x.axes))):
        raise ValueError(f"has a perm {list(order)[:9]} for {len(x.axes)} axes")
    return x._replace(axes=tuple(x.axes[axis] for axis in order))


def squeeze(chain: Chain, node: Node) -> Value:
    """Squeeze: drop axes that always have one element, such as that of a single direction."""
    x, axes = chain.layer_output(node), chain.numbers(node, 1, "axes")
    dropped = {axis_of(axis, len(x.axes)) for axis in axes or ()}
    if not dropped or any(x.axes[axis] != ONE for axis in dropped):
        raise ValueError("drops axes that may have more than one element")
    return x._replace(axes=tuple(name for axis, name in enumerate(x.axes) if axis not in dropped))


def unsqueeze(chain: Chain, node: Node) -> Value:
    """Unsqueeze: insert axes of one element."""
    x, axes = chain.layer_output(node), chain.numbers(node, 1, "axes") or []
    rank = len(x.axes) + len(axes)
    positions = {axis_of(axis, rank) for axis in axes}
    if len(positions) != len(axes) or rank > 5:
        raise ValueError(f"adds the axes {axes[:9]}")
    names = iter(x.axes)
    return x._replace(axes=tuple(ONE if axis in positions else next(names) for axis in range(rank)))


def reshape(chain: Chain, node: Node) -> Value:
    """Reshape: concatenate both directions, or a Reshape layer."""
    x, value = chain.layer_output(node), chain.get(node, 1)
    shape = None if value is None else as_sizes(value)
    if shape is None or node.attributes.get("allowzero", 0):
        raise ValueError("has a shape that is not followed here")
    if x.axes[-2:] in ((DIRECTIONS, FEATURES), (ONE, FEATURES)) and len(shape) == len(x.axes) - 1:
        return _concatenate_directions(chain, x, shape)
    target = [size for size in shape[1:] if isinstance(size, int) and (size > 0 or size == -1)]
    if shape[0] not in (0, chain.size(BATCH)) or len(target) not in (1, 2) or len(target) != len(shape) - 1:
        raise ValueError(f"has the shape {shape[:9]}, where 0 for the batch and sizes of samples were expected")
    axes = (BATCH, FEATURES) if len(target) == 1 else (BATCH, TIME, FEATURES)
    return _with_new_step_count(
        chain, chain.add(batch_major(x), LayerBuilder(Reshape, node.label, {"target_shape": tuple(target)}), axes)
    )


def _concatenate_directions(chain: Chain, x: LayerOutput, shape: tuple[Size, ...]) -> LayerOutput:
    """Join the axes of directions and features; all others must stay."""
    directions, width = chain.size(x.axes[-2]), chain.size(FEATURES)
    last = directions * width if isinstance(directions, int) and isinstance(width, int) else -1
    unchanged = all(size in (0, chain.size(axis)) for axis, size in zip(x.axes[:-2], shape, strict=False))
    if not unchanged or shape[-1] not in (-1, last) or x.merge or x.direction is not None:
        raise ValueError(f"has the shape {shape[:9]}, which does not put both directions side by side")
    return x._replace(axes=(*x.axes[:-2], FEATURES), merge="concat" if x.axes[-2] == DIRECTIONS else None)


def _with_new_step_count(chain: Chain, x: LayerOutput) -> LayerOutput:
    """Return ``x`` after noting that it has another number of steps than the layers before."""
    chain.sizes[TIME] = f"time {x.layer_count}"
    return x


def flatten(chain: Chain, node: Node) -> Value:
    """Flatten layer."""
    x = batch_major(chain.layer_output(node))
    if chain.axis(node, x, 1) != 1:
        raise ValueError("does not flatten samples")
    return chain.add(x, LayerBuilder(Flatten, node.label), (BATCH, FEATURES))


def expand(chain: Chain, node: Node) -> Value:
    """Expand: a RepeatVector."""
    x, shape = chain.layer_output(node), integers(chain.require(node, 1), "the shape")
    if x.axes != (BATCH, ONE, FEATURES) or len(shape) != 3 or shape[0] != 1 or shape[2] != 1 or shape[1] < 1:
        raise ValueError(f"has the shape {shape[:9]}, which does not repeat a row for some steps")
    row = x._replace(axes=(BATCH, FEATURES))
    return _with_new_step_count(
        chain, chain.add(row, LayerBuilder(RepeatVector, node.label, {"n": shape[1]}), (BATCH, TIME, FEATURES))
    )


def slice_steps(chain: Chain, node: Node) -> Value:
    """Slice: reverse the steps, or select the last one."""
    x = chain.layer_output(node)
    starts, ends = chain.numbers(node, 1, "starts"), chain.numbers(node, 2, "ends")
    axes, steps = chain.numbers(node, 3, "axes") or [0], chain.numbers(node, 4, "steps") or [1]
    if starts != [-1] or ends is None or len(ends) != 1 or len(axes) != 1:
        raise ValueError("cuts out a part of a layer's output")
    axis = axis_of(axes[0], len(x.axes))
    if x.axes[axis] == TIME and steps == [-1] and ends[0] < -_FAR:
        return x._replace(time_reversed=not x.time_reversed)
    if x.axes[axis] == TIME and steps == [1] and ends[0] > _FAR:
        return select_index(chain, x, axis, -1, (ONE,))
    raise ValueError("cuts out a part of a layer's output")


def select_index(chain: Chain, x: LayerOutput, axis: int, index: int, new_axes: tuple[str, ...]) -> LayerOutput:
    """Select one index along an axis: a direction, or the step at which an LSTM has seen all steps; insert ``new_axes``."""
    name, builder = x.axes[axis], chain.builders[-1] if chain.builders else None
    selected = x._replace(axes=(*x.axes[:axis], *new_axes, *x.axes[axis + 1 :]))
    if name == ONE and index in (0, -1):
        return selected
    if name == DIRECTIONS and index in (0, 1):
        return selected._replace(direction=index)
    seen_all = isinstance(builder, LSTMBuilder) and len(builder.cells) == 1 and index == (0 if x.time_reversed else -1)
    if name == TIME and x.sequences and seen_all:
        return selected._replace(sequences=False, time_reversed=False)
    raise ValueError("takes a part of a layer's output that is not the last step of an LSTM of one direction")


def batch_major(x: LayerOutput) -> LayerOutput:
    """Return ``x``; ValueError unless it has the batch first and its steps in order."""
    if x.axes not in ((BATCH, FEATURES), (BATCH, TIME, FEATURES)) or x.time_reversed:
        raise ValueError(f"takes a layer's output with its axes as {', '.join(x.axes)}, where the batch was expected first")
    return x


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("Identity", "Cast"), identity),
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Reshape": reshape,
    "Flatten": flatten,
    "Expand": expand,
    "Slice": slice_steps,
}
