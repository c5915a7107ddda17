"""A forward pass through a model's parts, op by op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..values import DensePart, ForwardProgram, LSTMPart
from .dense import activation_forward, dense_forward
from .lstm import lstm_forward
from .streaming import copied

Array = npt.NDArray[Any]


class _Program:
    """The parts, with the weights of the moment when it was made."""

    def __init__(self, parts: Sequence[LSTMPart | DensePart]) -> None:
        self._parts = [copied(part) for part in parts]

    def __call__(self, x: Array) -> Array:
        for part in self._parts:
            if isinstance(part, LSTMPart):
                out = lstm_forward(x, part.weights, None, None, part.spec, sequences=part.sequences)
                x = out.h if out.y is None else out.y
            elif part.kernel is None:
                x, _ = activation_forward(x, part.activation)
            else:
                x, _ = dense_forward(x, part.kernel, part.bias, part.activation)
        return np.array(x.transpose(1, 0, 2) if x.ndim == 3 else x, order="C")


def forward_program(parts: Sequence[LSTMPart | DensePart], x: Array) -> ForwardProgram | None:
    """Nothing is prepared."""
    return _Program(parts)
