"""CPU: the LSTM ops select an algorithm: by panels, by rows (layer norms, projection), or with int8 weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import LSTMGradients, LSTMNoise, LSTMOutput, LSTMWeights
from ...specs import LSTMSpec
from ..compiler.cpu_info import HOST
from ..gemm.layout import panel_layout, vector_geometry
from ..gemm.microkernel import TILE_ROWS
from ..lstm import panelwise
from ..lstm.int8 import int8_forward
from ..lstm.int8.products import MAX_TILE_ROWS
from ..lstm.kernel_selection import hoisted_steps
from ..lstm.rowwise import rowwise_backward, rowwise_forward
from ..simd.custom_activation import canonical_spec

Array = npt.NDArray[Any]


def lstm_forward(
    x: Array,
    weights: LSTMWeights,
    h0: Array | None,
    c0: Array | None,
    spec: LSTMSpec,
    *,
    mask: Array | None = None,
    noise: LSTMNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> LSTMOutput:
    """CPU: by rows with layer norms or a projection, which need whole rows at each step; else by panels, which is faster."""
    if spec.int8:
        return int8_forward.lstm_forward(x, weights, h0, c0, canonical_spec(spec), mask=mask, sequences=sequences)
    path = rowwise_forward if rowwise_forward.needs_rowwise(weights) else panelwise
    options = {"mask": mask, "noise": noise, "sequences": sequences, "training": training}
    return path.lstm_forward(x, weights, h0, c0, canonical_spec(spec), **options)


def lstm_backward(tape: Any, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU: the algorithm of the forward pass that made the tape."""
    path = rowwise_backward if isinstance(tape, rowwise_forward.Tape) else panelwise
    return path.lstm_backward(tape, dy, dh, dc, need_dx=need_dx)


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool, rows: bool, gatewise: bool) -> str:
    """CPU: the instruction set, the rows and columns of the tallest tile, and the algorithm.

    ``rows``: by rows; ``gates``: dropout masks per gate; ``ahead``: the input product is hoisted out of the time loop;
    ``int8``: int8 weights.
    """
    geometry = vector_geometry(np.dtype(dtype))
    if spec.int8:
        return f"cpu:{HOST.isa}:{min(N, MAX_TILE_ROWS)}x{COUNT * geometry.V}:int8"
    hoisted = not (rows or gatewise) and hoisted_steps(N, T, D, panel_layout(H, geometry.V), np.dtype(dtype)) > 0
    special = {"rows": rows, "gates": gatewise, "ahead": hoisted}
    return ":".join([f"cpu:{HOST.isa}:{min(N, TILE_ROWS)}x{geometry.w}", *(name for name, so in special.items() if so)])
