"""The tasks of a forward call of the LSTM, and how calls of both passes split rows among threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ..arrays.copy_tasks import copied
from ..gemm.batch_groups import Group, Size
from ..gemm.gemm import L2_EXCEEDING_BYTES, Product, affine, product_like
from ..gemm.layout import PanelLayout, VectorGeometry
from ..runtime import recording, thread_pool
from ..runtime.memory import aligned, allocate_slab, stride
from ..runtime.recording import StateRing, max_team_size
from ..runtime.task import KernelCall, ParallelFor, Task, Team, parallel_for, partition
from .buffers import tape_panel_stride
from .kernel_selection import (
    FEW_ROWS,
    TEAM_STEPS,
    KernelSelection,
    hoisted_steps,
    row_groups,
    team_size,
)
from .pointwise import CallOptions

Array = npt.NDArray[Any]

#: Makes the kernel call for ``(index, first row, last row, barrier_counter, member, team_size)``.
MakeCall = Callable[[int, int, int, Array, int, int], KernelCall]

NO_MASK = np.zeros((0, 0), np.bool_)
NO_MASKS = np.zeros((0, 0, 0), np.bool_)
NO_BARRIER = np.zeros(1, np.int64)

#: Rows whose stride is a multiple of these bytes share sets of the L1 cache.
BANK_CONFLICT_BYTES = 1024

#: Bytes of recurrent weights from which on threads share a step of a stream: the L2 cache of one core does not hold them.
LARGE_STEP_BYTES = 2 * 1024 * 1024

#: Cost of copying an element, in multiplications.
COPY_COST = 16


class Schedule(NamedTuple):
    """How a forward call is split into kernel calls."""

    hoisted: int  #: steps whose product with W is computed before the loop, at a time; 0: the loop computes it
    steps: int  #: steps of one call of the loop
    groups: list[Group]  #: groups of the rows
    row_ranges: list[tuple[int, int]]  #: rows of each thread
    team_size: int  #: size of a team that splits the panels instead; 1: no team


def make_schedule(
    size: Size, layout: PanelLayout, options: CallOptions, dtype: np.dtype[Any], rings: Sequence[StateRing] = ()
) -> Schedule:
    """Return the schedule of a forward call of this size with the current number of threads.

    In a step of a stream, whose states are in ``rings``, a team splits the panels of a single row of large weights.
    """
    T, N, D = size
    if rings:
        large = N == 1 and layout.gates * layout.padded * dtype.itemsize >= LARGE_STEP_BYTES
        return Schedule(0, 1, row_groups(size, layout, options, dtype), [(0, N)], max_team_size() if large else 1)
    hoisted = 0 if options.per_gate else hoisted_steps(N, T, D, layout, dtype)
    team = team_size(T, N, layout, options)
    steps = max(hoisted, TEAM_STEPS // N) if team > 1 else hoisted or T
    terms = layout.H if hoisted else D + layout.H
    splits = thread_pool.num_splits(min(steps, T) * N * terms * layout.gates, max_row_splits(N))
    groups = row_groups(size, layout, options, dtype)
    return Schedule(hoisted, steps, groups, row_ranges(groups, splits), team)


def pack_x_with_h(source: Array, x: Array, schedule: Schedule) -> tuple[Array, list[Task]]:
    """Return :attr:`ForwardArgs.source` of a call whose rows hold x after h, and the tasks that run before its steps.

    Where the input product is hoisted, or the members of a team read all rows, a task copies x before the steps.
    """
    if schedule.hoisted or schedule.team_size > 1:
        return source[:0], [copied(source, x)]
    return source, []


def avoid_bank_conflicts(x: Array) -> tuple[Array, list[Task]]:
    """Return x (T, N, D) and no tasks, or a copy whose rows do not share cache sets and the task that fills it.

    Tiles of several rows read from several rows in turn.
    """
    T, N, D = x.shape
    if N < FEW_ROWS or x.strides[1] % BANK_CONFLICT_BYTES or x.strides[1] == 0:
        return x, []
    out = aligned((T, N, stride(D, x.dtype)), x.dtype)[:, :, :D]
    splits = thread_pool.num_splits(x.size * COPY_COST, T)
    return out, [parallel_for(T, splits, lambda _, steps: copied(x[slice(*steps)], out[slice(*steps)]))]


def max_row_splits(N: int) -> int:
    """Return the maximum number of threads for N rows forward: a single row waits for the weights as long as two do."""
    return N if N <= 2 else N // 2


class ForwardArgs(NamedTuple):
    """The arrays that the loop of a forward call reads and writes."""

    x: Array
    source: Array  #: an input that the loop copies to x step by step; empty: x is filled
    W: Array
    U: Array
    b: Array
    start: Array  #: b as a row; where a stream hoists x W, rows of b + x W
    h: Array  #: ring of T + 1 states; of 2 without a tape and without all outputs
    c: Array  #: ring of T + 1 states with a tape, else of 1
    z: Array  #: scratch of each row range or team member
    gates: Array  #: the tape's panels
    peephole: Array
    valid: Array
    zoneout_h: Array
    zoneout_c: Array
    dropout_factors: Array
    masked_inputs: Array


def forward_buffers(
    size: Size,
    selection: KernelSelection,
    schedule: Schedule,
    dtype: np.dtype[Any],
    *,
    training: bool,
    sequences: bool,
    rings: Sequence[StateRing] = (),
) -> tuple[Array, Array, Array, Array]:
    """Return h, c, z and gates of :class:`ForwardArgs`; with a tape, rows of h hold h, x and 1."""
    (T, N, D), geometry, layout = size, selection.geometry, selection.layout
    if rings:
        z = recording.scratch((schedule.team_size, _pending_elements(N, geometry, layout)), dtype)
        return rings[0].entries, rings[1].entries, z, z[0, :0]
    h, c, z = allocate_slab(
        dtype,
        (T + 1 if training or sequences else 2, N, stride(layout.padded + (D + 1 if training else 0), dtype)),
        (T + 1 if training else 1, N, stride(layout.padded, dtype)),
        (max(len(schedule.row_ranges), schedule.team_size), geometry.scratch),
    )
    if not training:
        return h, c, z, z[0, :0]
    return h, c, z, aligned((tape_panel_stride(T, N, geometry, layout) * layout.full + T * N * COUNT * layout.v,), dtype)


def _pending_elements(N: int, geometry: VectorGeometry, layout: PanelLayout) -> int:
    """Return the elements of z that wait for pointwise kernels in a step of N rows; see :attr:`VectorGeometry.scratch`."""
    rows = N * max(1, layout.full) if N < FEW_ROWS else N
    return min(geometry.scratch, (rows * geometry.V + layout.v) * COUNT)


def stream_input(x: Array, W: Array, b: Array, geometry: VectorGeometry, layout: PanelLayout) -> tuple[Array, Array]:
    """Return x (1, N, D) and the row b, or where a stream hoists x W no features and rows of b + x W."""
    (_, N, D), active = x.shape, recording.active()
    if active is None or x is not active.input or active.hoisted is not None:  # another layer's is
        return x, b[None]
    rows = hoisted_rows(N, layout, x.dtype)
    active.hoisted = recording.Hoisted(
        rows,
        lambda T: hoisted_steps(N, T, D, layout, x.dtype),
        lambda like, out: input_product(like, W, b, out, geometry, layout),
    )
    return (x[:, :, :0], rows) if active.hoists else (x, b[None])


def forward_tasks(
    selection: KernelSelection, size: Size, schedule: Schedule, args: ForwardArgs, first: int = 0
) -> Iterator[Task]:
    """Yield the tasks of a forward call, in their order. The loop counts its steps from ``first`` on."""
    (T, N, D), geometry, layout = size, selection.geometry, selection.layout
    panel_stride = tape_panel_stride(T, N, geometry, layout) if args.gates.size else 0
    preactivations = hoisted_rows(min(T, schedule.steps) * N, layout, args.x.dtype) if schedule.hoisted else args.start
    for t0 in range(0, T, schedule.steps):
        t1 = min(T, t0 + schedule.steps)
        if schedule.hoisted:
            x = args.x[t0:t1]
            yield input_product(x, args.W, args.b, preactivations[: (t1 - t0) * N], geometry, layout)(x)
        sizes = T, schedule.groups[0].rows, 0 if schedule.hoisted else D, panel_stride
        yield split_rows(
            N, schedule.row_ranges, schedule.team_size, _steps(selection, args, preactivations, sizes, first + t0, first + t1)
        )


def _steps(
    selection: KernelSelection, args: ForwardArgs, preactivations: Array, sizes: tuple[int, int, int, int], t0: int, t1: int
) -> MakeCall:
    """Return what makes the call of steps t0 .. t1 of a row range, or of all rows by a member of a team."""
    x, source, W, U, _, _, h, c, z, gates, peephole, valid, zoneout_h, zoneout_c, dropout_factors, masked_inputs = args
    scalars, pointwise, layout = selection.scalar_parameters, selection.pointwise_kernels, selection.layout
    T, group_rows, D, panel_stride = sizes

    def call(index: int, r0: int, r1: int, barrier_counter: Array, member: int, team_size: int) -> KernelCall:
        return KernelCall(
            selection.loop, x, source, W, U, preactivations, h, c, gates, peephole, scalars, valid, zoneout_h, zoneout_c,
            dropout_factors, masked_inputs, z[index], barrier_counter, *pointwise, D, layout.H, layout.full, panel_stride,
            t0, t1, r0, r1, T, group_rows, member, team_size,
        )  # fmt: skip

    return call


def hoisted_rows(rows: int, layout: PanelLayout, dtype: np.dtype[Any]) -> Array:
    """Return a buffer for :func:`input_product`. Its rows do not share cache sets, since each chunk of terms updates them."""
    return aligned((rows, stride(layout.gates, dtype)), dtype)


def input_product(
    like: Array, W: Array, b: Array, preactivations: Array, geometry: VectorGeometry, layout: PanelLayout
) -> Product:
    """Return what makes the task ``preactivations = b + x W`` for an x (T, N, D) with the strides of ``like``.

    ``preactivations`` has T * N rows.
    """
    exceeds_l2 = like.shape[2] * layout.gates * W.itemsize >= L2_EXCEEDING_BYTES
    return product_like(affine(geometry, layout.C, exceeds_l2), like, W, b, preactivations, layout.full * geometry.G)


def row_ranges(groups: list[Group], splits: int) -> list[tuple[int, int]]:
    """Return the rows of each of ``splits`` threads: shares of groups, or of the batch if groups do not split evenly."""
    if splits % len(groups):
        return [partition(groups[-1].last, index, splits) for index in range(splits)]
    per_group = splits // len(groups)
    group_ranges = ((group.first, partition(group.rows, index, per_group)) for group in groups for index in range(per_group))
    return [(begins + first, begins + last) for begins, (first, last) in group_ranges]


def split_rows(N: int, ranges: list[tuple[int, int]], team_size: int, call: MakeCall) -> Task:
    """Return the task of these ranges of N rows, or of all rows by a team if ``team_size`` is more than 1."""
    if team_size > 1:
        barrier_counter = aligned((1,), np.int64)
        return Team([call(member, 0, N, barrier_counter, member, team_size) for member in range(team_size)], barrier_counter)
    calls = [call(index, *rows, NO_BARRIER, 0, 1) for index, rows in enumerate(ranges)]
    return calls[0] if len(calls) == 1 else ParallelFor(calls)
