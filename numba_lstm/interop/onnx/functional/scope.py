"""Scopes: what the names of a graph stand for, and the loop over its nodes."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ....files.errors import REFUSALS, FileFormatError, short_message
from ....files.limits import MAX_LAYERS
from ....layers import Layer
from ....naming import names
from ..graph.graph import Node
from ..graph.nodes import Block
from ..operators.call import BASE_ELEMENTS
from ..operators.shapes import axis_of, integers
from ..reading.layer_builders import unique_name
from .folding import Known, fold
from .value import Value

Host = npt.NDArray[Any]
Entry = Value | Known

GIVE = (
    "Give the constant inputs that it depends on, inputs={'sr': 16000}, or the sizes of inputs, shapes={'input': (None, 512)}"
)

MAX_DEPTH = 8  #: of branches within branches
COPIES = 4  #: elements of weights and of computed constants per element of the file's constants


@dataclass
class Limits:
    """What an import may still make, so that a small file cannot make a large model."""

    weights: int = 0  #: elements
    constants: int = BASE_ELEMENTS  #: elements that are computed
    layers: int = MAX_LAYERS

    def grant(self, arrays: Iterable[Host]) -> None:
        """Allow what constants of the file allow."""
        elements = COPIES * sum(array.size for array in arrays)
        self.weights += elements
        self.constants += elements

    def take_weights(self, elements: int) -> None:
        """Take elements of weights off."""
        self.weights -= elements
        if self.weights < 0:
            raise ValueError("is one layer too many on the same weights")

    def take_constants(self, elements: int) -> None:
        """Take elements of constants off."""
        self.constants -= elements
        if self.constants < 0:
            raise ValueError("computes more constants than those of the file allow")


@dataclass
class Scope:
    """The names of a graph, or of a branch and what is around it. Errors are ValueErrors that do not name the node."""

    values: MutableMapping[str, Entry]
    opset: int
    limits: Limits
    used_names: set[str]
    uses: Counter[str] = field(default_factory=Counter)
    consumers: dict[str, Node] = field(default_factory=dict)  #: a node that takes a name
    skipped: set[str] = field(default_factory=set)  #: outputs that an earlier node made, too
    depth: int = 0

    def inner(self, block: Block) -> Scope:
        """Return the scope of a branch."""
        if self.depth >= MAX_DEPTH:
            raise ValueError(f"is a branch within more than {MAX_DEPTH} branches")
        self.limits.grant(block.constants.values())
        values: ChainMap[str, Entry] = ChainMap({}, self.values)
        values.update({name: Known(array) for name, array in block.constants.items()})
        return Scope(values, self.opset, self.limits, self.used_names, depth=self.depth + 1)

    def count(self, nodes: Iterable[Node], outputs: Iterable[str]) -> None:
        """Note how often the nodes, and the outputs of the graph, use each name."""
        self.uses.update(outputs)
        for node in nodes:
            self.uses.update(node.inputs)
            self.consumers.update(dict.fromkeys(node.inputs, node))

    def get(self, node: Node, index: int) -> Entry | None:
        """Return an input of a node, or None if it is omitted."""
        name = node.inputs[index] if index < len(node.inputs) else ""
        if name and name not in self.values:
            raise ValueError(f"takes {name!r:.100}, which no layer makes")
        return self.values[name] if name else None

    def value(self, node: Node, index: int = 0) -> Value:
        """Return an input that must depend on the graph's inputs."""
        entry = self.get(node, index)
        if not isinstance(entry, Value):
            raise ValueError(f"has a constant, or nothing, as input {index}, where a layer's output was expected")
        return entry

    def constant(self, node: Node, index: int) -> Host | None:
        """Return an input that must be a constant, or None if it is omitted."""
        entry = self.get(node, index)
        if entry is None:
            return None
        if not isinstance(entry, Known):
            raise ValueError(f"computes its input {index} from the graph's inputs, where a constant was expected")
        return entry.numbers()

    def require(self, node: Node, index: int) -> Host:
        """Return a required input that must be a constant."""
        array = self.constant(node, index)
        if array is None:
            raise ValueError(f"has no input {index}")
        return array

    def integers(self, node: Node, index: int, attribute: str) -> list[int] | None:
        """Return whole numbers that are an attribute in some opsets and a constant input in others."""
        if attribute in node.attributes:
            return [int(number) for number in node.attributes[attribute]]
        array = self.constant(node, index)
        return None if array is None else integers(array, attribute)

    def axis(self, node: Node, value: Value, default: int) -> int:
        """Return the attribute ``axis``, counted from the front."""
        return axis_of(node.attributes.get("axis", default), value.rank)

    def add(self, kind: type[Layer], node: Node, x: Any, weights: Sequence[Host] = (), **arguments: Any) -> Any:
        """Make a layer, call it on ``x``, and give it its weights."""
        return self.call(kind(**arguments, name=self.name(node, kind)), x, weights)

    def call(self, layer: Layer, x: Any, weights: Sequence[Host] = (), **options: Any) -> Any:
        """Call a layer on ``x``, and give it its weights."""
        self.limits.layers -= 1
        if self.limits.layers < 0:
            raise ValueError(f"is one of more than {MAX_LAYERS} layers")
        self.limits.take_weights(sum(weight.size for weight in weights))
        y = layer(x, **options)
        if weights:
            layer.set_weights([np.asarray(weight, layer.dtype) for weight in weights])
        return y

    def name(self, node: Node, kind: type[Layer]) -> str:
        """Return a unique name of a layer, by its node."""
        return unique_name(node.label, names.snake_case(kind.__name__), self.used_names)


def run(scope: Scope, nodes: Sequence[Node], handlers: Mapping[str, Any]) -> None:
    """Convert nodes in their order; each adds its outputs to the scope.

    Raises
    ------
    FileFormatError
        For what has no layer, by the name of the node.
    """
    for node in nodes:
        if node.outputs[0] in scope.skipped:
            continue
        try:
            if node.kind == "If":
                outputs = _branch(scope, node, handlers)
            else:
                inputs = [scope.get(node, index) for index in range(len(node.inputs))]
                known = fold(node, inputs, scope.opset, scope.limits.constants)
                if known is not None:
                    scope.limits.take_constants(sum(one.array.size for one in known if one.array.base is None))
                    outputs = list(known)
                elif node.kind in handlers:
                    outputs = handlers[node.kind](scope, node)
                else:
                    raise ValueError("has no layer here. Compute what it computes outside of the graph, and export the rest")
        except FileFormatError:
            raise
        except REFUSALS as error:
            raise FileFormatError(f"its {node.name} {short_message(error).removesuffix('.')}.") from error
        scope.values.update((name, one) for name, one in zip(node.outputs, outputs, strict=False) if name and one is not None)


def _branch(scope: Scope, node: Node, handlers: Mapping[str, Any]) -> list[Entry]:
    """Convert the branch of an If that its condition takes."""
    condition = scope.get(node, 0)
    if not isinstance(condition, Known) or not condition.is_number:
        raise ValueError(f"branches on what is known only when the model computes. {GIVE}")
    taken = "then_branch" if bool(condition.numbers().reshape(-1)[0]) else "else_branch"
    if taken not in node.attributes:
        raise ValueError(f"has no {taken}")
    block = node.attributes[taken].read(scope.values)
    if len(block.outputs) < len(node.outputs):
        raise ValueError(f"has {len(node.outputs)} outputs, and its {taken} has {len(block.outputs)}")
    inner = scope.inner(block)
    inner.count(block.nodes, block.outputs)
    run(inner, block.nodes, handlers)
    return [inner.values[name] for name in block.outputs]
