"""Write cells as nodes of ONNX's operators LSTM, GRU and RNN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import gates
from ....layers.cells import LSTMCore
from ....layers.cells.cell import Cell
from ....layers.cells.rnn_core import RNNCore
from ....layers.recurrent import Recurrent
from ..operators import activations
from ..operators.lstm_operator import ORDER, PEEPHOLES
from .graph_builder import GraphBuilder, GraphValue


def cells_of(layer: Recurrent) -> list[LSTMCore | RNNCore]:
    """Return the cells of a layer; ValueError for a cell that ONNX does not have."""
    cells = [cell for cell in layer.cells if isinstance(cell, (LSTMCore, RNNCore))]
    if len(cells) < len(layer.cells):
        raise ValueError(f"{layer.name} has a cell that cannot be written as ONNX. Save the model as .nlstm.")
    return cells


def add(
    builder: GraphBuilder,
    label: str,
    direction: str,
    cells: Sequence[Cell],
    value: GraphValue,
    states: bool,
    given: Sequence[Sequence[GraphValue]] = (),
    lengths: str = "",
) -> list[str]:
    """Add a node for the cells of all directions and return the names of Y and of the last states.

    Parameters
    ----------
    states : bool
        Whether the first and the last states are inputs and outputs of the graph.
    given : sequence of sequences of GraphValue
        For each kind of state, h and perhaps c, those of each direction, (N, H).
    lengths : str
        The number of steps of each sequence, (N,), or "".
    """
    first_cell, K = cells[0], len(cells)
    kind = "LSTM" if isinstance(first_cell, LSTMCore) else "GRU" if getattr(first_cell, "gated", False) else "RNN"
    weights, peepholes, attributes = _lstm(cells) if kind == "LSTM" else _others(cells)  # type: ignore[arg-type]
    inputs = [builder.add_constant(f"{label}/{name}", array) for name, array in weights.items()]
    inputs += [""] * (3 - len(inputs))
    H = first_cell.state_sizes[0]
    dims = (K, "N", H)
    names = first_cell.state_names
    initial_states = [builder.add_input(f"{label}_{state}0", dims) for state in names] if states else [""] * len(names)
    if given:
        initial_states = [_stacked(builder, label, directions) for directions in given]
    inputs = [value.name, *inputs, lengths, *initial_states]
    if peepholes is not None:
        inputs.append(builder.add_constant(f"{label}/P", peepholes))
    while not inputs[-1]:
        inputs.pop()
    attributes = {"hidden_size": H, "direction": direction, **attributes}
    Y, *after = builder.add_node(kind, inputs, label, attributes, outputs=1 + len(names))
    if states:
        for state, name in zip(names, after, strict=True):
            builder.add_output(f"{label}_{state}", name, dims)
        return [Y, *(f"{label}_{state}" for state in names)]
    return [Y, *after]


Weights = tuple[dict[str, npt.NDArray[Any]], npt.NDArray[Any] | None, dict[str, Any]]  #: W, R and B; P; attributes


def _lstm(cells: Sequence[LSTMCore]) -> Weights:
    """Return the weights and attributes of an LSTM node."""
    for cell in cells:
        _check(cell, "LSTM", ("projection", "layer_norm", "zoneout", "cell_zoneout", "quantization"))
    weights = [cell.cell_weights for cell in cells]
    arrays = {
        "W": np.stack([_rows(w.kernel.value.T) for w in weights]),
        "R": np.stack([_rows(w.recurrent_kernel.value.T) for w in weights]),
    }
    if cells[0].use_bias:
        zeros = np.zeros(gates.COUNT * cells[0].units)
        arrays["B"] = np.stack([np.concatenate([_rows(w.bias.value), zeros]) for w in weights if w.bias is not None])
    peepholes = [w.peephole.value[list(PEEPHOLES)].reshape(-1) for w in weights if w.peephole is not None]
    return arrays, np.stack(peepholes) if peepholes else None, _attributes(cells)


def _others(cells: Sequence[RNNCore]) -> Weights:
    """Return the weights and attributes of a GRU or an RNN node, whose order of gates is that of Keras."""
    for cell in cells:
        _check(cell, "GRU" if cell.gated else "RNN", ("quantization",))
    weights = [cell.cell_weights for cell in cells]
    arrays = {
        "W": np.stack([w.kernel.value.T for w in weights]),
        "R": np.stack([w.recurrent_kernel.value.T for w in weights]),
    }
    biases = [w.bias.value for w in weights if w.bias is not None]
    if biases:  # of the input alone, or of the input and of the state
        size = 2 * cells[0].spec.gates * cells[0].units
        arrays["B"] = np.stack([np.concatenate([np.reshape(bias, -1), np.zeros(size - bias.size)]) for bias in biases])
    names, alphas, betas = [], [], []
    for cell in cells:
        for argument in ("recurrent_activation", "activation") if cell.gated else ("activation",):
            name, alpha, beta = activations.onnx_name(getattr(cell, argument), f"{cell.name} has {argument}")
            names.append(name)
            alphas += alpha
            betas += beta
    attributes: dict[str, Any] = {"activations": names}
    attributes |= {"activation_alpha": alphas} if alphas else {}
    attributes |= {"activation_beta": betas} if betas else {}
    if cells[0].gated:
        attributes["linear_before_reset"] = int(cells[0].reset_after)
    return arrays, None, attributes


def _stacked(builder: GraphBuilder, label: str, states: Sequence[GraphValue]) -> str:
    """Return states of directions, (N, H) each, as one tensor (directions, N, H)."""
    rows = [builder.add_op("Unsqueeze", [state.name, builder.add_integers([0])], label) for state in states]
    return rows[0] if len(rows) == 1 else builder.add_op("Concat", rows, label, axis=0)


def _attributes(cells: Sequence[LSTMCore]) -> dict[str, Any]:
    names: list[str] = []
    alphas: list[float] = []
    betas: list[float] = []
    for cell in cells:
        for argument in ("recurrent_activation", "activation", "output_activation"):
            name, alpha, beta = activations.onnx_name(getattr(cell.spec, argument), f"{cell.name} has {argument}")
            names.append(name)
            alphas += alpha
            betas += beta
    attributes: dict[str, Any] = {"activations": names}
    if alphas:
        attributes["activation_alpha"] = alphas
    if betas:
        attributes["activation_beta"] = betas
    if cells[0].cell_clip is not None:
        attributes["clip"] = cells[0].cell_clip
    if cells[0].coupled:
        attributes["input_forget"] = 1
    return attributes


def _check(cell: LSTMCore | RNNCore, operator: str, absent: Sequence[str]) -> None:
    """Raise ValueError for options that an operator of ONNX has not."""
    for argument in absent:
        if getattr(cell, argument):
            raise ValueError(f"{cell.name} has {argument}={getattr(cell, argument)!r}, which ONNX's {operator} has not.")


def _rows(columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Reorder the blocks of rows from the order of this package to that of ONNX."""
    return columns.reshape(gates.COUNT, -1)[list(ORDER)].reshape(columns.shape)
