"""A call of the LSTM's loops over time, as calls without arguments: to be made at once, or kept and made over and over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ..arrays.copy_tasks import copied
from ..gemm.batch_groups import Group, Size
from ..gemm.gemm import VERY_FAR, Product, affine, product_like
from ..gemm.layout import Panels, Shape
from ..gemm.microkernel import HEIGHT
from ..runtime import thread_pool
from ..runtime.memory import LINE, aligned, stride, together
from ..runtime.task import KernelCall, ParallelFor, Task, Team, parallel_for, partition
from .buffers import panel_stride
from .forward_loop import ASKING_MUCH, THERE_AND_BACK
from .kernel_selection import FEW_ROWS, GRADIENT_TEAM_THRESHOLDS, TEAM_STEPS, Plan, groups, members, steps_ahead
from .pointwise import Asked

Array = npt.NDArray[Any]

#: The call for ``(part, first row, last row, barrier_counter, member, members)``.
Share = Callable[[int, int, int, Array, int, int], KernelCall]

NO_MASK = np.zeros((0, 0), np.bool_)
NO_MASKS = np.zeros((0, 0, 0), np.bool_)
NO_BARRIER = np.zeros(1, np.int64)

#: Bytes of dz that a chunk of the backward product keeps in the second-level cache.
L2_SHARE = 128 * 1024

#: Bytes between what two threads write over and over. Next to each other, a core's prefetches take the other's lines from it.
APART = 1024

#: Bytes: rows that are a multiple of so many apart share sets of the first-level cache.
COLLIDING = 1024

#: Multiplications that take as long as copying an element.
COPIED = 16


class Cutting(NamedTuple):
    """How a forward call is cut."""

    ahead: int  #: steps whose product with W is done ahead at a time
    steps: int  #: that a call of the loop takes
    groups: list[Group]  #: of the rows
    parts: list[tuple[int, int]]  #: of the rows, for threads
    members: int  #: of a team that shares the panels instead


def cutting(size: Size, cut: Panels, asked: Asked, dtype: np.dtype[Any]) -> Cutting:
    """How a forward call is cut now, by its sizes and the number of threads."""
    T, N, D = size
    ahead = 0 if asked.own else steps_ahead(N, T, D, cut, dtype)
    team = members(T, N, cut, asked)
    steps = max(ahead, TEAM_STEPS // N) if team > 1 else ahead or T
    parts = thread_pool.num_splits(min(steps, T) * N * (cut.H if ahead else D + cut.H) * cut.gates, shares(N))
    of_rows = groups(size, cut, asked, dtype)
    return Cutting(ahead, steps, of_rows, row_ranges(of_rows, parts), team)


def put_beside(given: Array, x: Array, how: Cutting) -> tuple[Array, list[Task]]:
    """What :attr:`Forward.given` is to be for a call whose x is behind h, and what comes before it.

    Where a product goes ahead, or members of a team read all rows, x has to be there before the steps.
    """
    if how.ahead or how.members > 1:
        return given[:0], [copied(given, x)]
    return given, []


def spread(x: Array) -> tuple[Array, list[Task]]:
    """x (T, N, D), or a copy and what makes it: one whose rows do not share cache sets, where tiles of several read them."""
    T, N, D = x.shape
    if N < FEW_ROWS or x.strides[1] % COLLIDING or x.strides[1] == 0:
        return x, []
    made = aligned((T, N, stride(D, x.dtype)), x.dtype)[:, :, :D]
    parts = thread_pool.num_splits(x.size * COPIED, T)
    return made, [parallel_for(T, parts, lambda _, steps: copied(x[slice(*steps)], made[slice(*steps)]))]


def shares(N: int) -> int:
    """Among how many threads N rows are shared forward at most: a single row waits for the weights as long as two do."""
    return N if N <= 2 else N // 2


class Forward(NamedTuple):
    """What a forward call's loops read and write."""

    x: Array
    given: Array  #: what the loops are to put where x is, or nothing
    W: Array
    U: Array
    b: Array
    h: Array  #: a ring of T + 1 states; of 2, where neither a tape nor all outputs are asked for
    c: Array  #: a ring of T + 1 states with a tape, else 1
    z: Array  #: scratch of each part or member
    gates: Array  #: the tape's panels
    peephole: Array
    valid: Array
    kept_h: Array
    kept_c: Array
    factors: Array
    seen: Array


def forward_buffers(
    size: Size, plan: Plan, how: Cutting, dtype: np.dtype[Any], *, training: bool, sequences: bool
) -> tuple[Array, Array, Array, Array]:
    """h, c, z and gates of :class:`Forward`; with a tape, rows of h have room for x and 1 behind h."""
    (T, N, D), shape, cut = size, plan.shape, plan.cut
    h, c, z = together(
        dtype,
        (T + 1 if training or sequences else 2, N, stride(cut.padded + (D + 1 if training else 0), dtype)),
        (T + 1 if training else 1, N, stride(cut.padded, dtype)),
        (max(len(how.parts), how.members), shape.scratch),
    )
    if not training:
        return h, c, z, z[0, :0]
    return h, c, z, aligned((panel_stride(T, N, shape, cut) * cut.full + T * N * COUNT * cut.v,), dtype)


def forward_tasks(plan: Plan, size: Size, how: Cutting, on: Forward) -> Iterator[Task]:
    """The works of a forward call, in their order."""
    (T, N, D), shape, cut = size, plan.shape, plan.cut
    apart = panel_stride(T, N, shape, cut) if on.gates.size else 0
    chains = rows_ahead(min(T, how.steps) * N, cut, on.x.dtype) if how.ahead else on.b[None]
    for t0 in range(0, T, how.steps):
        t1 = min(T, t0 + how.steps)
        if how.ahead:
            x = on.x[t0:t1]
            yield input_product(x, on.W, on.b, chains[: (t1 - t0) * N], shape, cut)(x)
        sizes = T, how.groups[0].rows, 0 if how.ahead else D, apart
        yield shared(N, how.parts, how.members, _steps(plan, on, chains, sizes, t0, t1))


