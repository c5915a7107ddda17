"""Nodes that move elements, in a chain of layers: most of them only turn, drop or join axes of a layer's output."""

from __future__ import annotations

from collections.abc import Callable

from ....layers import Flatten, RepeatVector, Reshape
from ..graph.graph import Node
from ..operators.shapes import axis_of, whole
from ..protobuf.tensors import dtype_of
from .layer_builders import Draft, Recurrence
from .size_nodes import known
from .symbolic_values import BATCH, DIRECTIONS, FEATURES, ONE, TIME, Flow, Size, Value, Walk

_FAR = 1 << 30  #: a bound of a slice that is past every end

Handler = Callable[[Walk, Node], Value]


def same(walk: Walk, node: Node) -> Value:
    """Identity, and a Cast to the type that it has."""
    flow = walk.flow(node)
    if node.kind == "Cast" and dtype_of(node.attributes.get("to", 0), "it").kind != walk.dtypes[flow.stage > 0].kind:
        raise ValueError("casts a layer's output to another type")
    return flow


def transpose(walk: Walk, node: Node) -> Value:
    """Axes in another order."""
    flow = walk.flow(node)
    order = node.attributes.get("perm", range(len(flow.axes))[::-1])
    if sorted(order) != list(range(len(flow.axes))):
        raise ValueError(f"has a perm {list(order)[:9]} for {len(flow.axes)} axes")
    return flow._replace(axes=tuple(flow.axes[axis] for axis in order))


def squeeze(walk: Walk, node: Node) -> Value:
    """Without an axis that is one by what it is, as that of one direction."""
    flow, axes = walk.flow(node), walk.numbers(node, 1, "axes")
    dropped = {axis_of(axis, len(flow.axes)) for axis in axes or ()}
    if not dropped or any(flow.axes[axis] != ONE for axis in dropped):
        raise ValueError("drops axes that may have more than one element")
    return flow._replace(axes=tuple(name for axis, name in enumerate(flow.axes) if axis not in dropped))


def unsqueeze(walk: Walk, node: Node) -> Value:
    """With axes of one element."""
    flow, axes = walk.flow(node), walk.numbers(node, 1, "axes") or []
    rank = len(flow.axes) + len(axes)
    places = {axis_of(axis, rank) for axis in axes}
    if len(places) != len(axes) or rank > 5:
        raise ValueError(f"adds the axes {axes[:9]}")
    names = iter(flow.axes)
    return flow._replace(axes=tuple(ONE if axis in places else next(names) for axis in range(rank)))


def reshape(walk: Walk, node: Node) -> Value:
    """Both directions side by side, or a Reshape of samples."""
    flow, value = walk.flow(node), walk.get(node, 1)
    shape = None if value is None else known(value)
    if shape is None or node.attributes.get("allowzero", 0):
        raise ValueError("has a shape that is not followed here")
    if flow.axes[-2:] in ((DIRECTIONS, FEATURES), (ONE, FEATURES)) and len(shape) == len(flow.axes) - 1:
        return _side_by_side(walk, flow, shape)
    target = [size for size in shape[1:] if isinstance(size, int) and (size > 0 or size == -1)]
    if shape[0] not in (0, walk.size(BATCH)) or len(target) not in (1, 2) or len(target) != len(shape) - 1:
        raise ValueError(f"has the shape {shape[:9]}, where 0 for the batch and sizes of samples were expected")
    axes = (BATCH, FEATURES) if len(target) == 1 else (BATCH, TIME, FEATURES)
    return _other_steps(walk, walk.add(samples(flow), Draft(Reshape, node.label, {"target_shape": tuple(target)}), axes))


