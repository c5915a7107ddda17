"""Read the nodes and tensors of a graph, and of the branches of an If."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....files.errors import FileFormatError
from ....files.message_lists import join_names
from ....objects.serialization import nearest
from ..operators.model_operators import MODEL_OPERATORS
from ..operators.table import KINDS, OPERATORS, constant_of
from ..protobuf import messages, wire
from ..protobuf.tensors import External, array_of
from ..protobuf.wire import Message
from .graph import Node

MAX_WORD = 40  #: bytes of a text in an attribute: a direction, an activation
DOMAINS = ("", "ai.onnx")

Arrays = dict[str, npt.NDArray[Any]]


class Context(NamedTuple):
    """What reading a file needs everywhere in it."""

    read_external: External  #: reads the bytes of tensors in other files
    budget: wire.Budget
    for_model: bool  #: whether operators are taken that only models compute


class Block(NamedTuple):
    """Nodes, constants, and the names of the outputs of a branch."""

    nodes: list[Node]
    constants: Arrays
    outputs: list[str]


@dataclass(frozen=True)
class Branch:
    """A branch of an If, which is read when it is taken."""

    data: bytes | memoryview
    context: Context

    def read(self, available: Iterable[str]) -> Block:
        """Decode the branch, which may use the names ``available`` of the graph around it.

        Raises
        ------
        FileFormatError
            For a damaged or forged branch.
        """
        graph = wire.read(self.data, messages.GRAPH, self.context.budget)
        if graph.get("input") or graph.get("sparse_initializer"):
            raise FileFormatError("a branch of an If has inputs or sparse tensors, which are not read.")
        constants = read_tensors(graph, self.context)
        names = set(available)
        if names & constants.keys():
            raise FileFormatError(f"a branch makes {join_names(names & constants.keys())}, of which there is one already.")
        names |= constants.keys()
        nodes = read_nodes(graph, names, constants, self.context)
        outputs = [value.get("name", "") for value in graph.get("output", [])]
        check_outputs(outputs, names)
        return Block(nodes, constants, outputs)


def read_tensors(graph: Message, context: Context) -> Arrays:
    """Decode the initializers of a graph."""
    constants: Arrays = {}
    for tensor in graph.get("initializer", []):
        name = tensor.get("name", "")
        if not name or name in constants:
            raise FileFormatError(f"its initializer {name!r:.100} comes twice, or has no name.")
        constants[name] = array_of(tensor, context.read_external)
    return constants


def read_nodes(graph: Message, available: set[str], constants: Arrays, context: Context) -> list[Node]:
    """Decode the nodes of a graph; add their outputs to ``available``, and Constants to ``constants``."""
    nodes = []
    for index, message in enumerate(graph.get("node", [])):
        node = _node(message, index, available, context)
        results = {name for name in node.outputs if name}
        if results & available or len(results) != sum(1 for name in node.outputs if name):
            raise FileFormatError(f"{node.name} makes {join_names(results)}, of which there is one already.")
        available |= results
        if node.kind == "Constant":
            constants[node.outputs[0]] = _constant(node)
        else:
            nodes.append(node)
    return nodes


def check_outputs(outputs: Iterable[str], available: Collection[str]) -> None:
    """Raise FileFormatError for an output that nothing makes."""
    for name in outputs:
        if name not in available:
            raise FileFormatError(f"nothing in its graph makes its output {name!r:.100}.")


def _node(message: Message, index: int, available: set[str], context: Context) -> Node:
    kind = message.get("op_type", "")[:100]
    name = f"node {message.get('name') or index!r:.100} ({kind})"
    if message.get("domain", "") not in DOMAINS:
        raise FileFormatError(f"its {name} is of the domain {message['domain']!r:.100}; ONNX's own operators are run.")
    operator = OPERATORS.get(kind) or (MODEL_OPERATORS.get(kind) if context.for_model else None)
    if kind in MODEL_OPERATORS and operator is None:
        raise FileFormatError(
            f"its {name} has an operator that is not run. numba_lstm.interop.onnx.load_model makes a model of it."
        )
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
        attributes[key] = _attribute(attribute, KINDS[key], f"{name}: its attribute {key!r}", context)
    return Node(name, message.get("name", ""), kind, operator, tuple(inputs), tuple(outputs), attributes)


def _attribute(message: Message, kind: str, what: str, context: Context) -> Any:
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
            return array_of(value or {}, context.read_external)
        case "g":
            return Branch(value or b"", context)
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
