"""CPU twin of the LSTM ops: which of the ways an LSTM goes: panel by panel, by whole rows, or by whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import LSTMGradients, LSTMNoise, LSTMOutput, LSTMWeights
from ...specs import LSTMSpec
from ..compiler.cpu_info import HOST
from ..gemm.layout import geometry, panels
from ..gemm.microkernel import HEIGHT
from ..lstm import panelwise
from ..lstm.int8 import int8_forward
from ..lstm.int8.products import HIGHEST
from ..lstm.kernel_selection import steps_ahead
from ..lstm.rowwise import rowwise_backward, rowwise_forward
from ..simd.custom_activation import settled_spec

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
    """CPU twin: layer norms and projections need whole rows at each step; all else is done panel by panel, which is faster."""
    if spec.int8:
        return int8_forward.lstm_forward(x, weights, h0, c0, settled_spec(spec), mask=mask, sequences=sequences)
    way = rowwise_forward if rowwise_forward.needs_rows(weights) else panelwise
    asked = {"mask": mask, "noise": noise, "sequences": sequences, "training": training}
    return way.lstm_forward(x, weights, h0, c0, settled_spec(spec), **asked)


def lstm_backward(tape: Any, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU twin: the way that the tape has come."""
    way = rowwise_backward if isinstance(tape, rowwise_forward.Tape) else panelwise
    return way.lstm_backward(tape, dy, dh, dc, need_dx=need_dx)


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool, rows: bool, gatewise: bool) -> str:
    """CPU twin: instruction set and rows by columns of the tallest tile, then what is special.

    ``rows``: each step goes by whole rows; ``gates``: products have masks of each gate; ``ahead``: x W is done before the loop;
    ``int8``: by whole numbers.
    """
    shape = geometry(np.dtype(dtype))
    if spec.int8:
        return f"cpu:{HOST.isa}:{min(N, HIGHEST)}x{COUNT * shape.V}:int8"
    ahead = not (rows or gatewise) and steps_ahead(N, T, D, panels(H, shape.V), np.dtype(dtype)) > 0
    special = {"rows": rows, "gates": gatewise, "ahead": ahead}
    return ":".join([f"cpu:{HOST.isa}:{min(N, HEIGHT)}x{shape.w}", *(name for name, so in special.items() if so)])