def _side_by_side(walk: Walk, flow: Flow, shape: tuple[Size, ...]) -> Flow:
    """Directions and features as one axis, all others as they are."""
    both, width = walk.size(flow.axes[-2]), walk.size(FEATURES)
    last = both * width if isinstance(both, int) and isinstance(width, int) else -1
    kept = all(size in (0, walk.size(axis)) for axis, size in zip(flow.axes[:-2], shape, strict=False))
    if not kept or shape[-1] not in (-1, last) or flow.merge or flow.part is not None:
        raise ValueError(f"has the shape {shape[:9]}, which does not put both directions side by side")
    return flow._replace(axes=(*flow.axes[:-2], FEATURES), merge="concat" if flow.axes[-2] == DIRECTIONS else None)


def _other_steps(walk: Walk, flow: Flow) -> Flow:
    """``flow``, which has another number of steps than what came before."""
    walk.sizes[TIME] = f"time {flow.stage}"
    return flow


def flatten(walk: Walk, node: Node) -> Value:
    """Samples as rows."""
    flow = samples(walk.flow(node))
    if walk.axis(node, flow, 1) != 1:
        raise ValueError("does not flatten samples")
    return walk.add(flow, Draft(Flatten, node.label), (BATCH, FEATURES))


def expand(walk: Walk, node: Node) -> Value:
    """A row repeated for a number of steps."""
    flow, shape = walk.flow(node), whole(walk.need(node, 1), "the shape")
    if flow.axes != (BATCH, ONE, FEATURES) or len(shape) != 3 or shape[0] != 1 or shape[2] != 1 or shape[1] < 1:
        raise ValueError(f"has the shape {shape[:9]}, which does not repeat a row for some steps")
    row = flow._replace(axes=(BATCH, FEATURES))
    return _other_steps(walk, walk.add(row, Draft(RepeatVector, node.label, {"n": shape[1]}), (BATCH, TIME, FEATURES)))


def cut(walk: Walk, node: Node) -> Value:
    """All steps from the last to the first, or the last one alone."""
    flow = walk.flow(node)
    starts, ends = walk.numbers(node, 1, "starts"), walk.numbers(node, 2, "ends")
    axes, steps = walk.numbers(node, 3, "axes") or [0], walk.numbers(node, 4, "steps") or [1]
    if starts != [-1] or ends is None or len(ends) != 1 or len(axes) != 1:
        raise ValueError("cuts out a part of a layer's output")
    axis = axis_of(axes[0], len(flow.axes))
    if flow.axes[axis] == TIME and steps == [-1] and ends[0] < -_FAR:
        return flow._replace(turned=not flow.turned)
    if flow.axes[axis] == TIME and steps == [1] and ends[0] > _FAR:
        return pick(walk, flow, axis, -1, (ONE,))
    raise ValueError("cuts out a part of a layer's output")


def pick(walk: Walk, flow: Flow, axis: int, index: int, left: tuple[str, ...]) -> Flow:
    """One index along an axis, of which ``left`` stays: one direction, or the step at which an LSTM has seen everything."""
    name, draft = flow.axes[axis], walk.drafts[-1] if walk.drafts else None
    rest = flow._replace(axes=(*flow.axes[:axis], *left, *flow.axes[axis + 1 :]))
    if name == ONE and index in (0, -1):
        return rest
    if name == DIRECTIONS and index in (0, 1):
        return rest._replace(part=index)
    seen_all = isinstance(draft, Recurrence) and len(draft.cells) == 1 and index == (0 if flow.turned else -1)
    if name == TIME and flow.sequences and seen_all:
        return rest._replace(sequences=False, turned=False)
    raise ValueError("takes a part of a layer's output that is not the last step of an LSTM of one direction")


def samples(flow: Flow) -> Flow:
    """``flow``, if it has the batch first and steps in order."""
    if flow.axes not in ((BATCH, FEATURES), (BATCH, TIME, FEATURES)) or flow.turned:
        raise ValueError(f"takes a layer's output with its axes as {', '.join(flow.axes)}, where the batch was expected first")
    return flow


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("Identity", "Cast"), same),
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Reshape": reshape,
    "Flatten": flatten,
    "Expand": expand,
    "Slice": cut,
}
