"""Write LSTM layers as nodes of the ONNX operator LSTM: one node per cell, or one for both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import gates
from ....layers import Bidirectional
from ....layers.cells import LSTMCore
from ....layers.recurrent import Recurrent
from ..operators import activations
from ..operators.lstm_operator import ORDER, PEEPHOLES
from .graph_builder import GraphBuilder, GraphValue

_LAST = -(2**63)  # as the end of a Slice that goes backwards


def add(
    builder: GraphBuilder, layer: Recurrent, value: GraphValue, states: bool, initial_states: Sequence[GraphValue] = ()
) -> list[GraphValue]:
    """Add a node for each cell of a layer and return the layer's output and last states."""
    direction = "reverse" if layer.go_backwards else "forward"
    last: list[GraphValue] = []
    for index, cell in enumerate(_lstm_cells(layer)):
        is_last = index == len(layer.cells) - 1
        label = layer.name if len(layer.cells) == 1 else f"{layer.name}/{index}"  # no layer's name has a "/"
        first = [[state] for state in initial_states[2 * index : 2 * index + 2]]
        Y, Y_h, Y_c = _node(builder, label, direction, [cell], builder.time_first(value, layer.name), states, first)
        if layer.return_state:
            last += [_direction(builder, layer.name, state, 0) for state in (Y_h, Y_c)]
        if is_last and not layer.return_sequences:
            return [GraphValue(builder.add_op("Squeeze", [Y_h, builder.add_integers([0])], layer.name), 2), *last]
        value = GraphValue(builder.add_op("Squeeze", [Y, builder.add_integers([1])], layer.name), 3, time_is_first=True)
    if layer.go_backwards:  # Keras returns outputs in the order of computation
        bounds = [builder.add_integers(values) for values in ([-1], [_LAST], [0], [-1])]
        value = builder.apply(value, "Slice", layer.name, *bounds)
    return [value, *last]


def _direction(builder: GraphBuilder, layer: str, state: str, index: int) -> GraphValue:
    """Return the states of one direction, (N, H), of those of all, (directions, N, H)."""
    number = builder.add_constant(f"index_{index}", np.array(index, np.int64))
    return GraphValue(builder.add_op("Gather", [state, number], layer, axis=0), 2)


def add_bidirectional(
    builder: GraphBuilder, layer: Bidirectional, value: GraphValue, states: bool, initial_states: Sequence[GraphValue] = ()
) -> list[GraphValue]:
    """Add one node for both directions and merge them as ``merge_mode`` says; return the layer's output and last states."""
    layers = layer.forward_layer, layer.backward_layer
    if any(len(direction_layer.cells) != 1 for direction_layer in layers) or layers[0].go_backwards:
        raise ValueError(f"{layer.name}: ONNX's LSTM has one cell a direction, the first one forward.")
    first, second = (_lstm_cells(direction_layer)[0] for direction_layer in layers)
    for argument in ("units", "cell_clip", "coupled", "peephole", "use_bias"):
        if getattr(first, argument) != getattr(second, argument):
            raise ValueError(f"{layer.name}: both directions of ONNX's LSTM have one {argument}; these differ.")
    given = [[initial_states[0], initial_states[2]], [initial_states[1], initial_states[3]]] if initial_states else []
    sequence = builder.time_first(value, layer.name)
    Y, Y_h, Y_c = _node(builder, layer.name, "bidirectional", [first, second], sequence, states, given)
    last = [_direction(builder, layer.name, state, k) for k in (0, 1) for state in (Y_h, Y_c)] if layer.return_state else []
    return [_merged(builder, layer, Y, Y_h), *last]


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


def _lstm_cells(layer: Recurrent) -> list[LSTMCore]:
    """Return the cells of a layer; ValueError for a cell that is no LSTM."""
    cells = [cell for cell in layer.cells if isinstance(cell, LSTMCore)]
    if len(cells) < len(layer.cells):
        raise ValueError(f"{layer.name} has a cell that is no LSTM and cannot be written as ONNX. Save the model as .nlstm.")
    return cells


def _node(
    builder: GraphBuilder,
    label: str,
    direction: str,
    cells: Sequence[LSTMCore],
    value: GraphValue,
    states: bool,
    given: Sequence[Sequence[GraphValue]] = (),
) -> tuple[str, str, str]:
    """Add the node and return the names of Y, Y_h and Y_c; ``given`` has h and c of each direction, (N, H)."""
    for cell in cells:
        _check(cell)
    first_cell, K, H = cells[0], len(cells), cells[0].units
    weights = [cell.cell_weights for cell in cells]
    W = builder.add_constant(f"{label}/W", np.stack([_rows(w.kernel.value.T) for w in weights]))
    R = builder.add_constant(f"{label}/R", np.stack([_rows(w.recurrent_kernel.value.T) for w in weights]))
    B = P = ""
    if first_cell.use_bias:
        biases = [np.concatenate([_rows(w.bias.value), np.zeros(gates.COUNT * H)]) for w in weights]
        B = builder.add_constant(f"{label}/B", np.stack(biases))
    if first_cell.peephole:
        P = builder.add_constant(f"{label}/P", np.stack([w.peephole.value[list(PEEPHOLES)].reshape(-1) for w in weights]))
    initial_states = [builder.add_input(f"{label}_{state}0", (K, "N", H)) for state in ("h", "c")] if states else ["", ""]
    if given:
        initial_states = [_stacked(builder, label, directions) for directions in given]
    inputs = [value.name, W, R, B, "", *initial_states, P]
    while not inputs[-1]:
        inputs.pop()
    Y, Y_h, Y_c = builder.add_node("LSTM", inputs, label, _attributes(cells, direction), outputs=3)
    if states:
        for state, name in (("h", Y_h), ("c", Y_c)):
            builder.add_output(f"{label}_{state}", name, (K, "N", H))
        return Y, f"{label}_h", f"{label}_c"
    return Y, Y_h, Y_c


def _stacked(builder: GraphBuilder, label: str, states: Sequence[GraphValue]) -> str:
    """Return states of directions, (N, H) each, as one tensor (directions, N, H)."""
    rows = [builder.add_op("Unsqueeze", [state.name, builder.add_integers([0])], label) for state in states]
    return rows[0] if len(rows) == 1 else builder.add_op("Concat", rows, label, axis=0)


def _attributes(cells: Sequence[LSTMCore], direction: str) -> dict[str, Any]:
    names: list[str] = []
    alphas: list[float] = []
    betas: list[float] = []
    for cell in cells:
        for argument in ("recurrent_activation", "activation", "output_activation"):
            name, alpha, beta = activations.onnx_name(getattr(cell.spec, argument), f"{cell.name} has {argument}")
            names.append(name)
            alphas += alpha
            betas += beta
    attributes: dict[str, Any] = {"hidden_size": cells[0].units, "direction": direction, "activations": names}
    if alphas:
        attributes["activation_alpha"] = alphas
    if betas:
        attributes["activation_beta"] = betas
    if cells[0].cell_clip is not None:
        attributes["clip"] = cells[0].cell_clip
    if cells[0].coupled:
        attributes["input_forget"] = 1
    return attributes


def _check(cell: LSTMCore) -> None:
    for argument in ("projection", "layer_norm", "zoneout", "cell_zoneout", "quantization"):
        if getattr(cell, argument):
            raise ValueError(f"{cell.name} has {argument}={getattr(cell, argument)!r}, which ONNX's LSTM has not.")


def _rows(columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Reorder the blocks of rows from the order of this package to that of ONNX."""
    return columns.reshape(gates.COUNT, -1)[list(ORDER)].reshape(columns.shape)
