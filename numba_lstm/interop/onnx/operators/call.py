"""The arguments of an operator call, and the description of an operator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy.typing as npt

from ....kernels.contract import Ops

Host = npt.NDArray[Any]

#: Elements that the nodes of a graph may make in a call: a base, and more for each element of the inputs and of the constants.
#: A graph of a few bytes can request any size; the sizes of the inputs bound what it gets.
BASE_ELEMENTS, ELEMENTS_PER_INPUT, ELEMENTS_PER_CONSTANT = 1 << 22, 1 << 14, 1 << 6


@dataclass
class Call:
    """A call of an operator: its inputs (None for one that is omitted), its attributes, and the opset version."""

    ops: Ops
    inputs: Sequence[Host | None]
    attributes: dict[str, Any]
    opset: int
    constant: Sequence[bool] = ()  #: for each input, whether it is a constant of the graph
    cache: dict[str, Any] = field(default_factory=dict)  #: values that a node computes once, by key
    max_elements: int = BASE_ELEMENTS  #: of an array that the operator makes
    outputs: int = 1  #: of the node

    def cached(self, key: str, inputs: Sequence[int], make: Callable[[], Any]) -> Any:
        """Return ``make()``, cached if these inputs are constants."""
        if not all(index >= len(self.constant) or self.constant[index] for index in inputs):
            return make()
        if key not in self.cache:
            self.cache[key] = make()
        return self.cache[key]

    def check_size(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return ``shape``; ValueError if such an array has more than ``max_elements`` elements."""
        if math.prod(shape) > self.max_elements:
            raise ValueError(
                f"it would make an array of shape {tuple(shape)}, of more than {self.max_elements:,} elements, which are "
                "allowed for inputs and weights of these sizes."
            )
        return tuple(shape)

    def get(self, index: int) -> Host | None:
        """An input, or None if it is omitted."""
        return self.inputs[index] if index < len(self.inputs) else None

    def require(self, index: int) -> Host:
        """A required input."""
        array = self.get(index)
        if array is None:
            raise ValueError(f"its input {index} is missing.")
        return array


class Operator(NamedTuple):
    """Implementation of an operator, and the inputs, outputs and attributes that its nodes may have."""

    run: Callable[[Call], Sequence[Host]]
    inputs: tuple[int, int]  #: minimum and maximum
    outputs: int = 1  #: maximum
    attributes: tuple[str, ...] = ()  #: the ones that are read
