"""What an operator is, and what a call of it is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy.typing as npt

from ...kernels.contract import Ops

Host = npt.NDArray[Any]

MAX_ELEMENTS = 1 << 30  #: of an array that a node makes of smaller ones


@dataclass
class Call:
    """What an operator is given: its inputs (None where one is left out), its attributes, the version of the operator set."""

    ops: Ops
    inputs: Sequence[Host | None]
    attributes: dict[str, Any]
    opset: int
    constant: Sequence[bool] = ()  #: of each input, whether it is the same at every call
    kept: dict[str, Any] = field(default_factory=dict)  #: what a node keeps from call to call

    def keep(self, key: str, inputs: Sequence[int], make: Callable[[], Any]) -> Any:
        """``make()``, made once if these inputs are constants."""
        if not all(index >= len(self.constant) or self.constant[index] for index in inputs):
            return make()
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

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


def check_size(shape: Sequence[int]) -> tuple[int, ...]:
    """``shape``, if an array of it is not larger than ``MAX_ELEMENTS``."""
    if math.prod(shape) > MAX_ELEMENTS:
        raise ValueError(f"it would make an array of shape {tuple(shape)}, of more than {MAX_ELEMENTS:,} elements.")
    return tuple(shape)
