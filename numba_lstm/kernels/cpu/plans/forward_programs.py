"""CPU twin of forward programs: the forward ops' own kernels on the ops' own arguments, which are bound once for a size.

Where threads share a batch, the Python of its ops took a tenth of its time: buffers, views, plans, scores. A program has all of
that ready. It reads an input as it lies, wherever that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy.typing as npt

from ...contract import DenseLayerSpec, ForwardProgram, LSTMLayerSpec
from ..arrays.arrays import shaped
from ..arrays.copy_tasks import copied, zeroed
from ..gemm import pack
from ..gemm.layout import column_layout, dtype_name, panel_layout, vector_geometry
from ..lstm.int8 import int8_forward
from ..lstm.kernel_selection import team_size
from ..lstm.panelwise import forward_pass
from ..lstm.pointwise import CallOptions
from ..lstm.rowwise import rowwise_forward
from ..lstm.rowwise.kernel_args import loop_caller
from ..lstm.rowwise.rowwise_forward import needs_rowwise
from ..lstm.tasks import max_row_splits
from ..ops.activation import value_calls
from ..ops.dense import product
from ..runtime import thread_pool
from ..runtime.graph import task_graphs
from ..runtime.memory import address, aligned, empty, empty_like_strided
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall, ParallelFor, Task, Team, kernel_calls, partition
from ..simd.custom_activation import canonical, canonical_spec

Array = npt.NDArray[Any]

#: A call without a tape, as far as gangs ask.
FORWARD = CallOptions(masked=False, peephole=False, zoneout_h=False, zoneout_c=False, training=False)


class _Program:
    """The works of all parts, the first of which read x; shares of the rows are apart from each other to their end."""

    def __init__(self, parts: Sequence[LSTMLayerSpec | DenseLayerSpec], x: Array) -> None:
        ranges, x = _ranges(parts, x), empty_like_strided(x)  # what is bound to x itself would keep it
        self._held: list[Any] = []  #: what jobs of whole rows and numbers point to
        with thread_pool.thread_share(thread_pool.available_threads() if len(ranges) > 1 else 1):
            ways = [_way(parts, x[:, first:last], self._held) for first, last in ranges]
        ys = [y.transpose(1, 0, 2) if y.ndim == 3 else y for y, _ in ways]
        self._shape = x.shape[1], *ys[0].shape[1:]
        self._ys = [(slice(*rows), y) for rows, y in zip(ranges, ys, strict=True)]
        tasks = ways[0][1] if len(ways) == 1 else _side_by_side([own for _, own in ways])
        self._scores = task_graphs(tasks, x)

    def __call__(self, x: Array) -> Array:
        first = address(x)
        for score in self._scores:
            score(first)
        if len(self._ys) == 1:
            return self._ys[0][1].copy()
        answer = empty(self._shape, x.dtype)
        for rows, y in self._ys:
            answer[rows] = y
        return answer


def _ranges(parts: Sequence[LSTMLayerSpec | DenseLayerSpec], x: Array) -> list[tuple[int, int]]:
    """Rows of x (T, N, D) for each thread; all of them where a team is to share panels."""
    T, N, _ = x.shape
    multiplications, steps = 0, T
    for part in parts:
        multiplications += steps * N * sum(weight.value.size for weight in part.variables)
        if isinstance(part, LSTMLayerSpec):
            cut = panel_layout(len(part.weights.recurrent_kernel.value), vector_geometry(x.dtype).V)
            if not _by_jobs(part) and team_size(T, N, cut, FORWARD) > 1:
                return [(0, N)]
            steps = T if part.sequences else 1
    parts_ = thread_pool.num_splits(multiplications, max_row_splits(N))
    return [partition(N, part, parts_) for part in range(parts_)]


def _side_by_side(ways: Sequence[Sequence[Task]]) -> Iterator[Task]:
    """Works of several ways as parts, stage by stage from their ends: some may have a product ahead, others none."""
    assert not any(isinstance(work, Team) for way in ways for work in way)  # each is bound for one thread
    stages = list(zip_longest(*(reversed(way) for way in ways)))
    return (ParallelFor(call for work in stage if work for call in kernel_calls(work)) for stage in reversed(stages))


def _way(parts: Sequence[LSTMLayerSpec | DenseLayerSpec], x: Array, held: list[Any]) -> tuple[Array, list[Task]]:
    """Where the output of x (T, N, D) appears, and what makes it."""
    tasks: list[Task] = []
    for part in parts:
        if not isinstance(part, LSTMLayerSpec):
            x, own = _dense(part, x)
        elif _by_jobs(part):
            x, own = _jobs(part, x, held)
        else:
            x, own = _lstm(part, x)
        tasks += own
    return x, tasks


def _by_jobs(part: LSTMLayerSpec) -> bool:
    """Whether an LSTM goes by whole rows or by whole numbers."""
    return part.spec.int8 or needs_rowwise(part.weights)


def _jobs(part: LSTMLayerSpec, x: Array, held: list[Any]) -> tuple[Array, list[Task]]:
    """The same as :func:`_lstm` for such an LSTM: one thread's job, as in a stream, for all steps."""
    (T, N, _), P = x.shape, len(part.weights.recurrent_kernel.value)
    steps, rows, _ = element_strides(x)
    way, ring = int8_forward if part.spec.int8 else rowwise_forward, T + 1 if part.sequences else 2
    loop, job, h, c = way.stream_part(part.weights, canonical_spec(part.spec), N, rows, held, steps, ring)
    held.append(x)
    run = KernelCall(loop_caller(dtype_name(x.dtype)), loop, job, 0, 0, address(x), 0, T, 0, N)
    return (h[1:, :, :P] if part.sequences else h[T % ring, :, :P]), [zeroed(h[0]), zeroed(c), run]


def _lstm(part: LSTMLayerSpec, x: Array) -> tuple[Array, list[Task]]:
    """Where an LSTM's output of x (T, N, D) appears, and what :func:`.lstm.lstm_forward` does for it, from zero states."""
    H = len(part.weights.recurrent_kernel.value)
    tasks, tape = forward_pass(x, part.weights, None, None, canonical_spec(part.spec), sequences=part.sequences)
    h = tape.rows
    return (h[1:, :, :H] if part.sequences else h[len(x) % 2, :, :H]), [zeroed(h[0]), zeroed(tape.c), *tasks]


def _dense(part: DenseLayerSpec, x: Array) -> tuple[Array, list[Task]]:
    """The same of :func:`.dense.dense_forward` or :func:`.activations.activation_forward`, for x (N, D) or (T, N, D)."""
    kernel, C = part.kernel, x.shape[-1] if part.kernel is None else part.kernel.value.shape[1]
    padded = column_layout(C, vector_geometry(x.dtype)).padded(vector_geometry(x.dtype))
    tasks: tuple[Task, ...]
    if kernel is None:
        z = aligned((x.size // C, padded), x.dtype)
        tasks = zeroed(z), copied(x, shaped(z, x.shape))
    else:
        W = kernel.prepared("cpu.blocks", pack.blocks)
        b = pack.zero_bias(padded, x.dtype) if part.bias is None else part.bias.prepared("cpu.blocks", pack.blocks)
        z, tasks = product(x, W, b, C)
    return shaped(z, (*x.shape[:-1], C)), [*tasks, *value_calls(canonical(part.activation), z, z, C)]


def forward_program(layers: Sequence[LSTMLayerSpec | DenseLayerSpec], x: Array) -> ForwardProgram | None:
    """CPU twin: for any layers, which read x where it lies."""
    return _Program(layers, x) if layers else None
