"""CPU: the ops of the GRU and of the simple RNN."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import RNNGradients, RNNNoise, RNNOutput, RNNWeights
from ...specs import RNNSpec
from ..compiler.cpu_info import HOST
from ..gemm.layout import vector_geometry
from ..gemm.microkernel import TILE_ROWS
from ..lstm.int8.products import MAX_TILE_ROWS
from ..rnn import backward, forward
from ..rnn.int8 import forward as int8_forward
from ..rnn.int8.forward_loop import PANEL
from ..simd.custom_activation import canonical

Array = npt.NDArray[Any]


@lru_cache(256)
def _canonical(spec: RNNSpec) -> RNNSpec:
    """Return a spec with canonical activations."""
    return replace(spec, activation=canonical(spec.activation), recurrent_activation=canonical(spec.recurrent_activation))


def rnn_forward(
    x: Array,
    weights: RNNWeights,
    h0: Array | None,
    spec: RNNSpec,
    *,
    mask: Array | None = None,
    noise: RNNNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> RNNOutput:
    """CPU: a time loop for shards of the batch, or for a team that splits the units."""
    if spec.int8:
        return int8_forward.rnn_forward(x, weights, h0, _canonical(spec), mask=mask, sequences=sequences)
    options = {"mask": mask, "noise": noise, "sequences": sequences, "training": training}
    return forward.rnn_forward(x, weights, h0, _canonical(spec), **options)  # type: ignore[arg-type]


def rnn_backward(tape: forward.Tape, dy: Array | None, dh: Array | None, *, need_dx: bool) -> RNNGradients:
    """CPU: a time loop, then products over all steps."""
    return backward.rnn_backward(tape, dy, dh, need_dx=need_dx)


def rnn_path(N: int, T: int, D: int, H: int, dtype: Any, spec: RNNSpec, *, training: bool) -> str:
    """CPU: the instruction set, the rows and the columns of the tallest tile; ``int8``: int8 weights."""
    if spec.int8:
        return f"cpu:{HOST.isa}:{min(N, MAX_TILE_ROWS)}x{PANEL * vector_geometry(np.dtype(dtype)).V}:int8"
    return f"cpu:{HOST.isa}:{min(N, TILE_ROWS)}x{vector_geometry(np.dtype(dtype)).w}"
