"""Convert an ONNX graph to a Sequential, if its nodes form a chain of layers.

The converter visits the nodes in order and computes no array: names stand for symbolic values.
"""

from __future__ import annotations

import numpy as np

from ....files.errors import REFUSALS, FileFormatError, short_message
from ....files.limits import MAX_LAYERS
from ....kernels.specs import Activation as Spec
from ....layers import Activation
from ....models.sequential import Sequential
from ..graph.graph import Graph, Node
from ..graph.graph import Value as GraphValue
from . import layer_nodes, shape_nodes, size_nodes
from .layer_builders import LayerBuilder, build_model
from .symbolic_values import BATCH, FEATURES, TIME, Chain, LayerOutput, Sizes, UniformArray

_HANDLERS = shape_nodes.HANDLERS | layer_nodes.HANDLERS


def chain_model(graph: Graph, time_first: bool) -> Sequential:
    """Return a model of a graph that is a chain of layers; see :func:`~numba_lstm.interop.onnx.load_model`.

    Raises
    ------
    FileFormatError
        For another graph; the message names its first node that is no part of a chain.
    """
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        names = ", ".join(repr(value.name) for value in (*graph.inputs, *graph.outputs))
        raise FileFormatError(f"a Sequential has one input and one output; the graph has {names:.200}.")
    graph_input, graph_output = graph.inputs[0], graph.outputs[0]
    chain, indices = Chain(graph), graph_input.dtype.kind in "iu"
    output = LayerOutput(_axes(graph_input, indices, time_first), 0)
    chain.values[graph_input.name] = output
    chain.sizes |= {
        axis: size for index, axis in enumerate(output.axes) if (size := _size(graph_input, index)) and axis != FEATURES
    }
    if graph_output.dtype not in (np.float32, np.float64) or graph_input.dtype not in (graph_output.dtype, np.int32, np.int64):
        raise FileFormatError(
            f"its input is {graph_input.dtype} and its output {graph_output.dtype}; a model has float32 or float64."
        )
    for node in graph.nodes:
        _visit(chain, node)
        if len(chain.builders) >= MAX_LAYERS:
            raise FileFormatError(f"its graph has more than {MAX_LAYERS} layers.")
    if not chain.builders:
        _add_identity(chain, graph_output)
    _check_output(chain, graph_output, output.axes)
    features = _features(chain, graph_input, output.axes)
    sizes = {
        BATCH: None,
        FEATURES: features,
        TIME: _size(graph_input, output.axes.index(TIME)) if TIME in output.axes else None,
    }
    shape = [sizes[axis] for axis in ((TIME,) if indices else (TIME, FEATURES)) if axis in output.axes]
    try:
        return build_model(chain.builders, shape, str(graph_output.dtype), indices, chain.elements)
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be made: {short_message(error)}") from error


def _axes(graph_input: GraphValue, indices: bool, time_first: bool) -> tuple[str, ...]:
    """The axes of the graph's input."""
    rank = None if graph_input.shape is None else len(graph_input.shape)
    if indices and rank == 2:
        return (BATCH, TIME)
    if rank == 2:
        return (BATCH, FEATURES)
    if rank != 3 or indices:
        raise FileFormatError(
            f"its input {graph_input.name!r:.100} has shape {graph_input.shape}; sequences of features have three axes."
        )
    return (TIME, BATCH, FEATURES) if time_first else (BATCH, TIME, FEATURES)


def _visit(chain: Chain, node: Node) -> None:
    """Update the chain by one node."""
    try:
        inputs = [chain.get(node, index) for index in range(len(node.inputs))]
        constant = not any(isinstance(value, LayerOutput) for value in inputs)
        if node.kind in ("Shape", "ConstantOfShape") or (
            constant and any(isinstance(v, (UniformArray, Sizes)) for v in inputs)
        ):
            chain.values[node.outputs[0]] = size_nodes.sizes(chain, node, inputs)
        elif node.kind == "LSTM":
            chain.values.update(zip(node.outputs, layer_nodes.lstm(chain, node), strict=False))
        else:
            handler = _HANDLERS.get(node.kind)
            if handler is None:
                raise ValueError("is no layer here")
            chain.values[node.outputs[0]] = handler(chain, node)
    except REFUSALS as error:
        raise FileFormatError(
            f"its {node.name} {short_message(error)}, so the graph is no chain of layers. "
            "(numba_lstm.interop.onnx.load runs others.)"
        ) from error


def _add_identity(chain: Chain, graph_output: GraphValue) -> None:
    """Add an identity layer for a graph that returns its input, as the graph of a model of dropouts does."""
    output = chain.values.get(graph_output.name)
    if not isinstance(output, LayerOutput):
        raise FileFormatError(f"its output {graph_output.name!r:.100} does not depend on its input.")
    chain.values[graph_output.name] = chain.add(output, LayerBuilder(Activation, "", {"activation": Spec()}))


def _check_output(chain: Chain, graph_output: GraphValue, input_axes: tuple[str, ...]) -> None:
    """Refuse a graph whose output is not that of the last layer."""
    output = chain.values.get(graph_output.name)
    if not isinstance(output, LayerOutput) or output.layer_count != len(chain.builders):
        raise FileFormatError(f"its output {graph_output.name!r:.100} is not what its last layer puts out.")
    expected = [(BATCH, FEATURES), input_axes if TIME in input_axes and FEATURES in input_axes else (BATCH, TIME, FEATURES)]
    if output.axes not in expected or output.time_reversed:
        axes = ", ".join(output.axes) + (", and steps from the last to the first" if output.time_reversed else "")
        raise FileFormatError(
            f"its output {graph_output.name!r:.100} has the axes {axes}; a Sequential puts out {expected[-1]}."
        )
    try:
        chain.select_output(output)
    except ValueError as error:
        raise FileFormatError(f"its output {graph_output.name!r:.100} {error}.") from error


def _features(chain: Chain, graph_input: GraphValue, axes: tuple[str, ...]) -> int | None:
    """The number of features according to the input, or else to the first layer that has it."""
    first_known = next((builder.features for builder in chain.builders if builder.features is not None), None)
    return _size(graph_input, axes.index(FEATURES)) or first_known if FEATURES in axes else None


def _size(graph_input: GraphValue, axis: int) -> int | None:
    size = graph_input.shape[axis] if graph_input.shape is not None else None
    return size if isinstance(size, int) and size > 0 else None
