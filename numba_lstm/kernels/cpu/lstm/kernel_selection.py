"""Selects the compiled loop and pointwise kernels of an LSTM call, and its thresholds for caches and threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...specs import LSTMSpec
from ..compiler.jit import CFunction
from ..gemm.batch_groups import Group, Size, make_groups
from ..gemm.gemm import L2_EXCEEDING_BYTES
from ..gemm.layout import (
    ColumnLayout,
    PanelLayout,
    VectorGeometry,
    gradient_column_layout,
    panel_layout,
    pointwise_lanes,
    vector_geometry,
)
from ..gemm.microkernel import TILE_ROWS
from ..runtime import thread_pool
from .backward_loop import backward_loop
from .forward_loop import forward_loop
from .pointwise import CallOptions, gate_kernel, output_kernel, scalar_parameters, traits
from .pointwise_grad import gate_gradient_kernel, output_gradient_kernel

Array = npt.NDArray[Any]

#: Below this number of rows a time loop does not fill its tiles, so that x·W is hoisted out of it where that pays.
FEW_ROWS = TILE_ROWS

#: Maximum number of rows for which hoisting x·W pays where W has more than these bytes: each chunk of steps reads W once, where
#: each step would read it from a distant cache.
MAX_HOISTED_ROWS = 48
LARGE_W_BYTES = 1024 * 1024

#: Minimum multiplications for which hoisting x·W pays when N = 1: its call takes some microseconds. Several rows fill tiles
#: anyway. They gain from this size of W on, where the L2 cache does not hold both W and U.
MIN_HOISTED_WORK = 300_000
MIN_HOISTED_W_BYTES = 256 * 1024

#: Minimum number of rows of a tile that prefetches weights that exceed L2.
MIN_PREFETCH_ROWS = 4

#: Bytes of x·W that are computed at a time, which stay in the L2 cache until the loop reads them; and the minimum number of
#: rows of such a product where W is large.
HOISTED_BYTES = 256 * 1024
MIN_HOISTED_CHUNK_ROWS = 128

#: ``(rows, recurrent weights)``: up to these rows, with at least these weights, threads split the panels and not the rows. Half
#: of the weights then stay in each core's cache, and a forward tile of few rows keeps its height. (A single row with fewer
#: weights loses more than the gain when another program takes the core of a team member.) ``TEAM_STEPS`` is the number of rows
#: times steps of one call of a team.
TEAM_THRESHOLDS = ((1, 200_000), (FEW_ROWS - 1, 100_000), (32, 350_000))
GRADIENT_TEAM_THRESHOLDS = ((1, 200_000), (32, 350_000))
TEAM_STEPS = 512

#: Maximum bytes of weights with which the rows of a batch are grouped on the tape. With more, a step takes so long that false
#: sharing does not matter. (Less than ``LARGE_W_BYTES``: no product is hoisted for such a batch.)
MAX_GROUPED_WEIGHT_BYTES = 512 * 1024


class KernelSelection(NamedTuple):
    """The kernels of an LSTM call, and what they depend on; calls of many sizes N, T and D share one selection."""

    geometry: VectorGeometry
    layout: PanelLayout
    scalar_parameters: Array  #: see :func:`.pointwise.scalar_parameters`
    loop: Any
    pointwise_kernels: tuple[CFunction, ...]  #: of full panels, of the tail
    exceeds_l2: bool  #: whether tiles prefetch the recurrent weights
    units: ColumnLayout  #: the layout of the columns of dz U^T


def _select(
    spec: LSTMSpec,
    options: CallOptions,
    dtype: np.dtype[Any],
    H: int,
    several: bool,
    exceeds_l2: bool,
    makers: Sequence[Any],
    loop: Any,
) -> KernelSelection:
    geometry, kernel_traits = vector_geometry(dtype), traits(spec, options)
    layout = panel_layout(H, geometry.V)
    rows = 2 if several and not options.per_gate else 1  # per-gate products have no remainder columns
    units = gradient_column_layout(H, geometry, rows)
    pointwise_kernels = tuple(
        make(kernel_traits, geometry.dtype, *lanes) for lanes in pointwise_lanes(layout, several) for make in makers
    )
    scalars, loop_ = scalar_parameters(spec, dtype), loop(geometry, layout, units)
    return KernelSelection(geometry, layout, scalars, loop_, pointwise_kernels, exceeds_l2, units)


@cache
def _select_forward(
    spec: LSTMSpec, options: CallOptions, dtype: np.dtype[Any], H: int, several: bool, exceeds_l2: bool
) -> KernelSelection:
    makers = (partial(gate_kernel, tape=options.training), output_kernel)

    def loop(geometry: VectorGeometry, layout: PanelLayout, _: ColumnLayout) -> Any:
        return forward_loop(geometry, layout.C, options.per_gate, exceeds_l2)

    return _select(spec, options, dtype, H, several, exceeds_l2, makers, loop)


@cache
def _select_backward(
    spec: LSTMSpec, options: CallOptions, dtype: np.dtype[Any], H: int, several: bool, exceeds_l2: bool
) -> KernelSelection:
    makers = (output_gradient_kernel, gate_gradient_kernel)

    def loop(geometry: VectorGeometry, layout: PanelLayout, units: ColumnLayout) -> Any:
        return backward_loop(geometry, layout.C, units.C, units.remainder, options.per_gate, exceeds_l2)

    return _select(spec, options, dtype, H, several, exceeds_l2, makers, loop)


def select_forward_kernels(spec: LSTMSpec, options: CallOptions, dtype: np.dtype[Any], N: int, H: int) -> KernelSelection:
    """Return the kernels of a forward call of N rows."""
    return _select_forward(spec, options, dtype, H, N > 1, _exceeds_l2(N, H, options, dtype))


def select_backward_kernels(spec: LSTMSpec, options: CallOptions, dtype: np.dtype[Any], N: int, H: int) -> KernelSelection:
    """Return the kernels of a backward call of N rows."""
    return _select_backward(spec, options, dtype, H, N > 1, _exceeds_l2(N, H, options, dtype))


def _exceeds_l2(N: int, H: int, options: CallOptions, dtype: np.dtype[Any]) -> bool:
    """Whether the recurrent weights exceed L2 and tiles are tall enough to prefetch them."""
    return not options.per_gate and N >= MIN_PREFETCH_ROWS and COUNT * H * H * dtype.itemsize >= L2_EXCEEDING_BYTES


def hoisted_steps(N: int, T: int, D: int, layout: PanelLayout, dtype: np.dtype[Any]) -> int:
    """Return the number of steps whose product x·W is computed at a time before the loop; 0: each step computes its own."""
    row = layout.gates * dtype.itemsize
    large = D * row > LARGE_W_BYTES and N <= MAX_HOISTED_ROWS
    if T == 1 or D == 1 or not (large or N < FEW_ROWS):
        return 0
    steps = max(1, HOISTED_BYTES // (N * row), -(-MIN_HOISTED_CHUNK_ROWS // N) if large else 1)
    worthwhile = D * layout.gates * min(steps, T) >= MIN_HOISTED_WORK if N == 1 else D * row >= MIN_HOISTED_W_BYTES
    return steps if worthwhile else 0


def row_groups(size: Size, layout: PanelLayout, options: CallOptions, dtype: np.dtype[Any]) -> list[Group]:
    """Return the groups of rows of a call of this size; a single one without a tape."""
    weights = (size.D + layout.padded) * layout.gates * dtype.itemsize
    return make_groups(size, options.training and not options.per_gate and weights <= MAX_GROUPED_WEIGHT_BYTES)


def team_size(
    T: int, N: int, layout: PanelLayout, options: CallOptions, thresholds: Sequence[tuple[int, int]] = TEAM_THRESHOLDS
) -> int:
    """Return the number of threads that split the panels, where rows are too few to split; 1: no team."""
    weights = layout.gates * layout.padded
    min_weights = next((min_weights for rows, min_weights in thresholds if rows >= N), None)
    if min_weights is None or weights < min_weights or options.per_gate:
        return 1
    return thread_pool.available_threads() if T * N * weights >= thread_pool.MIN_WORK_PER_THREAD else 1
