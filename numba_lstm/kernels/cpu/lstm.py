"""CPU twin of the LSTM ops: packed panels, cells by address, whole time loops over shards of the batch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...gates import COUNT
from ..contract import LSTMGradients, LSTMOutput, LSTMWeights, Weight
from ..specs import LSTMSpec
from . import packing, pool
from .arrays import asarray
from .cells import backward_cell, forward_cell
from .gradients import gate_gradient
from .host import HOST
from .lstm_loops import backward_loop, forward_loop
from .memory import aligned, stride
from .panels import Panels, Shape, columns, geometry, panels
from .products import affine, product, through_gates
from .tile import HEIGHT

Array = npt.NDArray[Any]

#: Fewer rows than this leave tiles low in a time loop, so the product with W is done for all steps ahead of it.
FEW_ROWS = HEIGHT

#: Bytes of the product with W that are done ahead at a time: they stay in the second-level cache until the loop reads them.
AHEAD = 256 * 1024

#: Bytes of dz that a chunk of the backward product keeps in the second-level cache.
L2_SHARE = 128 * 1024

NO_MASK = np.zeros((0, 0), np.bool_)


class _Tape(NamedTuple):
    """What the backward pass needs, and no more."""

    rows: Array  # (T+1, N, padded + D + 1 or more): h_{t-1}, x_t and 1 side by side, one operand of all weight gradients
    c: Array  # (T+1, N, padded)
    gates: Array  # panels of (T * N, 4 V); becomes dz
    mask: Array
    weights: LSTMWeights
    spec: LSTMSpec


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool) -> str:
    """CPU twin: instruction set, rows by columns of the tallest tile, and ``ahead`` where x W is done before the loop."""
    shape = geometry(np.dtype(dtype))
    return f"cpu:{HOST.isa}:{min(N, HEIGHT)}x{shape.w}" + (":ahead" if _ahead(N, T, D) else "")


def _ahead(N: int, T: int, D: int) -> bool:
    return N < FEW_ROWS and T > 1 and D > 1


def lstm_forward(
    x: Array,
    weights: LSTMWeights,
    h0: Array | None,
    c0: Array | None,
    spec: LSTMSpec,
    *,
    mask: Array | None = None,
    sequences: bool = False,
    training: bool = False,
) -> LSTMOutput:
    """CPU twin: the tape's h and c are rings of time, two rows and one where no tape and no sequence is asked for."""
    T, N, D = x.shape
    H = weights.recurrent_kernel.value.shape[0]
    shape = geometry(x.dtype)
    cut = panels(H, shape.V)
    W = weights.kernel.prepared("cpu.panels", packing.gate_panels)
    U = weights.recurrent_kernel.prepared("cpu.panels", packing.gate_panels)
    b = packing.gate_bias(weights.bias, cut, x.dtype)
    ahead = _ahead(N, T, D)
    h = _ring(T + 1 if training or sequences else 2, N, cut, D + 1 if training else 0, h0, x.dtype)
    c = _ring(T + 1 if training else 1, N, cut, 0, c0, x.dtype)
    if training:
        h[:T, :, cut.padded : cut.padded + D] = x
        h[:T, :, cut.padded + D] = 1
        x = h[:T, :, cut.padded : cut.padded + D]  # its rows lie evenly, and do not share cache sets
    elif N >= FEW_ROWS and x.strides[1] % 1024 == 0:
        x = _spread(x)
    apart = _panel_stride(T, N, shape, cut)
    gates = aligned((apart * cut.full + T * N * COUNT * cut.v if training else 0,), x.dtype)
    valid = NO_MASK if mask is None else np.ascontiguousarray(mask, np.bool_)
    cell = forward_cell(spec, shape.dtype, shape.V, training, mask is not None)
    last = forward_cell(spec, shape.dtype, cut.v, training, mask is not None) if cut.v else cell
    loop = forward_loop(shape, cut.C)
    steps = max(1, AHEAD // (N * cut.gates * x.itemsize)) if ahead else T
    for t0 in range(0, T, steps):
        t1 = min(T, t0 + steps)
        start = _input_product(x[t0:t1], W, b, shape, cut) if ahead else b
        parts = pool.parts_for((t1 - t0) * N * (H if ahead else D + H) * cut.gates, N)

        def work(part: int) -> None:
            z = aligned((shape.scratch,), x.dtype)
            sizes = (0 if ahead else D, H, cut.full, apart, t0, t1, *pool.span(N, part, parts))  # noqa: B023 - run at once
            loop(x, W, U, start, h, c, gates, valid, z, cell.address, last.address, *sizes)  # noqa: B023

        pool.run(parts, work)
    tape = _Tape(h, c, gates, valid, weights, spec) if training else None
    y = h[1:, :, :H] if sequences else None
    return LSTMOutput(y, h[T % len(h), :, :H], c[T % len(c), :, :H], tape)


def lstm_backward(tape: _Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU twin: the recurrence turns the tape's gates into dz in place, then products over all steps make the gradients."""
    rows, c, gates, mask, weights, spec = tape
    T, N = len(rows) - 1, rows.shape[1]
    D, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
    dtype = rows.dtype
    shape = geometry(dtype)
    cut, units = panels(H, shape.V), columns(H, shape)
    masked = len(mask) > 0
    U = weights.recurrent_kernel.prepared("cpu.transposed", packing.gate_blocks_transposed)
    into_h = _state(dh, N, H, units.padded(shape), dtype)
    into_c = _state(dc, N, H, c.shape[2], dtype)
    carry = _state(None, N if masked else 0, H, c.shape[2], dtype)
    dy = np.empty((0, 0, 0), dtype) if dy is None else _readable(dy, cut)
    cell = backward_cell(spec, shape.dtype, shape.V, masked)
    last = backward_cell(spec, shape.dtype, cut.v, masked) if cut.v else cell
    loop = backward_loop(shape, cut.C, units.C)
    apart = _panel_stride(T, N, shape, cut)
    parts = pool.parts_for(T * N * H * cut.gates, N)

    def work(part: int) -> None:
        first, last_row = pool.span(N, part, parts)
        chunk = max(1, L2_SHARE // ((last_row - first) * COUNT * shape.V * dtype.itemsize))
        loop(
            dy, U, c, into_h, into_c, carry, gates, mask, cell.address, last.address,
            H, cut.full, cut.lanes, units.full, chunk, apart, T, first, last_row,
        )  # fmt: skip

    pool.run(parts, work)
    dh0 = into_h[:, :H] + carry[:, :H] if masked else into_h[:, :H]
    dx = _input_gradient((T, N, D), weights.kernel, gates, shape, cut, apart) if need_dx else None
    all_ = gate_gradient(rows[:T].reshape(T * N, -1)[:, : cut.padded + D + 1], gates, shape, cut, apart)
    dU, dW, db = all_[:H], all_[cut.padded : -1], None if weights.bias is None else all_[-1]
    return LSTMGradients(dx, dh0, into_c[:, :H], LSTMWeights(dW, dU, db))


def _ring(steps: int, N: int, cut: Panels, more: int, first: Array | None, dtype: Any) -> Array:
    """States (steps, N, padded + ``more``) with the initial one in row 0, where padding is zero, so that it never meets NaN."""
    ring = aligned((steps, N, stride(cut.padded + more, dtype)), dtype)
    ring[0, :, : cut.padded] = 0
    if first is not None:
        ring[0, :, : cut.H] = first
    return ring


def _spread(x: Array) -> Array:
    """A copy of x (T, N, D) whose rows do not share cache sets."""
    spread = aligned((*x.shape[:2], stride(x.shape[2], x.dtype)), x.dtype)[:, :, : x.shape[2]]
    spread[...] = x
    return spread


def _panel_stride(T: int, N: int, shape: Shape, cut: Panels) -> int:
    """The distance of the tape's panels: one step of all panels must not fall on the same sets of the second-level cache."""
    step, rows = N * COUNT * shape.V, T * N * COUNT * shape.V
    period = 64 * 1024 // np.dtype(shape.dtype).itemsize
    if cut.full * step < period:
        return rows
    return rows + (step - rows) % period


def _state(value: Array | None, N: int, H: int, padded: int, dtype: Any) -> Array:
    """A gradient of a state as a buffer of its own, rows padded."""
    state = aligned((N, padded), dtype)
    state[...] = 0
    if value is not None:
        state[:, :H] = value
    return state


def _readable(dy: Array, cut: Panels) -> Array:
    """dy with rows that vectors may read to the end of the last panel: a copy, where the panel is wider than H."""
    if cut.padded == cut.H:
        return asarray(dy, dy.dtype)
    padded = aligned((*dy.shape[:2], cut.padded), dy.dtype)
    padded[:, :, cut.H :] = 0
    padded[:, :, : cut.H] = dy
    return padded[:, :, : cut.H]


def _input_product(x: Array, W: Array, b: Array, shape: Shape, cut: Panels) -> Array:
    """``b + x W`` for all steps, (T * N, columns) flat."""
    out = aligned((x.shape[0] * x.shape[1], cut.gates), x.dtype)
    product(affine(shape, cut.C), x, W, b, out, cut.full * shape.G)
    return out.reshape(-1)


def _input_gradient(size: tuple[int, int, int], W: Weight, dz: Array, shape: Shape, cut: Panels, apart: int) -> Array:
    """``dx = dz W^T`` for all steps, (T, N, D)."""
    T, N, D = size
    inputs = columns(D, shape)
    packed = W.prepared("cpu.transposed", packing.gate_blocks_transposed)
    dx = aligned((T * N, inputs.padded(shape)), dz.dtype)
    run = through_gates(shape, inputs.C)
    parts = pool.parts_for(T * N * D * cut.gates, T * N)
    pool.run(parts, lambda part: run(dz, packed, dx, cut.H, cut.lanes, inputs.full, apart, *pool.span(T * N, part, parts)))
    return dx.reshape(T, N, -1)[:, :, :D]
