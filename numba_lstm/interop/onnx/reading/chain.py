"""An ONNX graph as a Sequential, where its nodes are a chain of layers.

The nodes are walked in their order. Nothing is computed: :mod:`.flows` says what the names stand for, :mod:`.chain_shapes`,
:mod:`.chain_layers` and :mod:`.chain_sizes` what each kind of node makes of them, :mod:`.drafts` what layers come of it.
"""

from __future__ import annotations

import os

import numpy as np

from ....files.errors import REFUSALS, FileFormatError, brief
from ....files.limits import MAX_LAYERS
from ....kernels.specs import Activation as Spec
from ....layers import Activation
from ....models.sequential import Sequential
from ..graph import reader
from ..graph.graph import Graph, Node
from ..graph.graph import Value as Port
from . import layer_nodes, shape_nodes, size_nodes
from .layer_builders import Draft, model_of
from .symbolic_values import BATCH, FEATURES, TIME, Filled, Flow, Sizes, Walk

_HANDLERS = shape_nodes.HANDLERS | layer_nodes.HANDLERS


def load_model(path: str | os.PathLike[str], *, external_data: bool = False, time_first: bool = False) -> Sequential:
    """The model that computes what an ONNX graph computes, if that is a chain of layers; it can then be trained and saved.

    Nodes become LSTM (Bidirectional where it has two directions), Dense, Activation, Embedding, LayerNormalization,
    BatchNormalization (a factor and a summand), RepeatVector, Reshape and Flatten, with what stands around them to turn,
    squeeze and join axes. :func:`load` runs other graphs.

    Parameters
    ----------
    path : path
        The file.
    external_data : bool
        As :func:`load`'s.
    time_first : bool
        Say that the graph takes its steps first, (T, N, D), as PyTorch does by default. The model takes (N, T, D).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged or forged, and for a graph that is no such chain, with the node where that shows.
    """
    graph = reader.load(path, external_data=external_data)
    try:
        return _model(graph, time_first)
    except FileFormatError as error:
        raise FileFormatError(f"{os.fsdecode(path)}: {error}") from error


def _model(graph: Graph, time_first: bool) -> Sequential:
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        names = ", ".join(repr(value.name) for value in (*graph.inputs, *graph.outputs))
        raise FileFormatError(f"a Sequential has one input and one output; the graph has {names:.200}.")
    entry, exit = graph.inputs[0], graph.outputs[0]
    walk, indices = Walk(graph), entry.dtype.kind in "iu"
    flow = Flow(_axes(entry, indices, time_first), 0)
    walk.values[entry.name] = flow
    walk.sizes |= {axis: known for place, axis in enumerate(flow.axes) if (known := _size(entry, place)) and axis != FEATURES}
    if exit.dtype not in (np.float32, np.float64) or entry.dtype not in (exit.dtype, np.int32, np.int64):
        raise FileFormatError(f"its input is {entry.dtype} and its output {exit.dtype}; a model has float32 or float64.")
    for node in graph.nodes:
        _step(walk, node)
        if len(walk.drafts) >= MAX_LAYERS:
            raise FileFormatError(f"its graph has more than {MAX_LAYERS} layers.")
    if not walk.drafts:
        _pass_on(walk, exit)
    _finish(walk, exit, flow.axes)
    features = _features(walk, entry, flow.axes)
    sizes = {BATCH: None, FEATURES: features, TIME: _size(entry, flow.axes.index(TIME)) if TIME in flow.axes else None}
    shape = [sizes[axis] for axis in ((TIME,) if indices else (TIME, FEATURES)) if axis in flow.axes]
    try:
        return model_of(walk.drafts, shape, str(exit.dtype), indices, walk.elements)
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be made: {brief(error)}") from error


def _axes(entry: Port, indices: bool, time_first: bool) -> tuple[str, ...]:
    """What the axes of the graph's input are."""
    rank = None if entry.shape is None else len(entry.shape)
    if indices and rank == 2:
        return (BATCH, TIME)
    if rank == 2:
        return (BATCH, FEATURES)
    if rank != 3 or indices:
        raise FileFormatError(f"its input {entry.name!r:.100} has shape {entry.shape}; sequences of features have three axes.")
    return (TIME, BATCH, FEATURES) if time_first else (BATCH, TIME, FEATURES)


def _step(walk: Walk, node: Node) -> None:
    """Take one node more."""
    try:
        inputs = [walk.get(node, index) for index in range(len(node.inputs))]
        apart = not any(isinstance(value, Flow) for value in inputs)
        if node.kind in ("Shape", "ConstantOfShape") or (apart and any(isinstance(v, (Filled, Sizes)) for v in inputs)):
            walk.values[node.outputs[0]] = size_nodes.sizes(walk, node, inputs)
        elif node.kind == "LSTM":
            walk.values.update(zip(node.outputs, layer_nodes.lstm(walk, node), strict=False))
        else:
            handler = _HANDLERS.get(node.kind)
            if handler is None:
                raise ValueError("is no layer here")
            walk.values[node.outputs[0]] = handler(walk, node)
    except REFUSALS as error:
        raise FileFormatError(
            f"its {node.name} {brief(error)}, so the graph is no chain of layers. (numba_lstm.interop.onnx.load runs others.)"
        ) from error


def _pass_on(walk: Walk, exit: Port) -> None:
    """A graph without a layer, as of a model of dropouts, hands its input on: one layer that does the same."""
    flow = walk.values.get(exit.name)
    if not isinstance(flow, Flow):
        raise FileFormatError(f"its output {exit.name!r:.100} does not depend on its input.")
    walk.values[exit.name] = walk.add(flow, Draft(Activation, "", {"activation": Spec()}))


def _finish(walk: Walk, exit: Port, entered: tuple[str, ...]) -> None:
    """The last layer's output is the graph's."""
    flow = walk.values.get(exit.name)
    if not isinstance(flow, Flow) or flow.stage != len(walk.drafts):
        raise FileFormatError(f"its output {exit.name!r:.100} is not what its last layer puts out.")
    expected = [(BATCH, FEATURES), entered if TIME in entered and FEATURES in entered else (BATCH, TIME, FEATURES)]
    if flow.axes not in expected or flow.turned:
        turned = ", and steps from the last to the first" if flow.turned else ""
        raise FileFormatError(
            f"its output {exit.name!r:.100} has the axes {', '.join(flow.axes)}{turned}; a Sequential puts out {expected[-1]}."
        )
    try:
        walk.settle(flow)
    except ValueError as error:
        raise FileFormatError(f"its output {exit.name!r:.100} {error}.") from error


def _features(walk: Walk, entry: Port, axes: tuple[str, ...]) -> int | None:
    """The number of features, as the input says or else the first layer that knows it."""
    known = next((draft.features for draft in walk.drafts if draft.features is not None), None)
    return _size(entry, axes.index(FEATURES)) or known if FEATURES in axes else None


def _size(entry: Port, axis: int) -> int | None:
    size = entry.shape[axis] if entry.shape is not None else None
    return size if isinstance(size, int) and size > 0 else None
