"""Selects the kernels of a call of a GRU or of a simple RNN, and its thresholds for threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...specs import RNNSpec
from ..lstm.kernel_selection import FEW_ROWS, GRADIENT_TEAM_THRESHOLDS, TEAM_STEPS, TEAM_THRESHOLDS
from ..lstm.tasks import max_row_splits
from ..runtime import thread_pool
from .backward_loop import backward_loop
from .forward_loop import forward_loop
from .layout import CellLayout
from .pointwise import gru_kernel, gru_reset_kernel, simple_gradient_kernel, simple_kernel
from .pointwise_grad import gru_gradient_kernel, gru_reset_gradient_kernel
from .products import product_kernel, row_product_kernel

Array = npt.NDArray[Any]

#: Rows of x whose product with W is computed at a time, where a step has fewer than ``FEW_ROWS``.
HOISTED_ROWS = 64


class Kernels(NamedTuple):
    """The kernels of a call: the time loop, and the C functions that it calls."""

    loop: Any
    product: Any
    pointwise: Any
    reset: Any  #: 0 where there is none
    row_product: Any = 0  #: of the gates of a single row; 0 where there is none


@cache
def forward_kernels(spec: RNNSpec, layout: CellLayout) -> Kernels:
    """Return the kernels of a forward call."""
    geometry, reset_after = layout.geometry, spec.reset_after
    loop, product = forward_loop(geometry, layout.gates, reset_after), product_kernel(geometry, layout.units.C)
    if not spec.gated:
        return Kernels(loop, product, simple_kernel(spec.activation, geometry.dtype, geometry.V), 0)
    gate, size = spec.recurrent_activation, (geometry.dtype, geometry.V)
    reset = 0 if reset_after else gru_reset_kernel(gate, *size)
    pointwise, row_product = gru_kernel(gate, spec.activation, reset_after, *size), row_product_kernel(geometry, layout.units.C)
    return Kernels(loop, product, pointwise, reset, row_product)


@cache
def backward_kernels(spec: RNNSpec, layout: CellLayout) -> Kernels:
    """Return the kernels of a backward call."""
    geometry, reset_after = layout.geometry, spec.reset_after
    loop, product = backward_loop(geometry, layout.gates, reset_after), product_kernel(geometry, layout.units.C)
    if not spec.gated:
        return Kernels(loop, product, simple_gradient_kernel(spec.activation, geometry.dtype, geometry.V), 0)
    gate, size = spec.recurrent_activation, (geometry.dtype, geometry.V)
    reset = 0 if reset_after else gru_reset_gradient_kernel(gate, *size)
    return Kernels(loop, product, gru_gradient_kernel(gate, spec.activation, reset_after, *size), reset)


class Schedule(NamedTuple):
    """How a forward call is split into kernel calls."""

    chunk: int  #: steps whose product with W is computed at a time
    steps: int  #: steps of one call of the loop
    splits: int  #: number of ranges of rows
    team_size: int  #: size of a team that splits the units instead; 1: no team


def make_schedule(x: Array, layout: CellLayout, *, per_gate: bool) -> Schedule:
    """Return the schedule of a forward call for x (T, N, D) with the current number of threads."""
    T, N, D = x.shape
    team = team_size(T, N, layout, per_gate=per_gate, thresholds=TEAM_THRESHOLDS)
    splits = thread_pool.num_splits(T * N * (D + layout.H) * layout.gates * layout.padded, max_row_splits(N))
    is_even = N == 1 or x.strides[0] == N * x.strides[1]
    chunk = 1
    if is_even and D > 1 and T > 1 and N < FEW_ROWS and (splits == 1 or team > 1):
        chunk = min(T, HOISTED_ROWS // N)
    steps = max(1, TEAM_STEPS // N // chunk) * chunk if team > 1 else T
    return Schedule(chunk, steps, splits, team)


def team_size(T: int, N: int, layout: CellLayout, *, per_gate: bool, thresholds: Sequence[tuple[int, int]]) -> int:
    """Return the number of threads that split the units, where rows are too few to split; 1: no team."""
    weights = layout.gates * layout.padded * layout.H
    least = next((least for rows, least in thresholds if rows >= N), None)
    if least is None or weights < least or per_gate:
        return 1
    return thread_pool.available_threads() if T * N * weights >= thread_pool.MIN_WORK_PER_THREAD else 1


def gradient_team_size(T: int, N: int, layout: CellLayout, *, per_gate: bool) -> int:
    """Return the same for the backward pass."""
    return team_size(T, N, layout, per_gate=per_gate, thresholds=GRADIENT_TEAM_THRESHOLDS)


def no_array(ndim: int, dtype: Any) -> Array:
    """Return an empty array of ``ndim`` axes, which stands for one that a call does not have."""
    return np.zeros((0,) * ndim, dtype)
