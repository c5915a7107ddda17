"""Buffers of the LSTM ops: states, gradients and masks in rows that vectors may read and write to their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import Weight
from ..gemm import pack
from ..gemm.batch_groups import Group
from ..gemm.gemm import through_gates_tasks
from ..gemm.layout import Panels, Shape, gradient_columns
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned

Array = npt.NDArray[Any]


def start(ring: Array, first: Array | None, padded: int, size: int) -> None:
    """The initial state into row 0 of a ring of states; its padding is zero, so that it never meets NaN."""
    ring[0, :, :padded] = 0
    if first is not None:
        ring[0, :, :size] = first


def state(value: Array | None, N: int, size: int, padded: int, dtype: Any) -> Array:
    """A gradient of a state as a buffer of its own, rows padded."""
    made = aligned((N, padded), dtype)
    made[...] = 0
    if value is not None:
        made[:, :size] = value
    return made


def padded_steps(x: Array, padded: int) -> Array:
    """A copy of x (T, N, size), or of masks, with zeros behind each row."""
    made = aligned((*x.shape[:-1], padded), x.dtype)
    made[..., x.shape[-1] :] = 0
    made[..., : x.shape[-1]] = x
    return made


def panel_stride(T: int, N: int, shape: Shape, cut: Panels) -> int:
    """The distance of the tape's panels: one step of all panels must not fall on the same sets of the second-level cache."""
    step, rows = N * COUNT * shape.V, T * N * COUNT * shape.V
    period = 64 * 1024 // np.dtype(shape.dtype).itemsize
    if cut.full * step < period:
        return rows
    return rows + (step - rows) % period


def input_gradient(
    size: tuple[int, int, int], W: Weight, dz: Array, shape: Shape, cut: Panels, apart: int, of_rows: Sequence[Group] = ()
) -> Array:
    """``dx = dz W^T`` for all steps, (T, N, D)."""
    T, N, D = size
    inputs = gradient_columns(D, shape, T * N)
    packed = pack.gate_columns_transposed(W, inputs)
    dx = aligned((T * N, inputs.padded(shape)), dz.dtype)
    run_eagerly(through_gates_tasks(dz, packed, dx, shape, cut, inputs, apart, of_rows))
    return dx.reshape(T, N, -1)[:, :, :D]
