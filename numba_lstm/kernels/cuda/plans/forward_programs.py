"""Forward programs: none on a GPU, where launches are asynchronous, so that single ops are as fast."""

from __future__ import annotations

from collections.abc import Sequence

from ...contract import Array, DenseLayerSpec, ForwardProgram, LSTMLayerSpec


def forward_program(layers: Sequence[LSTMLayerSpec | DenseLayerSpec], x: Array) -> ForwardProgram | None:
    """CUDA: None."""
    return None
