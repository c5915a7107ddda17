"""CPU twin of the LSTM ops: packed panels, cells by address, whole time loops over shards of the batch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import LSTMGradients, LSTMNoise, LSTMOutput, LSTMWeights
from ...specs import LSTMSpec
from ..gemm import pack
from ..gemm.batch_groups import Size
from ..gemm.layout import Panels
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty
from ..runtime.strides import laid_out
from ..runtime.task import Task
from . import gate_dropout as own_factors
from .buffers import input_gradient, padded_steps, panel_stride, start, state
from .gate_weight_grad import weight_gradients
from .kernel_selection import forward_plan, gradient_plan, groups
from .pointwise import Asked
from .tasks import (
    NO_MASK,
    NO_MASKS,
    Backward,
    Forward,
    backward_task,
    cutting,
    forward_buffers,
    forward_tasks,
    put_beside,
    spread,
)

Array = npt.NDArray[Any]

NO_NOISE = LSTMNoise()


class _Tape(NamedTuple):
    """What the backward pass needs, and no more."""

    rows: Array  # (T+1, N, padded + D + 1 or more): h_{t-1}, x_t and 1 side by side, one operand of all weight gradients
    c: Array  # (T+1, N, padded)
    gates: Array  # panels of (T * N, 4 V); becomes dz
    mask: Array
    kept_h: Array  # (T, N, padded)
    kept_c: Array  # (T, N, padded)
    noise: LSTMNoise
    weights: LSTMWeights
    spec: LSTMSpec
    asked: Asked


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
    """CPU twin: the tape's h and c are rings of time, two rows and one where no tape and no sequence is asked for."""
    T, H = len(x), weights.recurrent_kernel.value.shape[0]
    tasks, tape = forward_pass(x, weights, h0, c0, spec, mask=mask, noise=noise, sequences=sequences, training=training)
    run_eagerly(tasks)
    h, c = tape.rows, tape.c
    y = h[1:, :, :H] if sequences else None
    return LSTMOutput(y, h[T % len(h), :, :H], c[T % len(c), :, :H], tape if training else None)


def forward_pass(
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
) -> tuple[list[Task], _Tape]:
    """The works of :func:`lstm_forward`, and the tape that they fill; without training that has rings of h and c alone."""
    size = T, N, D = Size(*x.shape)
    H = weights.recurrent_kernel.value.shape[0]
    noise = noise or NO_NOISE
    asked = Asked(
        masked=mask is not None,
        peephole=weights.peephole is not None,
        kept_h=noise.zoneout_h is not None,
        kept_c=noise.zoneout_c is not None,
        own=noise.inputs is not None or noise.recurrent is not None,
        training=training,
    )
    plan = forward_plan(spec, asked, x.dtype, N, H)
    shape, cut = plan.shape, plan.cut
    how = cutting(size, cut, asked, x.dtype)
    h, c, z, gates = forward_buffers(size, plan, how, x.dtype, training=training, sequences=sequences)
    start(h, h0, cut.padded, H)
    start(c, c0, cut.padded, H)
    valid = NO_MASK if mask is None else np.ascontiguousarray(mask, np.bool_)
    before: list[Task] = []
    if not training:
        given, (x, before) = x[:0], spread(x)
    elif mask is None:
        given, x = x, beside(h, size, cut)
        given, before = put_beside(given, x, how)
    else:
        given, x = x, beside(h, size, cut)
        x[...] = given
        x[~valid] = 0  # else NaN in a step that is not taken came into dW
        given = x[:0]
    kept_h, kept_c = _kept(noise.zoneout_h, cut), _kept(noise.zoneout_c, cut)
    factors = own_factors.of_rows(noise, (N, cut.padded, D), shape) if asked.own else z[:0, None]
    on = Forward(
        x,
        given,
        weights.kernel.prepared("cpu.panels", pack.gate_panels),
        weights.recurrent_kernel.prepared("cpu.panels", pack.gate_panels),
        pack.gate_bias(weights.bias, cut, x.dtype),
        h,
        c,
        z,
        gates,
        z[0, :0] if weights.peephole is None else weights.peephole.prepared("cpu.panels", pack.peephole_panels),
        valid,
        kept_h,
        kept_c,
        factors,
        aligned(factors.shape, x.dtype),
    )
    tasks = [*before, *forward_tasks(plan, size, how, on)]
    return tasks, _Tape(h, c, gates, valid, kept_h, kept_c, noise, weights, spec, asked)


def beside(h: Array, size: Size, cut: Panels) -> Array:
    """Room for x (T, N, D) behind the rows of the ring h, with 1 behind it. Its rows lie evenly, and share no cache sets."""
    T, _, D = size
    h[:T, :, cut.padded + D] = 1
    return h[:T, :, cut.padded : cut.padded + D]


def lstm_backward(tape: _Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU twin: the recurrence turns the tape's gates into dz in place, then products over all steps make the gradients."""
    rows, c, gates, mask, kept_h, kept_c, noise, weights, spec, asked = tape
    D, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
    size = T, N, _ = Size(len(rows) - 1, rows.shape[1], D)
    dtype = rows.dtype
    plan = gradient_plan(spec, asked, dtype, N, H)
    shape, cut = plan.shape, plan.cut
    carries = asked.masked or asked.kept_h
    into_h = state(dh, N, H, plan.units.padded(shape), dtype)
    into_c = state(dc, N, H, c.shape[2], dtype)
    carry = state(None, N if carries else 0, H, c.shape[2], dtype)
    V = weights.peephole
    peephole = into_h[0, :0] if V is None else V.prepared("cpu.panels", pack.peephole_panels)
    shares = np.zeros(N * len(peephole), dtype)
    on = Backward(
        empty((0, 0, 0), dtype) if dy is None else _readable(dy, cut),
        pack.gate_columns_transposed(weights.recurrent_kernel, plan.units),
        c,
        into_h,
        into_c,
        carry,
        gates,
        peephole,
        shares,
        mask,
        kept_h,
        kept_c,
        own_factors.of_columns(noise.recurrent, N, H, into_h.shape[1], dtype) if asked.own else into_h[None][:0],
    )
    run_eagerly([backward_task(plan, size, asked, on)])
    dh0 = into_h[:, :H] + carry[:, :H] if carries else into_h[:, :H]
    dx, apart, of_rows = None, panel_stride(T, N, shape, cut), groups(size, cut, asked, dtype)
    if need_dx and asked.own:
        W = weights.kernel.prepared("cpu.transposed", pack.gate_blocks_transposed)
        dx = own_factors.input_gradient(size, W, noise.inputs, gates, shape, cut, apart)
    elif need_dx:
        dx = input_gradient(size, weights.kernel, gates, shape, cut, apart, of_rows)
    dU, dW, db = weight_gradients(rows[:T].reshape(T * N, -1), D, gates, noise, (shape, cut, apart), of_rows)
    db = None if weights.bias is None else db
    dV = None if V is None else pack.peephole_gradient(shares, cut)
    return LSTMGradients(dx, dh0, into_c[:, :H], LSTMWeights(dW, dU, db, dV))


def _kept(kept: Array | None, cut: Panels) -> Array:
    """A zoneout's masks (T, N, H) in rows that vectors may read to the end of the last panel."""
    return NO_MASKS if kept is None else padded_steps(kept, cut.padded)


def _readable(dy: Array, cut: Panels) -> Array:
    """dy with rows that vectors may read to the end of the last panel: a copy, where the panel is wider than H."""
    return laid_out(dy) if cut.padded == cut.H else padded_steps(dy, cut.padded)
