"""What a call of the LSTM ops is planned by: its compiled loop and cells, and how its sizes are cut for caches and threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...specs import LSTMSpec
from ..gemm.batch_groups import Group, Size, grouped
from ..gemm.gemm import VERY_FAR
from ..gemm.layout import Columns, Panels, Shape, cell_lanes, geometry, gradient_columns, panels
from ..gemm.microkernel import HEIGHT
from ..runtime import thread_pool
from .backward_loop import backward_loop
from .forward_loop import forward_loop
from .pointwise import Asked, gate_cell, output_cell, settings, traits
from .pointwise_grad import gate_gradient_cell, output_gradient_cell

Array = npt.NDArray[Any]

#: Fewer rows than this leave tiles low in a time loop, so the product with W is done for all steps ahead of it, if it is worth
#: that.
FEW_ROWS = HEIGHT

#: Up to this many rows a product ahead pays where W is so large that a step would read it from afar: once a chunk of steps.
SOME_ROWS = 48
FAR = 1024 * 1024

#: Multiplications of a product ahead that are worth its call, some microseconds, for one row; several rows make tiles of their
#: own, and gain where W has so many bytes that the second-level cache does not hold it beside U.
WORTH_A_CALL = 300_000
NOT_NEAR = 256 * 1024

#: The rows of a tile that asks for far weights.
TALL_ROWS = 4

#: Bytes of the product with W that are done ahead at a time, to stay in the second-level cache until the loop reads them; but
#: where W is far at least so many rows.
AHEAD = 256 * 1024
AHEAD_ROWS = 128

#: Rows up to which threads share the panels and not the rows, where there are so many recurrent weights: half of them then stay
#: in each core's cache, or a forward tile of few rows stays as high as it was. (Of a single row with fewer, a member whose core
#: another program takes costs more than all gain.) And the rows of steps for which they stay together.
TEAM_THRESHOLDS = ((1, 200_000), (FEW_ROWS - 1, 100_000), (32, 350_000))
GRADIENT_TEAM_THRESHOLDS = ((1, 200_000), (32, 350_000))
TEAM_STEPS = 512

#: Bytes of weights up to which a batch's rows are grouped on the tape. With more a step takes so long that the lines which
#: another core takes do not matter. (Less than ``FAR``: no product is done ahead for such a batch.)
NEAR = 512 * 1024


class Plan(NamedTuple):
    """What calls of many sizes N, T and D share."""

    shape: Shape
    cut: Panels
    numbers: Array  # that cells read
    loop: Any
    cells: tuple[Any, ...]  # kept alive
    addresses: tuple[int, ...]  # of the cells: of whole panels, of the tail
    far: bool  # whether tiles ask for the recurrent weights
    units: Columns  # how the columns of dz U^T are cut


def _planned(
    spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], H: int, several: bool, far: bool, makers: Sequence[Any], loop: Any
) -> Plan:
    shape, how = geometry(dtype), traits(spec, asked)
    cut = panels(H, shape.V)
    units = gradient_columns(H, shape, 2 if several and not asked.own else 1)  # with factors of their own gates take turns
    cells = tuple(make(how, shape.dtype, *lanes) for lanes in cell_lanes(cut, several) for make in makers)
    addresses = tuple(cell.address for cell in cells)
    return Plan(shape, cut, settings(spec, dtype), loop(shape, cut, units), cells, addresses, far, units)


@cache
def _forward_plan(spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], H: int, several: bool, far: bool) -> Plan:
    makers = (partial(gate_cell, tape=asked.training), output_cell)

    def loop(shape: Shape, cut: Panels, _: Columns) -> Any:
        return forward_loop(shape, cut.C, asked.own, far)

    return _planned(spec, asked, dtype, H, several, far, makers, loop)


@cache
def _gradient_plan(spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], H: int, several: bool, far: bool) -> Plan:
    makers = (output_gradient_cell, gate_gradient_cell)

    def loop(shape: Shape, cut: Panels, units: Columns) -> Any:
        return backward_loop(shape, cut.C, units.C, units.few, asked.own, far)

    return _planned(spec, asked, dtype, H, several, far, makers, loop)


def forward_plan(spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], N: int, H: int) -> Plan:
    """The plan of a forward call of N rows."""
    return _forward_plan(spec, asked, dtype, H, N > 1, _far(N, H, asked, dtype))


def gradient_plan(spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], N: int, H: int) -> Plan:
    """The plan of a backward call of N rows."""
    return _gradient_plan(spec, asked, dtype, H, N > 1, _far(N, H, asked, dtype))


def _far(N: int, H: int, asked: Asked, dtype: np.dtype[Any]) -> bool:
    """Whether tiles are tall and wait for the recurrent weights."""
    return not asked.own and N >= TALL_ROWS and COUNT * H * H * dtype.itemsize >= VERY_FAR


def steps_ahead(N: int, T: int, D: int, cut: Panels, dtype: np.dtype[Any]) -> int:
    """The steps for which the product with W is done ahead at a time; 0: each step does its own."""
    row = cut.gates * dtype.itemsize
    far = D * row > FAR and N <= SOME_ROWS
    if T == 1 or D == 1 or not (far or N < FEW_ROWS):
        return 0
    steps = max(1, AHEAD // (N * row), -(-AHEAD_ROWS // N) if far else 1)
    worth = D * cut.gates * min(steps, T) >= WORTH_A_CALL if N == 1 else D * row >= NOT_NEAR
    return steps if worth else 0


def groups(size: Size, cut: Panels, asked: Asked, dtype: np.dtype[Any]) -> list[Group]:
    """The groups of rows of a call of this size; a single one without a tape."""
    weights = (size.D + cut.padded) * cut.gates * dtype.itemsize
    return grouped(size, asked.training and not asked.own and weights <= NEAR)


def members(T: int, N: int, cut: Panels, asked: Asked, thresholds: Sequence[tuple[int, int]] = TEAM_THRESHOLDS) -> int:
    """The threads that panels are shared among, where rows are too few to share."""
    weights = cut.gates * cut.padded
    least = next((least for rows, least in thresholds if rows >= N), None)
    by_team = least is not None and weights >= least and T * N * weights >= thread_pool.MIN_WORK_PER_THREAD and not asked.own
    return thread_pool.available_threads() if by_team else 1
