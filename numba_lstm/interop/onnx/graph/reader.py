"""Read ONNX files as executable graphs; all checks are done before anything runs."""

from __future__ import annotations

import os

from ....files import formats, sniff
from ....files.errors import FileFormatError
from ..protobuf import external_tensors, messages, wire
from ..protobuf.tensors import External, dtype_of
from ..protobuf.wire import Message
from .graph import Graph, Value
from .nodes import DOMAINS, Context, check_outputs, read_nodes, read_tensors

OPSETS = range(7, 27)  #: versions of ONNX's operators that are supported
MAX_BYTES = (1 << 31) - 1  #: the limit of Protocol Buffers


def load(path: str | os.PathLike[str], *, external_data: bool = False) -> Graph:
    """Read an ONNX file as a graph that computes on the default device: ``load("m.onnx")(x)``.

    The supported operators are LSTM, Gemm, MatMul, arithmetic, comparisons, reductions, Concat, Gather, Slice, Split, Pad,
    Transpose, Reshape, Flatten, Squeeze, Unsqueeze, Expand, Shape, Size, Cast, Identity, Constant, ConstantOfShape, Softmax,
    LayerNormalization and the elementwise activations. :func:`load_model` has some more, such as Conv and If.

    Parameters
    ----------
    path : path
        The file.
    external_data : bool
        Whether to read tensors from other files in the model's folder and below, as the file says.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged or forged, and for an unsupported operator, data type or option, by name.
    """
    return read_graph(os.fsdecode(path), external_data)


def read_graph(name: str, external_data: bool, for_model: bool = False) -> Graph:
    """Read the graph of a file; ``for_model`` also takes the operators that only models compute."""
    read_external = (
        external_tensors.Folder(os.path.dirname(os.path.abspath(name))).read if external_data else external_tensors.refuse
    )
    try:
        return loads(read_bytes(name), read_external, for_model)
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error}") from error


def read_bytes(path: str) -> bytes:
    """Read the bytes of a file, unless it is recognized as one of another format."""
    sniff.check_format(path, formats.ONNX)
    size = os.path.getsize(path)
    if size > MAX_BYTES:
        raise FileFormatError(f"it has {size:,} bytes; an ONNX file has at most {MAX_BYTES:,}.")
    with open(path, "rb") as file:
        return file.read(size)


def loads(data: bytes, read_external: External = external_tensors.refuse, for_model: bool = False) -> Graph:
    """Decode a graph; ``read_external`` reads the bytes of tensors in other files.

    ``for_model`` also takes the operators that only models compute.
    """
    budget = wire.Budget()
    model = wire.read(data, messages.MODEL, budget)
    graph = model.get("graph")
    if graph is None:
        raise FileFormatError("it holds no graph, so it is no ONNX file, or damaged.")
    if graph.get("sparse_initializer"):
        raise FileFormatError("its graph has sparse tensors, which are not read.")
    opset = _opset(model)
    context = Context(read_external, budget, for_model)
    constants = read_tensors(graph, context)
    inputs = [value for value in map(_value, graph.get("input", [])) if value.name not in constants]
    outputs = [_value(value) for value in graph.get("output", [])]
    available = {value.name for value in inputs} | constants.keys()
    if len(available) != len(inputs) + len(constants) or not outputs:
        raise FileFormatError("its graph has two inputs of one name, or no output.")
    nodes = read_nodes(graph, available, constants, context)
    check_outputs([value.name for value in outputs], available)
    checked_graph = Graph(inputs, outputs, nodes, constants, opset, len(data))
    try:
        checked_graph.prepare()
    except ValueError as error:
        raise FileFormatError(f"its {error}") from error
    return checked_graph


def _opset(model: Message) -> int:
    versions = [entry.get("version", 0) for entry in model.get("opset_import", []) if entry.get("domain", "") in DOMAINS]
    if len(versions) != 1:
        raise FileFormatError(f"it must say once which version of ONNX's operators it uses, got {versions[:9]}.")
    if versions[0] not in OPSETS:
        raise FileFormatError(f"it uses version {versions[0]} of ONNX's operators; run are {OPSETS[0]} to {OPSETS[-1]}.")
    return int(versions[0])


def _value(message: Message) -> Value:
    name = message.get("name", "")
    what = f"its input or output {name!r:.100}"
    kind = message.get("type", {}).get("tensor_type")
    if not name or kind is None:
        raise FileFormatError(f"{what} is no tensor, or has no name.")
    shape = kind.get("shape")
    sizes = None
    if shape is not None:
        sizes = tuple(dim.get("dim_value", dim.get("dim_param") or None) for dim in shape.get("dim", []))
        if any(isinstance(size, int) and size < 0 for size in sizes):
            raise FileFormatError(f"{what} has a negative size.")
    return Value(name, dtype_of(kind.get("elem_type", 0), what), sizes)
