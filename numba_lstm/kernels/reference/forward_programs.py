"""Forward programs, which run the forward op of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..op_types import DenseLayerSpec, ForwardProgram, LSTMLayerSpec
from .dense import activation_forward, dense_forward
from .lstm import lstm_forward
from .streaming import with_copied_weights

Array = npt.NDArray[Any]


class _Program:
    """The layers with copies of their weights."""

    def __init__(self, layers: Sequence[LSTMLayerSpec | DenseLayerSpec]) -> None:
        self._layers = [with_copied_weights(layer) for layer in layers]

    def __call__(self, x: Array) -> Array:
        for layer in self._layers:
            if isinstance(layer, LSTMLayerSpec):
                out = lstm_forward(x, layer.weights, None, None, layer.spec, sequences=layer.sequences)
                x = out.h if out.y is None else out.y
            elif layer.kernel is None:
                x, _ = activation_forward(x, layer.activation)
            else:
                x, _ = dense_forward(x, layer.kernel, layer.bias, layer.activation)
        return np.array(x.transpose(1, 0, 2) if x.ndim == 3 else x, order="C")


def forward_program(layers: Sequence[LSTMLayerSpec | DenseLayerSpec], x: Array) -> ForwardProgram | None:
    """Copies the weights only."""
    return _Program(layers)
