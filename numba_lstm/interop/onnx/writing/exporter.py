"""Export models as ONNX files: the calls of their layers, between inputs and outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .... import __version__
from ....files import atomic
from ....layers.base.arguments import Shape
from ....layers.recurrent.sequence_layer import SequenceLayer
from ....layers.traced.computed import ComputedLayer
from ....models import Model
from ....models.graph.execution import LayerCall
from ..protobuf import messages, wire
from . import layer_nodes, traced_nodes
from .graph_builder import GraphBuilder, GraphValue

OPSETS = range(13, 23)
DEFAULT_OPSET = 17

_SIZE_NAMES = ("N", "T", "S", "U", "V")  #: of the axes of an input or an output

#: Least opset and the IR version that came with it, so that the oldest runtimes with these operators read the file.
_IR_VERSIONS = ((21, 10), (19, 9), (15, 8), (13, 7))


def export(
    model: Model, path: str | os.PathLike[str], opset: int = DEFAULT_OPSET, *, states: bool = False, overwrite: bool = True
) -> None:
    """Write a model as an ONNX file, for any number of samples and of steps.

    Parameters
    ----------
    model : Model
        Built, of LSTM, GRU, SimpleRNN, RNN, Bidirectional, Dense, TimeDistributed, Embedding, Masking, activations,
        normalizations, convolutions, pooling, padding, reshaping, merging layers, attention and functions of tensors. Layers
        that only work in training are left out. A mask is written as the number of steps of each sequence: masked steps must
        be behind the others.
    path : path
        The file; it is replaced whole, or left as it is.
    opset : int
        The version of ONNX's operators, 13 to 22.
    states : bool
        Whether the first and last states of each recurrent layer are inputs and outputs too, as a stateful model needs it:
        ``<layer>_h0`` and ``<layer>_c0``, ``<layer>_h`` and ``<layer>_c``, (directions, N, H).
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For a layer or an option that ONNX does not have, by name.
    OSError
        If the file cannot be written.

    Notes
    -----
    The input is named ``input``, the output ``output``; several have the names of the model's. All have the batch first, as in
    Keras.
    """
    if opset not in OPSETS:
        raise ValueError(f"opset must be {OPSETS[0]} to {OPSETS[-1]}, got {opset!r}.")
    atomic.write(os.fsdecode(path), dumps(model, opset, states), overwrite=overwrite)


def dumps(model: Model, opset: int, states: bool = False) -> bytes:
    """Return the bytes of the file that :func:`export` writes."""
    if not model.built:
        raise ValueError(f"{model.name} has no shapes yet. Add an Input first, call build(input_shape), or call it on data.")
    if model.stateful and not states:
        raise ValueError(
            f"{model.name} is stateful, and a graph keeps no states from call to call. Give states=True, which makes them "
            "inputs and outputs, or export a model without stateful=True."
        )
    builder = GraphBuilder(model.dtype)
    _add_graph(builder, model, opset, states)
    message = {
        "ir_version": next(version for least, version in _IR_VERSIONS if opset >= least),
        "producer_name": "numba_lstm",
        "producer_version": __version__,
        "graph": builder.to_message(model.name),
        "opset_import": [{"domain": "", "version": opset}],
    }
    data = wire.write(message, messages.MODEL)
    if len(data) >= 1 << 31:
        raise ValueError(f"{model.name} makes {len(data):,} bytes; an ONNX file has less than 2 GiB.")
    return data


def _add_graph(builder: GraphBuilder, model: Model, opset: int, states: bool) -> None:
    """Add all inputs, calls of layers, and outputs."""
    graph = model.execution
    values: dict[int, GraphValue] = {}
    masks: dict[int, str | None] = {}
    shapes: dict[int, Shape] = {}
    inputs = ["input"] if len(graph.inputs) == 1 else model.input_names
    entries = zip(graph.inputs, inputs, model.inputs, model.readers, strict=True)
    for index, (number, name, tensor, reader) in enumerate(entries):
        dtype = np.int64 if reader.takes_indices else None
        values[number] = GraphValue(builder.add_input(name, _dims(tensor.shape, index), dtype), len(tensor.shape))
        shapes[number] = tuple(tensor.shape)
    called: set[int] = set()
    for call in graph.calls:
        if states and (call.states or id(call.layer) in called) and isinstance(call.layer, SequenceLayer):
            raise ValueError(f"{call.layer.name} gets its states in the graph, or is called twice. Export without states=True.")
        called.add(id(call.layer))
        if len(call.outputs) > 1:
            raise ValueError(f"{call.layer.name} has {len(call.outputs)} outputs, which cannot be written as ONNX. Merge them.")
        results, mask = _add_call(builder, call, values, masks, shapes, opset, states)
        values |= dict(zip((*call.outputs, *call.last_states), results, strict=False))
        masks[call.outputs[0]] = mask
        takes: Any = tuple(shapes[number] for number in call.inputs)
        shapes[call.outputs[0]] = call.layer.compute_output_shape(takes if call.layer.takes_several else takes[0])
        if isinstance(call.layer, SequenceLayer):
            shapes |= dict(zip(call.last_states, call.layer.state_shapes(takes[0]), strict=False))
    outputs = ["output"] if len(graph.outputs) == 1 else model.output_names
    for number, name, tensor in zip(graph.outputs, outputs, model.outputs, strict=True):
        value = builder.batch_first(values[number], name)
        taken = {entry["name"] for entry in (*builder.outputs, *builder.inputs)}
        if name in taken or any(name in node["output"] for node in builder.nodes):
            raise ValueError(f"{model.name} would have two tensors {name!r} in ONNX. Give the layers other names.")
        internal = builder.add_op("Identity", [value.name], name) if value.name in taken else value.name
        builder.add_output(name, internal, _dims(tensor.shape))
        values = {key: one._replace(name=name) if one.name == internal else one for key, one in values.items()}


def _add_call(
    builder: GraphBuilder,
    call: LayerCall,
    values: Mapping[int, GraphValue],
    masks: Mapping[int, str | None],
    shapes: Mapping[int, Shape],
    opset: int,
    states: bool,
) -> tuple[list[GraphValue], str | None]:
    """Add a call of a layer; return its output and last states, and the mask of its output."""
    layer, given = call.layer, [masks.get(number) for number in call.inputs]
    if call.training:
        raise ValueError(f"{layer.name} is called with training=True, which cannot be written as ONNX. Call it without.")
    if isinstance(layer, ComputedLayer):
        taken = [values[number] for number in call.inputs]
        y, mask = traced_nodes.write_computed(
            builder, layer, taken, [shapes[k] for k in call.inputs], given, opset, call.arguments
        )
        return [y], mask
    first = [values[number] for number in call.states]
    return layer_nodes.write_layer(builder, layer, values[call.inputs[0]], opset, states, first, given[0])


def _dims(shape: Sequence[int | None], index: int = 0) -> list[int | str]:
    """Return sizes, and names of those that are free: sequences of several inputs may have unequal lengths."""
    names = [f"{name}{index}" if index and axis else name for axis, name in enumerate(_SIZE_NAMES)]
    return [names[axis] if size is None else size for axis, size in enumerate(shape)]
