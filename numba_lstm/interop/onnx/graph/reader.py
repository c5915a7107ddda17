"""Read ONNX files as executable graphs; all checks are done before anything runs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files import formats, sniff
from ....files.errors import FileFormatError
from ....files.message_lists import join_names
from ....objects.serialization import nearest
from ..operators.table import KINDS, OPERATORS, constant_of
from ..protobuf import external_tensors, messages, wire
from ..protobuf.tensors import External, array_of, dtype_of
from ..protobuf.wire import Message
from .graph import Graph, Node, Value

OPSETS = range(7, 27)  #: versions of ONNX's operators that are supported
MAX_BYTES = (1 << 31) - 1  #: the limit of Protocol Buffers
MAX_WORD = 40  #: bytes of a text in an attribute: a direction, an activation
DOMAINS = ("", "ai.onnx")

Arrays = dict[str, npt.NDArray[Any]]


def load(path: str | os.PathLike[str], *, external_data: bool = False) -> Graph:
    """Read an ONNX file as a graph that computes on the default device: ``load("m.onnx")(x)``.

    The supported operators are LSTM, Gemm, MatMul, Add, Mul, Concat, Gather, Slice, Transpose, Reshape, Flatten, Squeeze,
    Unsqueeze, Expand, Shape, Cast, Identity, Constant, ConstantOfShape, Softmax and the elementwise activations, as exporters
    write them around LSTMs.

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
    name = os.fsdecode(path)
    read_external = (
        external_tensors.Folder(os.path.dirname(os.path.abspath(name))).read if external_data else external_tensors.refuse
    )
    try:
        return loads(read_bytes(name), read_external)
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


def loads(data: bytes, read_external: External = external_tensors.refuse) -> Graph:
    """Decode a graph; ``read_external`` reads the bytes of tensors in other files."""
    model = wire.read(data, messages.MODEL)
    graph = model.get("graph")
    if graph is None:
        raise FileFormatError("it holds no graph, so it is no ONNX file, or damaged.")
    if graph.get("sparse_initializer"):
        raise FileFormatError("its graph has sparse tensors, which are not read.")
    constants: Arrays = {}
    for tensor in graph.get("initializer", []):
        name = tensor.get("name", "")
        if not name or name in constants:
            raise FileFormatError(f"its initializer {name!r:.100} comes twice, or has no name.")
        constants[name] = array_of(tensor, read_external)
    inputs = [value for value in map(_value, graph.get("input", [])) if value.name not in constants]
    outputs = [_value(value) for value in graph.get("output", [])]
    available = {value.name for value in inputs} | constants.keys()
    if len(available) != len(inputs) + len(constants) or not outputs:
        raise FileFormatError("its graph has two inputs of one name, or no output.")
    nodes = []
    opset = _opset(model)
    for index, message in enumerate(graph.get("node", [])):
        node = _node(message, index, available, read_external)
        results = {name for name in node.outputs if name}
        if results & available or len(results) != sum(1 for name in node.outputs if name):
            raise FileFormatError(f"{node.name} makes {join_names(results)}, of which there is one already.")
        available |= results
        if node.kind == "Constant":
            constants[node.outputs[0]] = _constant(node)
        else:
            nodes.append(node)
    for value in outputs:
        if value.name not in available:
            raise FileFormatError(f"nothing in its graph makes its output {value.name!r:.100}.")
    checked_graph = Graph(inputs, outputs, nodes, constants, opset)
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


def _node(message: Message, index: int, available: set[str], read_external: External) -> Node:
    kind = message.get("op_type", "")[:100]
    name = f"node {message.get('name') or index!r:.100} ({kind})"
    if message.get("domain", "") not in DOMAINS:
        raise FileFormatError(f"its {name} is of the domain {message['domain']!r:.100}; ONNX's own operators are run.")
    operator = OPERATORS.get(kind)
    if operator is None:
        raise FileFormatError(f"its {name} has an operator that is not run{nearest(kind, OPERATORS)}")
    inputs, outputs = message.get("input", []), message.get("output", [])
    if not operator.inputs[0] <= len(inputs) <= operator.inputs[1] or not 1 <= len(outputs) <= operator.outputs:
        raise FileFormatError(f"its {name} has {len(inputs)} inputs and {len(outputs)} outputs, which {kind} has not.")
    for required in inputs:
        if required and required not in available:
            raise FileFormatError(f"its {name} takes {required!r:.100}, which nothing before it makes.")
    attributes: dict[str, Any] = {}
    for attribute in message.get("attribute", []):
        key = attribute.get("name", "")
        if key not in operator.attributes or key in attributes:
            raise FileFormatError(f"its {name} has the attribute {key!r:.100} twice, or {kind} has no such one here.")
        attributes[key] = _attribute(attribute, KINDS[key], f"{name}: its attribute {key!r}", read_external)
    return Node(name, message.get("name", ""), kind, operator, tuple(inputs), tuple(outputs), attributes)


def _attribute(message: Message, kind: str, what: str, read_external: External) -> Any:
    if messages.ATTRIBUTE_TYPES.get(message.get("type", 0)) != kind or message.get("ref_attr_name"):
        raise FileFormatError(f"{what} has the type {message.get('type', 0)}, which is not its own.")
    value = message.get(kind)
    match kind:
        case "f" | "i":
            return value or 0
        case "s":
            return _text(value or b"", what)
        case "strings":
            return [_text(item, what) for item in value or []]
        case "floats":
            return np.frombuffer(value or b"", "<f4").tolist()
        case "t":
            return array_of(value or {}, read_external)
    return value or []


def _constant(node: Node) -> npt.NDArray[Any]:
    try:
        return constant_of(node.attributes)
    except ValueError as error:
        raise FileFormatError(f"its {node.name}: {error}") from error


def _text(raw: bytes | memoryview, what: str) -> str:
    if len(raw) > MAX_WORD:
        raise FileFormatError(f"{what} has a text of {len(raw):,} bytes, where one word is expected.")
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        raise FileFormatError(f"{what} is no UTF-8 text.") from None
