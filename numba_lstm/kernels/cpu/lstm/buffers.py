"""Buffers of the LSTM ops: states, gradients and masks in rows that are padded to whole vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import LSTMOutput, Weight
from ..arrays.copy_tasks import contiguous, copied, zeroed
from ..arrays.mask_tasks import joined
from ..gemm import pack
from ..gemm.batch_groups import Group
from ..gemm.gemm import gate_product_tasks
from ..gemm.layout import PanelLayout, VectorGeometry, gradient_column_layout
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty, stride
from ..runtime.recording import rings_written, state_rings
from ..runtime.task import Task

Array = npt.NDArray[Any]


def start(ring: Array, first: Array | None, padded: int, size: int) -> list[Task]:
    """Return the tasks that write the initial state to row 0 of a ring of states.

    Padding becomes zero, so that no NaN enters a product.
    """
    beginning = ring[0, :, :padded]
    tasks: list[Task] = [copied(np.broadcast_to(np.zeros(padded, ring.dtype), beginning.shape), beginning)]
    return tasks if first is None else [*tasks, copied(first, ring[0, :, :size])]


class StateSize(NamedTuple):
    """A state before the first step, zero for None, its features, and the features with padding."""

    first: Array | None
    size: int
    padded: int


def begin(states: tuple[StateSize, StateSize], lengths: tuple[int, int], N: int, dtype: Any) -> tuple[Array, Array, int, bool]:
    """Return rings of h and c of these lengths, by tasks that write the states before the first step.

    In the step of a stream they are the rings of the stream, which hold the states. Also returned are the entry that the first
    step reads, and whether it is a stream's.
    """
    rings, first = state_rings(*(state.first for state in states))
    if rings:
        return rings[0].entries, rings[1].entries, first, True
    h, c = (aligned((length, N, stride(s.padded, dtype)), dtype) for s, length in zip(states, lengths, strict=True))
    run_eagerly(task for ring, s in zip((h, c), states, strict=True) for task in start(ring, s.first, s.padded, s.size))
    return h, c, 0, False


def mask_at(mask: Array, first: int) -> Array:
    """Return a contiguous mask (T, N) for a loop whose steps have indices from ``first`` on: 1 in a stream's odd step."""
    if not first:
        return contiguous(mask)
    shifted = empty((first + mask.shape[0], mask.shape[1]), np.bool_)
    run_eagerly([joined(mask, mask, shifted[first:])])
    return shifted


def output(h: tuple[Array, int], c: tuple[Array, int], end: int, tape: Any, *, sequences: bool, stream: bool) -> LSTMOutput:
    """Return the output of a forward call, from the rings of states with their sizes, for the states at step ``end``.

    The rings of a stream's step have one output alone, which is also the last state.
    """
    if stream:
        rings_written()
    (hs, P), (cs, H) = h, c
    last = hs[end % len(hs), :, :P]
    y = None if not sequences else last[None] if stream else hs[1:, :, :P]
    return LSTMOutput(y, last, cs[end % len(cs), :, :H], tape)


def state(value: Array | None, N: int, size: int, padded: int, dtype: Any) -> Array:
    """Return a copy of the gradient of a state (zeros for None) in padded rows, by tasks."""
    out = aligned((N, padded), dtype)
    run_eagerly([zeroed(out), *([] if value is None else [copied(value, out[:, :size])])])
    return out


def zeros(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return an array of zeros, by a task, for a kernel that adds to it."""
    out = aligned(shape, dtype)
    run_eagerly([zeroed(out)])
    return out


def padded_steps(x: Array, padded: int) -> Array:
    """Return a copy of x (T, N, size), or of masks, with zeros after each row, for a kernel that only reads it."""
    out = aligned((*x.shape[:-1], padded), x.dtype)
    out[..., x.shape[-1] :] = 0
    run_eagerly([copied(x, out[..., : x.shape[-1]])])
    return out


def tape_panel_stride(T: int, N: int, geometry: VectorGeometry, layout: PanelLayout) -> int:
    """Return the stride of the tape's panels. The panels of one step must not share the same sets of the L2 cache."""
    step, rows = N * COUNT * geometry.V, T * N * COUNT * geometry.V
    period = 64 * 1024 // np.dtype(geometry.dtype).itemsize
    if layout.full * step < period:
        return rows
    return rows + (step - rows) % period


def input_gradient(
    size: tuple[int, int, int],
    W: Weight,
    dz: Array,
    geometry: VectorGeometry,
    layout: PanelLayout,
    panel_stride: int,
    groups: Sequence[Group] = (),
) -> Array:
    """Return ``dx = dz W^T`` for all steps, (T, N, D)."""
    T, N, D = size
    inputs = gradient_column_layout(D, geometry, T * N)
    packed = pack.gate_columns_transposed(W, inputs)
    dx = aligned((T * N, inputs.padded(geometry)), dz.dtype)
    run_eagerly(gate_product_tasks(dz, packed, dx, geometry, layout, inputs, panel_stride, groups))
    return dx.reshape(T, N, -1)[:, :, :D]
