"""CPU: the LSTM by panels: packed weights, pointwise kernels called by address, time loops over shards of the batch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import LSTMGradients, LSTMNoise, LSTMOutput, LSTMWeights
from ...specs import LSTMSpec
from ..arrays.arrays import add
from ..arrays.copy_tasks import as_rows, copied, masked_steps_zeroed
from ..gemm import pack
from ..gemm.batch_groups import Size
from ..gemm.layout import PanelLayout
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty
from ..runtime.recording import state_rings
from ..runtime.task import Task
from .backward_tasks import BackwardArgs, backward_task
from .buffers import input_gradient, mask_at, output, padded_steps, start, state, tape_panel_stride, zeros
from .gate_dropout import factors
from .gate_dropout.weight_grad import weight_gradients
from .kernel_selection import row_groups, select_backward_kernels, select_forward_kernels
from .pointwise import CallOptions
from .tasks import (
    NO_MASK,
    NO_MASKS,
    ForwardArgs,
    Schedule,
    avoid_bank_conflicts,
    forward_buffers,
    forward_tasks,
    make_schedule,
    pack_x_with_h,
    stream_input,
)

Array = npt.NDArray[Any]

NO_NOISE = LSTMNoise()


class _Tape(NamedTuple):
    """What the backward pass reads."""

    rows: Array  #: (T+1, N, padded + D + 1 or more): h_{t-1}, x_t and 1, one operand of all weight gradients
    c: Array  #: (T+1, N, padded)
    gates: Array  #: panels of (T * N, 4 V); becomes dz
    mask: Array
    zoneout_h: Array  #: (T, N, padded)
    zoneout_c: Array  #: (T, N, padded)
    noise: LSTMNoise
    weights: LSTMWeights
    spec: LSTMSpec
    options: CallOptions


def lstm_forward(
    x: Array,
    weights: LSTMWeights,
    h0: Array | None,
    c0: Array | None,
    spec: LSTMSpec,
    *,
    mask: Array | None = None,
    noise: LSTMNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> LSTMOutput:
    """CPU: h and c are rings of time, of two steps and of one where neither a tape nor all outputs are needed."""
    size = T, N, D = Size(*x.shape)
    noise = noise or NO_NOISE
    options = CallOptions(
        masked=mask is not None,
        peephole=weights.peephole is not None,
        zoneout_h=noise.zoneout_h is not None,
        zoneout_c=noise.zoneout_c is not None,
        per_gate=noise.inputs is not None or noise.recurrent is not None,
        training=training,
    )
    selection = select_forward_kernels(spec, options, x.dtype, N, weights.recurrent_kernel.value.shape[0])
    geometry, layout, H = selection.geometry, selection.layout, selection.layout.H
    rings, first = state_rings(h0, c0)
    valid = NO_MASK if mask is None else mask_at(mask, first)
    schedule = make_schedule(size, layout, options, x.dtype, rings)
    lasting = {"training": training, "sequences": sequences, "rings": rings}
    h, c, z, gates = forward_buffers(size, selection, schedule, x.dtype, **lasting)
    before = [] if rings else [*start(h, h0, layout.padded, H), *start(c, c0, layout.padded, H)]
    source, x, copies = _inputs(x, h, layout, schedule, valid, training)
    zoneout_h, zoneout_c = _zoneout_rows(noise.zoneout_h, layout), _zoneout_rows(noise.zoneout_c, layout)
    dropout_factors = factors.forward_factors(noise, (N, layout.padded, D), geometry) if options.per_gate else z[:0, None]
    W, b = pack.packed(weights.kernel, "cpu.panels", pack.gate_panels), pack.gate_bias(weights.bias, layout, x.dtype)
    x, b_rows = stream_input(x, W, b, geometry, layout)
    args = ForwardArgs(
        np.broadcast_to(x, (2, *x.shape[1:])) if first else x,  # the loop reads the only step as its second one
        source,
        W,
        pack.packed(weights.recurrent_kernel, "cpu.panels", pack.gate_panels),
        b,
        b_rows,
        h,
        c,
        z,
        gates,
        z[0, :0] if weights.peephole is None else pack.packed(weights.peephole, "cpu.panels", pack.peephole_panels),
        valid,
        zoneout_h,
        zoneout_c,
        dropout_factors,
        aligned(dropout_factors.shape, x.dtype),
    )
    run_eagerly([*before, *copies, *forward_tasks(selection, Size(*size[:2], x.shape[2]), schedule, args, first)])
    tape = _Tape(h, c, gates, valid, zoneout_h, zoneout_c, noise, weights, spec, options) if training else None
    return output((h, H), (c, H), first + T, tape, sequences=sequences, stream=bool(rings))


def _inputs(
    x: Array, h: Array, layout: PanelLayout, schedule: Schedule, valid: Array, training: bool
) -> tuple[Array, Array, list[Task]]:
    """Return :attr:`ForwardArgs.source`, the x that the loop reads, and the tasks that run before its steps."""
    if not training:
        x, copies = avoid_bank_conflicts(x)
        return x[:0], x, copies
    source, x = x, x_beside_h(h, Size(*x.shape), layout)
    if not valid.size:
        source, copies = pack_x_with_h(source, x, schedule)
        return source, x, copies
    return source[:0], x, [copied(source, x), masked_steps_zeroed(x, valid)]  # else NaN in a masked step would reach dW


def x_beside_h(h: Array, size: Size, layout: PanelLayout) -> Array:
    """Return the view of x (T, N, D) after h in the rows of the ring h, and set the 1 after x.

    Its rows are evenly spaced and share no cache sets.
    """
    T, _, D = size
    h[:T, :, layout.padded + D] = 1
    return h[:T, :, layout.padded : layout.padded + D]


def lstm_backward(tape: _Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU: the recurrence turns the tape's gates into dz in place; then products over all steps give the gradients."""
    rows, c, gates, mask, zoneout_h, zoneout_c, noise, weights, spec, options = tape
    D, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
    size = T, N, _ = Size(len(rows) - 1, rows.shape[1], D)
    dtype = rows.dtype
    selection = select_backward_kernels(spec, options, dtype, N, H)
    geometry, layout = selection.geometry, selection.layout
    has_carry = options.masked or options.zoneout_h
    dh_total = state(dh, N, H, selection.units.padded(geometry), dtype)
    dc_total = state(dc, N, H, c.shape[2], dtype)
    carry = state(None, N if has_carry else 0, H, c.shape[2], dtype)
    V = weights.peephole
    peephole = dh_total[0, :0] if V is None else pack.packed(V, "cpu.panels", pack.peephole_panels)
    peephole_grads = zeros((N * len(peephole),), dtype)
    dropout_factors = dh_total[None][:0]
    if options.per_gate:
        dropout_factors = factors.backward_factors(noise.recurrent, N, H, dh_total.shape[1], dtype)
    args = BackwardArgs(
        empty((0, 0, 0), dtype) if dy is None else _padded_dy(dy, layout),
        pack.gate_columns_transposed(weights.recurrent_kernel, selection.units),
        c,
        dh_total,
        dc_total,
        carry,
        gates,
        peephole,
        peephole_grads,
        mask,
        zoneout_h,
        zoneout_c,
        dropout_factors,
    )
    run_eagerly([backward_task(selection, size, options, args)])
    dh0 = add(dh_total[:, :H], carry[:, :H]) if has_carry else dh_total[:, :H]
    dx, panel_stride, groups = None, tape_panel_stride(T, N, geometry, layout), row_groups(size, layout, options, dtype)
    if need_dx and options.per_gate:
        W = pack.packed(weights.kernel, "cpu.transposed", pack.gate_blocks_transposed)
        dx = factors.input_gradient(size, W, noise.inputs, gates, geometry, layout, panel_stride)
    elif need_dx:
        dx = input_gradient(size, weights.kernel, gates, geometry, layout, panel_stride, groups)
    dU, dW, db = weight_gradients(rows[:T].reshape(T * N, -1), D, gates, noise, (geometry, layout, panel_stride), groups)
    db = None if weights.bias is None else db
    dV = None if V is None else pack.peephole_gradient(peephole_grads, layout)
    return LSTMGradients(dx, dh0, dc_total[:, :H], LSTMWeights(dW, dU, db, dV))


def _zoneout_rows(zoneout: Array | None, layout: PanelLayout) -> Array:
    """Return zoneout masks (T, N, H) in rows that vectors may read to the end of the last panel."""
    return NO_MASKS if zoneout is None else padded_steps(zoneout, layout.padded)


def _padded_dy(dy: Array, layout: PanelLayout) -> Array:
    """Return dy in rows that vectors may read to the end of the last panel: a copy where the panels are wider than H."""
    return as_rows(dy) if layout.padded == layout.H else padded_steps(dy, layout.padded)
