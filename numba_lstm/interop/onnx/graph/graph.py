"""Graph: nodes in the order in which they are run, and the values between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....device import get_ops
from ..operators.call import ELEMENTS, PER_CONSTANT, PER_INPUT, Call, Operator
from ..operators.compute import WEIGHTS, cells_of

Host = npt.NDArray[Any]

SHARED = 4  #: how often LSTMs may share all weights of a file, each of which makes its own form of them


class Value(NamedTuple):
    """An input or an output."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str | None, ...] | None  #: a name where any size fits; None where even the rank is free


@dataclass(frozen=True)
class Node:
    """An operator, the names of what goes in and of what comes out ("" where one is left out), and its attributes."""

    name: str  #: as messages call it
    label: str  #: the file's own name of it, or ""
    kind: str
    operator: Operator
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)


class Graph:
    """A graph that :func:`~numba_lstm.interop.onnx.load` has read; call it with its inputs, in their order or by their names.

    Nothing is left on a graph by a call but weights that were made ready for the device, so it may be called from many threads.

    Attributes
    ----------
    inputs, outputs : tuple of Value
        ``(name, dtype, shape)`` of each.
    nodes : tuple of Node
        In the order in which they are run; those named Constant are among ``constants``.
    constants : dict of str to array
    opset : int
        The version of ONNX's operators.
    """

    def __init__(
        self,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        nodes: Sequence[Node],
        constants: Mapping[str, Host],
        opset: int,
    ) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.nodes, self.constants, self.opset = tuple(nodes), dict(constants), opset
        self._uses = Counter(name for node in nodes for name in node.inputs)
        self._uses.update(value.name for value in outputs)

    def prepare(self) -> None:
        """Make ready the weights of LSTMs that are constants, and so check their shapes."""
        left = SHARED * sum(array.nbytes for array in self.constants.values())
        for node in self.nodes:
            weights = [name for index in WEIGHTS for name in node.inputs[index : index + 1] if name]
            if node.kind == "LSTM" and all(name in self.constants for name in weights):
                left -= sum(self.constants[name].nbytes for name in weights)
                if left < 0:
                    raise ValueError(f"{node.name} is one LSTM too many on the same weights.")
                try:
                    node.kept["cells"] = cells_of([self.constants.get(name) for name in node.inputs], node.attributes)
                except (ValueError, TypeError) as error:
                    raise ValueError(f"{node.name}: {error}") from error

    def __call__(self, *arrays: npt.ArrayLike, **named: npt.ArrayLike) -> Host | tuple[Host, ...]:
        """The outputs as NumPy arrays: one, or a tuple of several.

        Raises
        ------
        TypeError, ValueError
            For inputs that are missing, too many, or of another dtype or shape, and for what a node refuses.
        """
        if len(arrays) > len(self.inputs):
            raise TypeError(f"the graph has {len(self.inputs)} inputs, got {len(arrays)}.")
        given = {value.name: array for value, array in zip(self.inputs, arrays, strict=False)}
        for name in named:
            if name in given or name not in {value.name for value in self.inputs}:
                raise TypeError(f"the input {name!r} is given twice, or there is none. The graph has {self._names()}.")
        found = self.run({**given, **named})
        return found[0] if len(found) == 1 else tuple(found)

    def run(self, feeds: Mapping[str, npt.ArrayLike]) -> list[Host]:
        """The outputs, in order, for inputs by name; see :meth:`__call__`."""
        values: dict[str, Host] = dict(self.constants)
        for value in self.inputs:
            if value.name not in feeds:
                raise TypeError(f"the input {value.name!r} is missing. The graph has {self._names()}.")
            values[value.name] = _settled(value, feeds[value.name])
        left = Counter(self._uses)
        ops, most = get_ops(), self._most(values)
        held = dict.fromkeys(values, 0)  # elements that nodes have made and that are still wanted
        for node in self.nodes:
            inputs = [values[name] if name else None for name in node.inputs]
            constant = [not name or name in self.constants for name in node.inputs]
            call = Call(ops, inputs, node.attributes, self.opset, constant, node.kept, most)
            try:
                made = node.operator.run(call)
            except (ValueError, TypeError) as error:
                raise type(error)(f"{node.name}: {error}") from error
            values.update(zip(node.outputs, made, strict=False))
            held.update((name, array.size) for name, array in zip(node.outputs, made, strict=False))
            if sum(held.values()) > most:
                raise ValueError(f"{node.name}: the graph holds more than {most:,} elements at once, too many for its inputs.")
            for name in node.inputs:
                left[name] -= 1
                if not left[name]:
                    values.pop(name, None)
                    held.pop(name, None)
        return [values[value.name] for value in self.outputs]

    def _most(self, values: Mapping[str, Host]) -> int:
        """The most elements that nodes may make, of one array and of all at once, for these inputs."""
        given = sum(values[value.name].size for value in self.inputs)
        constants = sum(array.size for array in self.constants.values())
        return ELEMENTS + PER_INPUT * given + PER_CONSTANT * constants

    def _names(self) -> str:
        return ", ".join(repr(value.name) for value in self.inputs) or "none"


def _settled(value: Value, given: npt.ArrayLike) -> Host:
    array = np.asarray(given)
    if not np.can_cast(array.dtype, value.dtype, "same_kind"):
        raise TypeError(f"the input {value.name!r} is {value.dtype}, got {array.dtype}.")
    if value.shape is not None:
        fits = len(value.shape) == array.ndim and all(
            not isinstance(size, int) or size == own for size, own in zip(value.shape, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"the input {value.name!r} has shape {value.shape}, got {array.shape}.")
    return array.astype(value.dtype, copy=False)
