"""LSTM layers as nodes of ONNX's operator LSTM: one node a cell, or one for both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import gates
from ....layers import Bidirectional
from ....layers.lstm_core import LSTMCore
from ....layers.recurrent import Recurrent
from ..operators import activations
from ..operators.lstm_operator import ORDER, PEEPHOLES
from .graph_builder import Builder, Flow

_LAST = -(2**63)  # as the end of a Slice that goes backwards


def add(builder: Builder, layer: Recurrent, flow: Flow, states: bool) -> Flow:
    """The cells of a layer, one above the other."""
    direction = "reverse" if layer.go_backwards else "forward"
    for index, cell in enumerate(layer.cells):
        top = index == len(layer.cells) - 1
        label = layer.name if len(layer.cells) == 1 else f"{layer.name}/{index}"  # no layer's name has a "/"
        Y, Y_h = _node(builder, label, direction, [cell], builder.steps(flow, layer.name), states)
        if top and not layer.return_sequences:
            return Flow(builder.one("Squeeze", [Y_h, builder.whole([0])], layer.name), 2)
        flow = Flow(builder.one("Squeeze", [Y, builder.whole([1])], layer.name), 3, steps_first=True)
    if layer.go_backwards:  # Keras answers in the order of computing
        bounds = [builder.whole(values) for values in ([-1], [_LAST], [0], [-1])]
        flow = builder.through(flow, "Slice", layer.name, *bounds)
    return flow


def add_both(builder: Builder, layer: Bidirectional, flow: Flow, states: bool) -> Flow:
    """Both directions, put together as ``merge_mode`` says."""
    both = layer.forward_layer, layer.backward_layer
    if any(len(part.cells) != 1 for part in both) or both[0].go_backwards:
        raise ValueError(f"{layer.name}: ONNX's LSTM has one cell a direction, the first one forward.")
    one, two = (part.cells[0] for part in both)
    for argument in ("units", "cell_clip", "coupled", "peephole", "use_bias"):
        if getattr(one, argument) != getattr(two, argument):
            raise ValueError(f"{layer.name}: both directions of ONNX's LSTM have one {argument}; these differ.")
    Y, Y_h = _node(builder, layer.name, "bidirectional", [one, two], builder.steps(flow, layer.name), states)
    value, rank = (Y, 3) if layer.return_sequences else (Y_h, 2)
    axis = rank - 2  # of the directions: Y (T, 2, N, H), Y_h (2, N, H)
    if layer.merge_mode == "concat":
        turned = builder.one("Transpose", [value], layer.name, perm=[0, 2, 1, 3] if rank == 3 else [1, 0, 2])
        name = builder.one("Reshape", [turned, builder.whole([0, 0, -1] if rank == 3 else [0, -1])], layer.name)
        return Flow(name, rank, steps_first=rank == 3)
    parts = [
        builder.one("Gather", [value, builder.tensor(f"index_{k}", np.array(k, np.int64))], layer.name, axis=axis)
        for k in (0, 1)
    ]
    name = builder.one("Mul" if layer.merge_mode == "mul" else "Add", parts, layer.name)
    if layer.merge_mode == "ave":
        name = builder.one("Mul", [name, builder.tensor("half", np.array(0.5))], layer.name)
    return Flow(name, rank, steps_first=rank == 3)


def _node(builder: Builder, label: str, direction: str, cells: Sequence[LSTMCore], flow: Flow, states: bool) -> tuple[str, str]:
    """The node; answers the names of Y and Y_h."""
    for cell in cells:
        _check(cell)
    one, K, H = cells[0], len(cells), cells[0].units
    weights = [cell.cell_weights for cell in cells]
    W = builder.tensor(f"{label}/W", np.stack([_rows(w.kernel.value.T) for w in weights]))
    R = builder.tensor(f"{label}/R", np.stack([_rows(w.recurrent_kernel.value.T) for w in weights]))
    B = P = ""
    if one.use_bias:
        biases = [np.concatenate([_rows(w.bias.value), np.zeros(gates.COUNT * H)]) for w in weights]
        B = builder.tensor(f"{label}/B", np.stack(biases))
    if one.peephole:
        P = builder.tensor(f"{label}/P", np.stack([w.peephole.value[list(PEEPHOLES)].reshape(-1) for w in weights]))
    firsts = [builder.input(f"{label}_{state}0", (K, "N", H)) for state in ("h", "c")] if states else ["", ""]
    inputs = [flow.name, W, R, B, "", *firsts, P]
    while not inputs[-1]:
        inputs.pop()
    Y, Y_h, Y_c = builder.node("LSTM", inputs, label, _attributes(cells, direction), outputs=3)
    if states:
        for state, made in (("h", Y_h), ("c", Y_c)):
            builder.output(f"{label}_{state}", made, (K, "N", H))
        return Y, f"{label}_h"
    return Y, Y_h


def _attributes(cells: Sequence[LSTMCore], direction: str) -> dict[str, Any]:
    names: list[str] = []
    alphas: list[float] = []
    betas: list[float] = []
    for cell in cells:
        for argument in ("recurrent_activation", "activation", "output_activation"):
            name, alpha, beta = activations.named(getattr(cell.spec, argument), f"{cell.name} has {argument}")
            names.append(name)
            alphas += alpha
            betas += beta
    found: dict[str, Any] = {"hidden_size": cells[0].units, "direction": direction, "activations": names}
    if alphas:
        found["activation_alpha"] = alphas
    if betas:
        found["activation_beta"] = betas
    if cells[0].cell_clip is not None:
        found["clip"] = cells[0].cell_clip
    if cells[0].coupled:
        found["input_forget"] = 1
    return found


def _check(cell: LSTMCore) -> None:
    for argument in ("projection", "layer_norm", "zoneout", "cell_zoneout", "quantization"):
        if getattr(cell, argument):
            raise ValueError(f"{cell.name} has {argument}={getattr(cell, argument)!r}, which ONNX's LSTM has not.")


def _rows(columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Blocks of rows in ONNX's order for ours."""
    return columns.reshape(gates.COUNT, -1)[list(ORDER)].reshape(columns.shape)
