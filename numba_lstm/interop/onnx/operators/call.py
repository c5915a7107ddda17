"""What an operator is, and what a call of it is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy.typing as npt

from ....kernels.contract import Ops

Host = npt.NDArray[Any]

#: Elements that nodes may make in a call: some for any graph, and so many for each element of the inputs and of the constants.
#: A graph of a few bytes may ask for any size; what a caller hands in says how much work is meant.
ELEMENTS, PER_INPUT, PER_CONSTANT = 1 << 22, 1 << 14, 1 << 6


@dataclass
class Call:
    """What an operator is given: its inputs (None where one is left out), its attributes, the version of the operator set."""

    ops: Ops
    inputs: Sequence[Host | None]
    attributes: dict[str, Any]
    opset: int
    constant: Sequence[bool] = ()  #: of each input, whether it is the same at every call
    kept: dict[str, Any] = field(default_factory=dict)  #: what a node keeps from call to call
    most: int = ELEMENTS  #: elements of an array that the operator may make

    def keep(self, key: str, inputs: Sequence[int], make: Callable[[], Any]) -> Any:
        """``make()``, made once if these inputs are constants."""
        if not all(index >= len(self.constant) or self.constant[index] for index in inputs):
            return make()
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def check_size(self, shape: Sequence[int]) -> tuple[int, ...]:
        """``shape``, if an array of it has no more than ``most`` elements."""
        if math.prod(shape) > self.most:
            raise ValueError(
                f"it would make an array of shape {tuple(shape)}, of more than {self.most:,} elements, which are allowed for "
                "inputs and weights of these sizes."
            )
        return tuple(shape)

    def get(self, index: int) -> Host | None:
        """An input, if it is given."""
        return self.inputs[index] if index < len(self.inputs) else None

    def need(self, index: int) -> Host:
        """An input that must be given."""
        array = self.get(index)
        if array is None:
            raise ValueError(f"its input {index} is missing.")
        return array


class Operator(NamedTuple):
    """How an operator is run, and what a node of it may have."""

    run: Callable[[Call], Sequence[Host]]
    inputs: tuple[int, int]  #: the fewest and the most
    outputs: int = 1  #: the most
    attributes: tuple[str, ...] = ()  #: all that it can have
