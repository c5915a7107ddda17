"""Build ONNX graphs: add nodes, constants, inputs and outputs by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..protobuf.tensors import number_of, tensor_of
from ..protobuf.wire import Message

Host = npt.NDArray[Any]
Dims = Sequence[int | str]  #: sizes, and names of those that are free


class GraphValue(NamedTuple):
    """A tensor in the graph: the output of a layer and the input of the next one."""

    name: str
    rank: int  #: with the batch axis
    time_is_first: bool = False  #: (T, N, D) in place of (N, T, D)


class GraphBuilder:
    """Builder of one graph."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.nodes: list[Message] = []
        self.tensors: dict[str, Message] = {}
        self.inputs: list[Message] = []
        self.outputs: list[Message] = []

    def add_constant(self, name: str, array: npt.ArrayLike) -> str:
        """Add a constant, in the model's dtype if it is floating, and return its name."""
        values = np.asarray(array)
        tensor = tensor_of(name, values.astype(self.dtype) if values.dtype.kind == "f" else values)
        if self.tensors.setdefault(name, tensor) != tensor:
            raise ValueError(f"two different constants would be called {name!r}. Give the layers other names.")
        return name

    def add_integers(self, values: Sequence[int]) -> str:
        """Add a constant vector of integers and return its name."""
        name = "_".join(["whole", *(str(value).replace("-", "m") for value in values)])
        return self.add_constant(name, np.array(values, np.int64))

    def add_node(
        self, kind: str, inputs: Sequence[str], layer: str, attributes: Mapping[str, Any] | None = None, outputs: int = 1
    ) -> list[str]:
        """Add a node of a layer and return the names of its outputs."""
        name = f"{layer}/{kind}_{len(self.nodes)}"
        names = [f"{name}:{index}" for index in range(outputs)]
        self.nodes.append(
            {
                "input": list(inputs),
                "output": names,
                "name": name,
                "op_type": kind,
                "attribute": [_attribute(key, value) for key, value in (attributes or {}).items()],
            }
        )
        return names

    def add_op(self, kind: str, inputs: Sequence[str], layer: str, **attributes: Any) -> str:
        """:meth:`add_node` with one output."""
        return self.add_node(kind, inputs, layer, attributes)[0]

    def apply(self, value: GraphValue, kind: str, layer: str, *operands: str, **attributes: Any) -> GraphValue:
        """Add a node that keeps the shape of ``value`` and return its output."""
        return value._replace(name=self.add_op(kind, [value.name, *operands], layer, **attributes))

    def batch_first(self, value: GraphValue, layer: str) -> GraphValue:
        """``value`` with the batch axis first."""
        return self._swap_batch_and_time(value, layer) if value.time_is_first else value

    def time_first(self, value: GraphValue, layer: str) -> GraphValue:
        """``value`` with the axis of time first."""
        return value if value.time_is_first else self._swap_batch_and_time(value, layer)

    def _swap_batch_and_time(self, value: GraphValue, layer: str) -> GraphValue:
        name = self.add_op("Transpose", [value.name], layer, perm=[1, 0, 2])
        return GraphValue(name, value.rank, not value.time_is_first)

    def add_input(self, name: str, dims: Dims, dtype: npt.DTypeLike | None = None) -> str:
        """Add an input of the graph and return its name."""
        self.inputs.append(_value(name, dims, self.dtype if dtype is None else np.dtype(dtype)))
        return name

    def add_output(self, name: str, internal_name: str, dims: Dims) -> None:
        """Add an output of the graph: rename the tensor ``internal_name`` to ``name``."""
        for node in self.nodes:
            for side in ("input", "output"):
                node[side] = [name if value == internal_name else value for value in node[side]]
        self.outputs.append(_value(name, dims, self.dtype))

    def to_message(self, name: str) -> Message:
        """The graph as a GraphProto."""
        return {
            "node": self.nodes,
            "name": name,
            "initializer": list(self.tensors.values()),
            "input": self.inputs,
            "output": self.outputs,
        }


def _attribute(name: str, value: Any) -> Message:
    match value:
        case float():
            return {"name": name, "f": value, "type": 1}
        case int():
            return {"name": name, "i": value, "type": 2}
        case str():
            return {"name": name, "s": value.encode(), "type": 3}
        case [float(), *_]:
            return {"name": name, "floats": value, "type": 6}
        case [int(), *_]:
            return {"name": name, "ints": value, "type": 7}
    return {"name": name, "strings": [item.encode() for item in value], "type": 8}


def _value(name: str, dims: Dims, dtype: np.dtype[Any]) -> Message:
    shape = [{"dim_param": size} if isinstance(size, str) else {"dim_value": size} for size in dims]
    return {"name": name, "type": {"tensor_type": {"elem_type": number_of(dtype), "shape": {"dim": shape}}}}