def _steps(plan: Plan, on: Forward, chains: Array, sizes: tuple[int, int, int, int], t0: int, t1: int) -> Share:
    """Steps t0 .. t1 of some rows, or of all rows by a member of a team."""
    x, given, W, U, _, h, c, z, gates, peephole, valid, kept_h, kept_c, factors, seen = on
    loop, numbers, addresses, cut = plan.loop, plan.numbers, plan.addresses, plan.cut
    T, group_rows, D, apart = sizes

    def call(part: int, r0: int, r1: int, barrier_counter: Array, member: int, all_: int) -> KernelCall:
        return KernelCall(
            loop, x, given, W, U, chains, h, c, gates, peephole, numbers, valid, kept_h, kept_c, factors, seen, z[part],
            barrier_counter, *addresses, D, cut.H, cut.full, apart, t0, t1, r0, r1, T, group_rows, member, all_,
        )  # fmt: skip

    return call


def rows_ahead(rows: int, cut: Panels, dtype: np.dtype[Any]) -> Array:
    """Room for :func:`input_product`: rows that do not share cache sets, since chunks of their chains come back to them."""
    return aligned((rows, stride(cut.gates, dtype)), dtype)


def input_product(like: Array, W: Array, b: Array, chains: Array, shape: Shape, cut: Panels) -> Product:
    """What makes ``b + x W`` of an x (T, N, D), which lies ``like`` this one, in ``chains`` (T * N, columns or more)."""
    far = like.shape[2] * cut.gates * W.itemsize >= VERY_FAR
    return product_like(affine(shape, cut.C, far), like, W, b, chains, cut.full * shape.G)


class Backward(NamedTuple):
    """What a backward call's loop reads and writes."""

    dy: Array
    U: Array
    c: Array
    into_h: Array
    into_c: Array
    carry: Array
    gates: Array  #: become dz
    peephole: Array
    shares: Array
    valid: Array
    kept_h: Array
    kept_c: Array
    of_h: Array


def backward_task(plan: Plan, size: Size, asked: Asked, on: Backward) -> Task:
    """The recurrence of a backward call."""
    (T, N, _), shape, cut = size, plan.shape, plan.cut
    dy, U, c, into_h, into_c, carry, gates, peephole, shares, valid, kept_h, kept_c, of_h = on
    loop, numbers, addresses, apart = plan.loop, plan.numbers, plan.addresses, panel_stride(T, N, shape, cut)
    blocks, row, of_rows = plan.units.full, COUNT * shape.V, groups(size, cut, asked, c.dtype)
    group_rows, parts = of_rows[0].rows, row_ranges(of_rows, thread_pool.num_splits(T * N * cut.H * cut.gates, N))

    def call(_: int, r0: int, r1: int, barrier_counter: Array, member: int, all_: int) -> KernelCall:
        most = shape.near_chunk if plan.far and r1 - r0 <= ASKING_MUCH * HEIGHT else shape.chunk
        chunk = max(1, min(L2_SHARE // ((r1 - r0) * row * gates.itemsize), most // row))
        chunk = cut.full + 1 if r1 - r0 <= (HEIGHT if THERE_AND_BACK else 1) else chunk  # weights that are read once a step
        aside = _aside(r1 - r0 if len(parts) > 1 and all_ == 1 else 0, into_h, into_c)
        return KernelCall(
            loop, dy, U, c, into_h, into_c, carry, gates, peephole, shares, numbers, valid, kept_h, kept_c, of_h, aside,
            barrier_counter, *addresses, cut.H, cut.full, cut.lanes, blocks, chunk, apart, T, r0, r1, group_rows, member, all_,
        )  # fmt: skip

    return shared(N, parts, members(T, N, cut, asked, GRADIENT_TEAM_THRESHOLDS), call)


def _aside(rows: int, into_h: Array, into_c: Array) -> Array:
    """Where so many rows of dh and dc are while a thread works with them, ``APART`` from all else; nothing for no rows."""
    line, apart = LINE // into_h.itemsize, APART // into_h.itemsize
    size = (-(-rows * into_h.shape[1] // line) + 1) * line + rows * into_c.shape[1] if rows else 0
    return aligned((apart + size + apart if rows else 0,), into_h.dtype)[apart : apart + size]


def row_ranges(of_rows: list[Group], parts: int) -> list[tuple[int, int]]:
    """Rows for each of so many threads: parts of groups, or where these would not come out even of the batch."""
    if parts % len(of_rows):
        return [partition(of_rows[-1].last, part, parts) for part in range(parts)]
    each = parts // len(of_rows)
    of_groups = ((group.first, partition(group.rows, part, each)) for group in of_rows for part in range(each))
    return [(begins + first, begins + last) for begins, (first, last) in of_groups]


def shared(N: int, parts: list[tuple[int, int]], members_: int, call: Share) -> Task:
    """Parts of N rows, or all rows by a team of up to so many members."""
    if members_ > 1:
        barrier_counter = aligned((1,), np.int64)
        return Team([call(member, 0, N, barrier_counter, member, members_) for member in range(members_)], barrier_counter)
    calls = [call(part, *rows, NO_BARRIER, 0, 1) for part, rows in enumerate(parts)]
    return calls[0] if len(calls) == 1 else ParallelFor(calls)
