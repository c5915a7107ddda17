"""The forward op of the GRU and of the simple RNN: its buffers and tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import RNNNoise, RNNOutput, RNNWeights
from ...specs import RNNSpec
from ..arrays.copy_tasks import contiguous, copy, masked_steps_zeroed, reshaped
from ..lstm.buffers import padded_steps, start
from ..lstm.tasks import NO_MASK, split_rows
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty, stride
from ..runtime.task import HostCall, KernelCall, Task, partition
from .layout import CellLayout, cell_layout, packed_bias, packed_gates
from .selection import Schedule, forward_kernels, make_schedule, no_array

Array = npt.NDArray[Any]


class Tape(NamedTuple):
    """What the backward pass reads."""

    x: Array  #: (T, N, D), or (G, T, N, D) with a dropout mask of each gate; evenly spaced rows
    h: Array  #: (T + 1, N, padded or more)
    z: Array  #: (T, N, row), the gates; becomes their gradients
    factors: Array  #: (G, N, padded), or empty
    masked_h: Array  #: (G * T, N, padded), or empty
    mask: Array
    noise: RNNNoise
    weights: RNNWeights
    spec: RNNSpec
    layout: CellLayout


def rnn_forward(
    x: Array,
    weights: RNNWeights,
    h0: Array | None,
    spec: RNNSpec,
    *,
    mask: Array | None = None,
    noise: RNNNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> RNNOutput:
    """CPU: h is a ring of time, of two steps where neither a tape nor all outputs are needed. Rows share no cache sets."""
    (T, N, _), dtype, noise = x.shape, x.dtype, noise or RNNNoise()
    layout = cell_layout(spec, len(weights.recurrent_kernel.value), dtype)
    valid = NO_MASK if mask is None else contiguous(mask)
    if training:
        x = _tape_input(x, mask, valid)
    xs = x
    if noise.inputs is not None:
        xs = empty((layout.gates, *x.shape), dtype)
        run_eagerly([HostCall(np.multiply, x, noise.inputs[:, None], out=xs)])
    recurrent = noise.recurrent is not None
    schedule = make_schedule(xs[0] if xs.ndim == 4 else xs, layout, per_gate=recurrent)
    h = aligned((T + 1 if training or sequences else 2, N, stride(layout.padded, dtype)), dtype)
    z = aligned((T if training else schedule.chunk, N, stride(layout.row, dtype)), dtype)
    factors = padded_steps(noise.recurrent, layout.padded) if recurrent else no_array(3, dtype)
    masked_h = aligned((layout.gates * T, N, layout.padded), dtype) if recurrent else no_array(3, dtype)
    arrays = (
        xs.reshape(-1, *x.shape[1:]) if xs.ndim == 4 else xs,
        packed_gates(weights.kernel, layout.gates).reshape(-1),
        packed_gates(weights.recurrent_kernel, layout.gates).reshape(-1),
        packed_bias(weights.bias, layout, spec, dtype),
        *(h, z, factors, masked_h, valid),
    )
    run_eagerly([*start(h, h0, layout.padded, layout.H), *_tasks(spec, layout, schedule, arrays, x)])
    tape = Tape(xs, h, z, factors, masked_h, valid, noise, weights, spec, layout) if training else None
    return RNNOutput(h[1:, :, : layout.H] if sequences else None, h[T % len(h), :, : layout.H], tape)


def _tape_input(x: Array, mask: Array | None, valid: Array) -> Array:
    """Return x with evenly spaced rows, zero where they are masked: NaN there must not reach the gradient of W."""
    if mask is not None:
        x = copy(x)
        run_eagerly([masked_steps_zeroed(x, valid)])
        return x
    T, N, D = x.shape
    return reshaped(x, (T * N, D)).reshape(T, N, D)


def _tasks(spec: RNNSpec, layout: CellLayout, schedule: Schedule, arrays: tuple[Array, ...], x: Array) -> Iterator[Task]:
    """Yield the tasks of all steps, for the ``arrays`` of the time loop."""
    loop, *functions = forward_kernels(spec, layout)
    (T, N, D), x_gate = x.shape, x.size if len(arrays[0]) > len(x) else 0
    rows = [partition(N, index, schedule.splits) for index in range(schedule.splits)]
    like = arrays[0]
    chunk_row = like.strides[0 if N == 1 else 1] // like.itemsize
    sizes = D, layout.H, layout.padded, layout.units.full, layout.units.blocks, schedule.chunk, chunk_row, T, x_gate
    for t0 in range(0, T, schedule.steps):
        steps = t0, min(T, t0 + schedule.steps)

        def call(
            _: int, r0: int, r1: int, counter: Array, member: int, team_size: int, steps: tuple[int, int] = steps
        ) -> KernelCall:
            return KernelCall(loop, *arrays, counter, *functions, *sizes, *steps, r0, r1, member, team_size)

        yield split_rows(N, rows, schedule.team_size, call)
