"""Executable graph: nodes in execution order, inputs, outputs and constants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....device import get_ops
from ..operators.call import BASE_ELEMENTS, ELEMENTS_PER_CONSTANT, ELEMENTS_PER_INPUT, Call, Operator
from ..operators.compute import WEIGHTS, cells_of

Host = npt.NDArray[Any]

MAX_WEIGHT_USES = 4  #: of all weights of a file by LSTMs, each of which makes a copy in another layout


class Value(NamedTuple):
    """An input or an output."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str | None, ...] | None  #: a name where any size fits; None where even the rank is free


@dataclass(frozen=True)
class Node:
    """A node: its operator, attributes, and the names of inputs and outputs ("" for one that is omitted)."""

    name: str  #: in messages
    label: str  #: its name in the file, or ""
    kind: str
    operator: Operator
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    cache: dict[str, Any] = field(default_factory=dict)


class Graph:
    """A graph from :func:`~numba_lstm.interop.onnx.load`; call it with its inputs, in order or by name.

    A call leaves nothing on the graph but weights that are prepared for the device, so many threads may call it.

    Attributes
    ----------
    inputs, outputs : tuple of Value
        ``(name, dtype, shape)`` of each.
    nodes : tuple of Node
        In execution order, without Constants, whose values are among ``constants``.
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
        file_size: int = 0,
    ) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.nodes, self.constants, self.opset = tuple(nodes), dict(constants), opset
        self.file_size = file_size  #: in bytes
        self._uses = Counter(name for node in nodes for name in node.inputs)
        self._uses.update(value.name for value in outputs)

    def prepare(self) -> None:
        """Make the cells of LSTMs with constant weights, which checks the shapes of these."""
        bytes_left = MAX_WEIGHT_USES * sum(array.nbytes for array in self.constants.values())
        for node in self.nodes:
            weights = [name for index in WEIGHTS for name in node.inputs[index : index + 1] if name]
            if node.kind == "LSTM" and all(name in self.constants for name in weights):
                bytes_left -= sum(self.constants[name].nbytes for name in weights)
                if bytes_left < 0:
                    raise ValueError(f"{node.name} is one LSTM too many on the same weights.")
                try:
                    node.cache["cells"] = cells_of([self.constants.get(name) for name in node.inputs], node.attributes)
                except (ValueError, TypeError) as error:
                    raise ValueError(f"{node.name}: {error}") from error

    def __call__(self, *arrays: npt.ArrayLike, **named: npt.ArrayLike) -> Host | tuple[Host, ...]:
        """Compute the outputs: a NumPy array, or a tuple of several.

        Raises
        ------
        TypeError, ValueError
            For inputs that are missing, too many, or of another dtype or shape, and for what a node refuses.
        """
        if len(arrays) > len(self.inputs):
            raise TypeError(f"the graph has {len(self.inputs)} inputs, got {len(arrays)}.")
        feeds = {value.name: array for value, array in zip(self.inputs, arrays, strict=False)}
        for name in named:
            if name in feeds or name not in {value.name for value in self.inputs}:
                raise TypeError(f"the input {name!r} is given twice, or there is none. The graph has {self._names()}.")
        outputs = self.run({**feeds, **named})
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def run(self, feeds: Mapping[str, npt.ArrayLike]) -> list[Host]:
        """Compute the outputs, in order, for inputs by name; see :meth:`__call__`."""
        values: dict[str, Host] = dict(self.constants)
        for value in self.inputs:
            if value.name not in feeds:
                raise TypeError(f"the input {value.name!r} is missing. The graph has {self._names()}.")
            values[value.name] = _check_input(value, feeds[value.name])
        uses_left = Counter(self._uses)
        ops, max_elements = get_ops(), self._max_elements(values)
        live_sizes = dict.fromkeys(values, 0)  # elements of the arrays that later nodes still use
        for node in self.nodes:
            inputs = [values[name] if name else None for name in node.inputs]
            constant = [not name or name in self.constants for name in node.inputs]
            call = Call(ops, inputs, node.attributes, self.opset, constant, node.cache, max_elements, len(node.outputs))
            try:
                outputs = node.operator.run(call)
            except (ValueError, TypeError) as error:
                raise type(error)(f"{node.name}: {error}") from error
            values.update(zip(node.outputs, outputs, strict=False))
            live_sizes.update((name, array.size) for name, array in zip(node.outputs, outputs, strict=False))
            if sum(live_sizes.values()) > max_elements:
                raise ValueError(
                    f"{node.name}: the graph holds more than {max_elements:,} elements at once, too many for its inputs."
                )
            for name in node.inputs:
                uses_left[name] -= 1
                if not uses_left[name]:
                    values.pop(name, None)
                    live_sizes.pop(name, None)
        return [values[value.name] for value in self.outputs]

    def _max_elements(self, values: Mapping[str, Host]) -> int:
        """Maximum of elements for these inputs: of any array, and of all arrays that exist at once."""
        input_elements = sum(values[value.name].size for value in self.inputs)
        constants = sum(array.size for array in self.constants.values())
        return BASE_ELEMENTS + ELEMENTS_PER_INPUT * input_elements + ELEMENTS_PER_CONSTANT * constants

    def _names(self) -> str:
        return ", ".join(repr(value.name) for value in self.inputs) or "none"


def _check_input(value: Value, feed: npt.ArrayLike) -> Host:
    array = np.asarray(feed)
    if not np.can_cast(array.dtype, value.dtype, "same_kind"):
        raise TypeError(f"the input {value.name!r} is {value.dtype}, got {array.dtype}.")
    if value.shape is not None:
        fits = len(value.shape) == array.ndim and all(
            not isinstance(size, int) or size == actual for size, actual in zip(value.shape, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"the input {value.name!r} has shape {value.shape}, got {array.shape}.")
    return array.astype(value.dtype, copy=False)
