"""Gradient programs: none on a GPU, where launches are asynchronous, so that single ops are as fast."""

from __future__ import annotations

from collections.abc import Sequence

from ...contract import Array, DenseLayerSpec, GradientProgram, LSTMLayerSpec
from ...specs import LossSpec


def gradient_program(
    layers: Sequence[LSTMLayerSpec | DenseLayerSpec],
    x: Array,
    target: Array,
    loss: LossSpec,
    *,
    first: int,
    weight: Array | None = None,
) -> GradientProgram | None:
    """CUDA: None."""
    return None
