"""Builder: nodes and tensors that become a graph, and the value that goes from layer to layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..protobuf.tensors import number_of, tensor_of
from ..protobuf.wire import Message

Host = npt.NDArray[Any]
Dims = Sequence[int | str]  #: sizes, and names of those that are free


class Flow(NamedTuple):
    """A value on its way through the layers."""

    name: str
    rank: int  #: with the batch axis
    steps_first: bool = False  #: (T, N, D) in place of (N, T, D)


class Builder:
    """A graph in the making."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.nodes: list[Message] = []
        self.tensors: dict[str, Message] = {}
        self.inputs: list[Message] = []
        self.outputs: list[Message] = []

    def tensor(self, name: str, array: npt.ArrayLike) -> str:
        """A constant, in the model's dtype if it is floating; answers its name."""
        values = np.asarray(array)
        made = tensor_of(name, values.astype(self.dtype) if values.dtype.kind == "f" else values)
        if self.tensors.setdefault(name, made) != made:
            raise ValueError(f"two different constants would be called {name!r}. Give the layers other names.")
        return name

    def whole(self, values: Sequence[int]) -> str:
        """A constant vector of whole numbers."""
        return self.tensor("_".join(["whole", *(str(value).replace("-", "m") for value in values)]), np.array(values, np.int64))

    def node(
        self, kind: str, inputs: Sequence[str], layer: str, attributes: Mapping[str, Any] | None = None, outputs: int = 1
    ) -> list[str]:
        """A node of a layer; answers the names of its outputs."""
        name = f"{layer}/{kind}_{len(self.nodes)}"
        made = [f"{name}:{index}" for index in range(outputs)]
        self.nodes.append(
            {
                "input": list(inputs),
                "output": made,
                "name": name,
                "op_type": kind,
                "attribute": [_attribute(key, value) for key, value in (attributes or {}).items()],
            }
        )
        return made

    def one(self, kind: str, inputs: Sequence[str], layer: str, **attributes: Any) -> str:
        """:meth:`node` with one output."""
        return self.node(kind, inputs, layer, attributes)[0]

    def through(self, flow: Flow, kind: str, layer: str, *others: str, **attributes: Any) -> Flow:
        """``flow`` after a node that keeps its shape."""
        return flow._replace(name=self.one(kind, [flow.name, *others], layer, **attributes))

    def samples(self, flow: Flow, layer: str) -> Flow:
        """``flow`` with the batch axis first."""
        return self._turned(flow, layer) if flow.steps_first else flow

    def steps(self, flow: Flow, layer: str) -> Flow:
        """``flow`` with the axis of time first."""
        return flow if flow.steps_first else self._turned(flow, layer)

    def _turned(self, flow: Flow, layer: str) -> Flow:
        name = self.one("Transpose", [flow.name], layer, perm=[1, 0, 2])
        return Flow(name, flow.rank, not flow.steps_first)

    def input(self, name: str, dims: Dims, dtype: npt.DTypeLike | None = None) -> str:
        """An input of the graph."""
        self.inputs.append(_value(name, dims, self.dtype if dtype is None else np.dtype(dtype)))
        return name

    def output(self, name: str, made: str, dims: Dims) -> None:
        """An output of the graph: what is called ``made`` so far."""
        for node in self.nodes:
            for side in ("input", "output"):
                node[side] = [name if value == made else value for value in node[side]]
        self.outputs.append(_value(name, dims, self.dtype))

    def graph(self, name: str) -> Message:
        """The message of the whole."""
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
