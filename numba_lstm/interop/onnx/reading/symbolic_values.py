"""What the names in a graph stand for while it is walked as a chain of layers, without an array being computed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..graph.graph import Graph, Node
from ..operators.shapes import axis_of, whole
from .layer_builders import Draft, Recurrence

Host = npt.NDArray[Any]

COPIES = 4  #: elements of weights for each in the file: a batch normalization makes four vectors of one
BATCH, TIME, FEATURES, DIRECTIONS, ONE = "batch", "time", "features", "directions", "one"


class Flow(NamedTuple):
    """The value that goes through the layers: what its axes are, and what was taken of the last layer's outputs."""

    axes: tuple[str, ...]
    stage: int  #: the number of layers before it
    sequences: bool = True  #: of an LSTM: all steps, or the last one
    merge: str | None = None  #: how both directions of an LSTM were put together
    part: int | None = None  #: or which of them it is
    turned: bool = False  #: whether steps are in the other order than the layer puts them out


class Filled(NamedTuple):
    """An array of one number everywhere, whatever its shape."""

    value: float


Size = int | str  #: the size of an axis: a number, or a name where it is free


class Sizes(NamedTuple):
    """Whole numbers that follow from shapes alone; None where nothing is known of them."""

    values: tuple[Size, ...] | None = None


Value = Flow | Filled | Sizes | Host


class Walk:
    """The way through a graph: what its names stand for, and the layers so far. Errors are ValueErrors without the node."""

    def __init__(self, graph: Graph) -> None:
        self.opset, self.drafts = graph.opset, list[Draft]()
        self.values: dict[str, Value] = dict(graph.constants)
        self.dtypes = graph.inputs[0].dtype, graph.outputs[0].dtype
        self.sizes: dict[str, Size] = {ONE: 1, DIRECTIONS: 2}
        self.before: Flow | None = None  #: the flow that the last layer took
        self.elements = COPIES * sum(array.size for array in graph.constants.values())  #: the most elements of all weights
        self._left = self.elements

    def get(self, node: Node, index: int) -> Value | None:
        """An input, None where it is left out."""
        name = node.inputs[index] if index < len(node.inputs) else ""
        if name and name not in self.values:
            raise ValueError(f"takes {name!r:.100}, which a layer does not hand on")
        return self.values[name] if name else None

    def flow(self, node: Node, index: int = 0) -> Flow:
        """An input that must be what the last layer put out."""
        value = self.get(node, index)
        if not isinstance(value, Flow):
            raise ValueError(f"has no layer's output as input {index}")
        if value.stage != len(self.drafts):
            raise ValueError("takes an output from which the graph branches")
        return value

    def constant(self, node: Node, index: int) -> Host | None:
        """An input that must be a constant, None where it is left out."""
        value = self.get(node, index)
        if value is not None and not isinstance(value, np.ndarray):
            raise ValueError(f"computes its input {index}, where a constant was expected")
        return value

    def need(self, node: Node, index: int) -> Host:
        """A constant that must be there."""
        value = self.constant(node, index)
        if value is None:
            raise ValueError(f"has no input {index}")
        return value

    def numbers(self, node: Node, index: int, attribute: str) -> list[int] | None:
        """Whole numbers that are an attribute in some versions and a constant in others."""
        if attribute in node.attributes:
            return [int(value) for value in node.attributes[attribute]]
        value = self.constant(node, index)
        return None if value is None else whole(value, attribute)

    def size(self, axis: str) -> Size:
        """The size of an axis of the last layer's output."""
        draft = self.drafts[-1] if self.drafts else None
        if axis == FEATURES:
            return draft.cells[0].weights.recurrent_kernel.shape[0] if isinstance(draft, Recurrence) else axis
        return self.sizes.get(axis, axis)

    def axis(self, node: Node, flow: Flow, default: int) -> int:
        """The node's attribute ``axis``, counted from the front."""
        return axis_of(node.attributes.get("axis", default), len(flow.axes))

    def settle(self, flow: Flow) -> None:
        """The last layer hears how it is taken."""
        if flow.part is not None or DIRECTIONS in flow.axes:
            raise ValueError("takes one direction of an LSTM, or both apart")
        if self.drafts:
            self.drafts[-1].settle(flow.sequences, flow.merge)

    def add(self, flow: Flow, draft: Draft, axes: tuple[str, ...] | None = None) -> Flow:
        """One layer more, which takes ``flow``; answers its output, with the same axes unless others are given."""
        self.settle(flow)
        self._left -= sum(weight.size for weight in draft.weights)
        if self._left < 0:
            raise ValueError("is one layer too many on the same weights")
        self.before = flow
        self.drafts.append(draft)
        return Flow(axes or flow.axes, len(self.drafts), turned=flow.turned)

    def by_feature(self, flow: Flow, values: Host, what: str) -> Host:
        """``values`` as a vector, one a feature."""
        if flow.axes[-1] != FEATURES or values.ndim < 1 or values.shape[-1] != values.size:
            raise ValueError(f"has {what} of shape {values.shape}, where one number a feature was expected")
        return values.reshape(-1)


def is_zero(value: Value | None) -> bool:
    """Whether an array is left out or zero everywhere."""
    if isinstance(value, Filled):
        return value.value == 0
    return value is None or (isinstance(value, np.ndarray) and not value.any())
