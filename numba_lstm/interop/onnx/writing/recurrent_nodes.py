"""Write recurrent layers: one node of LSTM, GRU or RNN per cell, or one for both directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....layers import Bidirectional
from ....layers.recurrent import Recurrent
from . import cell_nodes
from .graph_builder import GraphBuilder, GraphValue

_LAST = -(2**63)  # as the end of a Slice that goes backwards
_INT32 = 6  # ONNX's number of this type


def add(
    builder: GraphBuilder,
    layer: Recurrent,
    value: GraphValue,
    states: bool,
    initial_states: Sequence[GraphValue] = (),
    mask: str | None = None,
) -> list[GraphValue]:
    """Add a node for each cell of a layer and return the layer's output and last states.

    ``mask`` (N, T) is written as the number of steps of each sequence, so that what it leaves out must be behind the others.
    """
    if mask is not None and layer.go_backwards and layer.return_sequences:
        raise ValueError(f"{layer.name} goes backwards over masked steps, which cannot be written as ONNX. Use Bidirectional.")
    direction, lengths = "reverse" if layer.go_backwards else "forward", _lengths(builder, layer.name, mask)
    last: list[GraphValue] = []
    given = list(initial_states)
    for index, cell in enumerate(cell_nodes.cells_of(layer)):
        is_last = index == len(layer.cells) - 1
        label = layer.name if len(layer.cells) == 1 else f"{layer.name}/{index}"  # no layer's name has a "/"
        first = [[given.pop(0)] for _ in cell.state_names if given]
        sequence = builder.time_first(value, layer.name)
        Y, *after = cell_nodes.add(builder, label, direction, [cell], sequence, states, first, lengths)
        if layer.return_state:
            last += [_direction(builder, layer.name, state, 0) for state in after]
        if is_last and not layer.return_sequences:
            return [GraphValue(builder.add_op("Squeeze", [after[0], builder.add_integers([0])], layer.name), 2), *last]
        value = GraphValue(builder.add_op("Squeeze", [Y, builder.add_integers([1])], layer.name), 3, time_is_first=True)
    if layer.go_backwards:  # Keras returns outputs in the order of computation
        bounds = [builder.add_integers(values) for values in ([-1], [_LAST], [0], [-1])]
        value = builder.apply(value, "Slice", layer.name, *bounds)
    if (
        mask is not None and not layer.zero_output_for_mask
    ):  # ONNX's outputs of other steps are zero, Keras repeats the last one
        steps = builder.add_op("Unsqueeze", [mask, builder.add_integers([2])], layer.name)
        steps = builder.add_op("Transpose", [steps], layer.name, perm=[1, 0, 2])
        value = value._replace(name=builder.add_op("Where", [steps, value.name, after[0]], layer.name))
    return [value, *last]


def _lengths(builder: GraphBuilder, layer: str, mask: str | None) -> str:
    """Return the number of steps of each sequence, (N,), or "" without a mask."""
    if mask is None:
        return ""
    steps = builder.add_op("Cast", [mask], layer, to=_INT32)
    return builder.add_op("ReduceSum", [steps, builder.add_integers([1])], layer, keepdims=0)


def _direction(builder: GraphBuilder, layer: str, state: str, index: int) -> GraphValue:
    """Return the states of one direction, (N, H), of those of all, (directions, N, H)."""
    number = builder.add_constant(f"index_{index}", np.array(index, np.int64))
    return GraphValue(builder.add_op("Gather", [state, number], layer, axis=0), 2)


def add_bidirectional(
    builder: GraphBuilder,
    layer: Bidirectional,
    value: GraphValue,
    states: bool,
    initial_states: Sequence[GraphValue] = (),
    mask: str | None = None,
) -> list[GraphValue]:
    """Add one node for both directions and merge them as ``merge_mode`` says; return the layer's output and last states."""
    layers = layer.forward_layer, layer.backward_layer
    if any(len(direction_layer.cells) != 1 for direction_layer in layers) or layers[0].go_backwards:
        raise ValueError(f"{layer.name}: ONNX's recurrent operators have one cell a direction, the first one forward.")
    first, second = (cell_nodes.cells_of(direction_layer)[0] for direction_layer in layers)
    for argument in ("units", "cell_clip", "coupled", "peephole", "use_bias", "kind", "reset_after"):
        if getattr(first, argument, None) != getattr(second, argument, None):
            raise ValueError(f"{layer.name}: both directions of an operator of ONNX have one {argument}; these differ.")
    half = len(initial_states) // 2
    given = [list(pair) for pair in zip(initial_states[:half], initial_states[half:], strict=True)]
    sequence, lengths = builder.time_first(value, layer.name), _lengths(builder, layer.name, mask)
    Y, *after = cell_nodes.add(builder, layer.name, "bidirectional", [first, second], sequence, states, given, lengths)
    last = [_direction(builder, layer.name, state, k) for k in (0, 1) for state in after] if layer.return_state else []
    return [_merged(builder, layer, Y, after[0]), *last]


def _merged(builder: GraphBuilder, layer: Bidirectional, Y: str, Y_h: str) -> GraphValue:
    """Merge the outputs of both directions."""
    name, rank = (Y, 3) if layer.return_sequences else (Y_h, 2)
    axis = rank - 2  # of the directions: Y (T, 2, N, H), Y_h (2, N, H)
    if layer.merge_mode == "concat":
        transposed = builder.add_op("Transpose", [name], layer.name, perm=[0, 2, 1, 3] if rank == 3 else [1, 0, 2])
        name = builder.add_op("Reshape", [transposed, builder.add_integers([0, 0, -1] if rank == 3 else [0, -1])], layer.name)
        return GraphValue(name, rank, time_is_first=rank == 3)
    directions = [
        builder.add_op("Gather", [name, builder.add_constant(f"index_{k}", np.array(k, np.int64))], layer.name, axis=axis)
        for k in (0, 1)
    ]
    name = builder.add_op("Mul" if layer.merge_mode == "mul" else "Add", directions, layer.name)
    if layer.merge_mode == "ave":
        name = builder.add_op("Mul", [name, builder.add_constant("half", np.array(0.5))], layer.name)
    return GraphValue(name, rank, time_is_first=rank == 3)
