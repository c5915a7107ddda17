"""The task of the recurrence of a backward call of the LSTM."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from ....gates import COUNT
from ..gemm.batch_groups import Size
from ..gemm.microkernel import TILE_ROWS
from ..runtime import thread_pool
from ..runtime.memory import LINE, aligned
from ..runtime.task import KernelCall, Task
from .buffers import tape_panel_stride
from .forward_loop import PREFETCH_CHUNK_TILES, SERPENTINE
from .kernel_selection import GRADIENT_TEAM_THRESHOLDS, KernelSelection, row_groups, team_size
from .pointwise import CallOptions
from .tasks import row_ranges, split_rows

Array = npt.NDArray[Any]

#: Bytes of dz that a chunk of the backward product keeps in the L2 cache.
DZ_CHUNK_BYTES = 128 * 1024

#: Distance in bytes between buffers that two threads write repeatedly. The prefetches of one core fetch the lines after its own
#: data, and would take neighbouring lines from the other core.
FALSE_SHARING_BYTES = 1024


class BackwardArgs(NamedTuple):
    """The arrays that the loop of a backward call reads and writes."""

    dy: Array
    U: Array
    c: Array
    dh: Array
    dc: Array
    carry: Array
    gates: Array  #: the tape's panels, which become dz
    peephole: Array
    peephole_grads: Array
    valid: Array
    zoneout_h: Array
    zoneout_c: Array
    dropout_factors: Array


def backward_task(selection: KernelSelection, size: Size, options: CallOptions, args: BackwardArgs) -> Task:
    """Return the task of the recurrence of a backward call."""
    (T, N, _), geometry, layout = size, selection.geometry, selection.layout
    dy, U, c, dh, dc, carry, gates, peephole, peephole_grads, valid, zoneout_h, zoneout_c, dropout_factors = args
    scalars, pointwise, panel_stride = (
        selection.scalar_parameters,
        selection.pointwise_kernels,
        tape_panel_stride(T, N, geometry, layout),
    )
    blocks, row, groups = selection.units.full, COUNT * geometry.V, row_groups(size, layout, options, c.dtype)
    group_rows, ranges = groups[0].rows, row_ranges(groups, thread_pool.num_splits(T * N * layout.H * layout.gates, N))

    def call(_: int, r0: int, r1: int, barrier_counter: Array, member: int, team_size: int) -> KernelCall:
        few_tiles = r1 - r0 <= PREFETCH_CHUNK_TILES * TILE_ROWS
        limit = geometry.prefetch_chunk if selection.exceeds_l2 and few_tiles else geometry.chunk
        chunk = max(1, min(DZ_CHUNK_BYTES // ((r1 - r0) * row * gates.itemsize), limit // row))
        chunk = layout.full + 1 if r1 - r0 <= (TILE_ROWS if SERPENTINE else 1) else chunk  # a step reads all weights once
        private_copy = _private_copy(r1 - r0 if len(ranges) > 1 and team_size == 1 else 0, dh, dc)
        return KernelCall(
            selection.loop, dy, U, c, dh, dc, carry, gates, peephole, peephole_grads, scalars, valid, zoneout_h, zoneout_c,
            dropout_factors, private_copy, barrier_counter, *pointwise, layout.H, layout.full, layout.lanes, blocks, chunk,
            panel_stride, T, r0, r1, group_rows, member, team_size,
        )  # fmt: skip

    return split_rows(N, ranges, team_size(T, N, layout, options, GRADIENT_TEAM_THRESHOLDS), call)


def _private_copy(rows: int, dh: Array, dc: Array) -> Array:
    """Return a buffer for a thread's rows of dh and dc, ``FALSE_SHARING_BYTES`` from other data; an empty one for no rows."""
    line, gap = LINE // dh.itemsize, FALSE_SHARING_BYTES // dh.itemsize
    size = (-(-rows * dh.shape[1] // line) + 1) * line + rows * dc.shape[1] if rows else 0
    return aligned((gap + size + gap if rows else 0,), dh.dtype)[gap : gap + size]
