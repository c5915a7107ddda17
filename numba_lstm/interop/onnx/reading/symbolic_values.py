"""Symbolic values of the names in a graph, which the conversion to a model tracks in place of arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..graph.graph import Graph, Node
from ..operators.shapes import axis_of, integers
from .layer_builders import LayerBuilder, LSTMBuilder

Host = npt.NDArray[Any]

COPIES = 4  #: elements of weights per element in the file: a batch normalization makes four vectors of one
BATCH, TIME, FEATURES, DIRECTIONS, ONE = "batch", "time", "features", "directions", "one"


class LayerOutput(NamedTuple):
    """The output of the last layer, or the graph's input: its axes, and which of the layer's outputs it is."""

    axes: tuple[str, ...]
    layer_count: int  #: the number of layers up to it
    sequences: bool = True  #: whether it is an LSTM's outputs at all steps, or those at the last one
    merge: str | None = None  #: how the graph merged both directions of an LSTM
    direction: int | None = None  #: of an LSTM, where the graph selected one
    time_reversed: bool = False  #: whether the graph reversed the order of steps


class UniformArray(NamedTuple):
    """An array of any shape whose elements are all equal."""

    value: float


Size = int | str  #: the size of an axis: an integer, or a name if it is variable


class Sizes(NamedTuple):
    """A vector of integers computed from shapes; None if its values are unknown."""

    values: tuple[Size, ...] | None = None


Value = LayerOutput | UniformArray | Sizes | Host


class Chain:
    """State of the conversion: the values of names and the layers so far. Errors are ValueErrors that do not name the node."""

    def __init__(self, graph: Graph) -> None:
        self.opset, self.builders = graph.opset, list[LayerBuilder]()
        self.values: dict[str, Value] = dict(graph.constants)
        self.dtypes = graph.inputs[0].dtype, graph.outputs[0].dtype
        self.sizes: dict[str, Size] = {ONE: 1, DIRECTIONS: 2}
        self.last_input: LayerOutput | None = None  #: of the last layer
        self.elements = COPIES * sum(array.size for array in graph.constants.values())  #: limit of all weights together
        self._elements_left = self.elements

    def get(self, node: Node, index: int) -> Value | None:
        """An input, or None if it is omitted."""
        name = node.inputs[index] if index < len(node.inputs) else ""
        if name and name not in self.values:
            raise ValueError(f"takes {name!r:.100}, which a layer does not pass on")
        return self.values[name] if name else None

    def layer_output(self, node: Node, index: int = 0) -> LayerOutput:
        """An input that must be the output of the last layer."""
        value = self.get(node, index)
        if not isinstance(value, LayerOutput):
            raise ValueError(f"has no layer's output as input {index}")
        if value.layer_count != len(self.builders):
            raise ValueError("takes an output from which the graph branches")
        return value

    def constant(self, node: Node, index: int) -> Host | None:
        """An input that must be a constant, or None if it is omitted."""
        value = self.get(node, index)
        if value is not None and not isinstance(value, np.ndarray):
            raise ValueError(f"computes its input {index}, where a constant was expected")
        return value

    def require(self, node: Node, index: int) -> Host:
        """A required input that must be a constant."""
        value = self.constant(node, index)
        if value is None:
            raise ValueError(f"has no input {index}")
        return value

    def numbers(self, node: Node, index: int, attribute: str) -> list[int] | None:
        """Integers that are an attribute in some opset versions and a constant input in others."""
        if attribute in node.attributes:
            return [int(value) for value in node.attributes[attribute]]
        value = self.constant(node, index)
        return None if value is None else integers(value, attribute)

    def size(self, axis: str) -> Size:
        """The size of an axis of the last layer's output."""
        builder = self.builders[-1] if self.builders else None
        if axis == FEATURES:
            return builder.cells[0].weights.recurrent_kernel.shape[0] if isinstance(builder, LSTMBuilder) else axis
        return self.sizes.get(axis, axis)

    def axis(self, node: Node, x: LayerOutput, default: int) -> int:
        """The node's attribute ``axis``, counted from the front."""
        return axis_of(node.attributes.get("axis", default), len(x.axes))

    def select_output(self, x: LayerOutput) -> None:
        """Tell the last layer which of its outputs the graph uses."""
        if x.direction is not None or DIRECTIONS in x.axes:
            raise ValueError("takes one direction of an LSTM, or both apart")
        if self.builders:
            self.builders[-1].select_output(x.sequences, x.merge)

    def add(self, x: LayerOutput, builder: LayerBuilder, axes: tuple[str, ...] | None = None) -> LayerOutput:
        """Append a layer whose input is ``x``, and return its output; the axes stay unless ``axes`` is given."""
        self.select_output(x)
        self._elements_left -= sum(weight.size for weight in builder.weights)
        if self._elements_left < 0:
            raise ValueError("is one layer too many on the same weights")
        self.last_input = x
        self.builders.append(builder)
        return LayerOutput(axes or x.axes, len(self.builders), time_reversed=x.time_reversed)

    def per_feature(self, x: LayerOutput, values: Host, what: str) -> Host:
        """Return ``values`` as a vector with one element per feature."""
        if x.axes[-1] != FEATURES or values.ndim < 1 or values.shape[-1] != values.size:
            raise ValueError(f"has {what} of shape {values.shape}, where one number a feature was expected")
        return values.reshape(-1)


def is_zero(value: Value | None) -> bool:
    """Whether an array is omitted or all its elements are zero."""
    if isinstance(value, UniformArray):
        return value.value == 0
    return value is None or (isinstance(value, np.ndarray) and not value.any())
