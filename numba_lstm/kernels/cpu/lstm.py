"""CPU twin of the LSTM ops: packed panels, cells by address, whole time loops over shards of the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...gates import COUNT
from ..contract import LSTMGradients, LSTMNoise, LSTMOutput, LSTMWeights
from ..specs import LSTMSpec
from . import factors as own_factors
from . import packing, pool
from .arrays import asarray
from .cell_gradients import gate_gradient_cell, output_gradient_cell
from .cells import Asked, gate_cell, output_cell, settings, traits
from .factored_gradients import weight_gradients
from .host import HOST
from .int8_products import HIGHEST
from .lstm_buffers import input_gradient, padded_steps, panel_stride, start, state
from .lstm_gradient_loops import backward_loop
from .lstm_loops import forward_loop
from .memory import aligned, stride, together
from .panels import Panels, Shape, columns, geometry, panels
from .products import affine, product
from .tile import HEIGHT

Array = npt.NDArray[Any]

#: Fewer rows than this leave tiles low in a time loop, so the product with W is done for all steps ahead of it.
FEW_ROWS = HEIGHT

#: Up to this many rows a product ahead pays where W is so large that a step would read it from afar: once a chunk of steps.
SOME_ROWS = 48
FAR = 1024 * 1024

#: Bytes of recurrent weights from which on tiles ask for them before they need them, and the rows of a tile that does.
VERY_FAR = 4 * 1024 * 1024
TALL_ROWS = 4

#: Bytes of the product with W that are done ahead at a time, to stay in the second-level cache until the loop reads them; but
#: where W is far at least so many rows.
AHEAD = 256 * 1024
AHEAD_ROWS = 128

#: Bytes of dz that a chunk of the backward product keeps in the second-level cache.
L2_SHARE = 128 * 1024

#: Recurrent weights from which on threads share the panels of a single row (below, a member that another program takes the core
#: from costs more than all gain), or of up to ``GANG_ROWS`` rows, and the rows of steps for which they then stay together.
GANG_WEIGHTS = 200_000
GANG_ROWS, GANG_WEIGHTS_OF_ROWS = 32, 350_000
GANG_STEPS = 512

NO_MASK = np.zeros((0, 0), np.bool_)
NO_MASKS = np.zeros((0, 0, 0), np.bool_)
NO_NOISE = LSTMNoise()
NO_MEETING = np.zeros(1, np.int64)


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


def lstm_path(N: int, T: int, D: int, H: int, dtype: Any, spec: LSTMSpec, *, training: bool, rows: bool, gatewise: bool) -> str:
    """CPU twin: instruction set and rows by columns of the tallest tile, then what is special.

    ``rows``: each step goes by whole rows; ``gates``: products have masks of each gate; ``ahead``: x W is done before the loop;
    ``int8``: by whole numbers.
    """
    shape = geometry(np.dtype(dtype))
    if spec.int8:
        return f"cpu:{HOST.isa}:{min(N, HIGHEST)}x{COUNT * shape.V}:int8"
    ahead = not (rows or gatewise) and steps_ahead(N, T, D, panels(H, shape.V), np.dtype(dtype)) > 0
    special = {"rows": rows, "gates": gatewise, "ahead": ahead}
    return ":".join([f"cpu:{HOST.isa}:{min(N, HEIGHT)}x{shape.w}", *(name for name, so in special.items() if so)])


class _Plan(NamedTuple):
    """What a call needs that does not depend on its sizes N, T and D."""

    shape: Shape
    cut: Panels
    numbers: Array  # that cells read
    loop: Any
    cells: tuple[Any, ...]  # kept alive
    addresses: tuple[int, ...]  # of the cells: of whole panels, of the tail


def _planned(spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], H: int, makers: Sequence[Any], loop: Any) -> _Plan:
    shape, how = geometry(dtype), traits(spec, asked)
    cut = panels(H, shape.V)
    cells = tuple(make(how, shape.dtype, lanes) for lanes in (shape.V, cut.v or shape.V) for make in makers)
    return _Plan(shape, cut, settings(spec, dtype), loop(shape, cut), cells, tuple(cell.address for cell in cells))


@cache
def _plan(spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], H: int, far: bool) -> _Plan:
    makers = (partial(gate_cell, tape=asked.training), output_cell)
    return _planned(spec, asked, dtype, H, makers, lambda shape, cut: forward_loop(shape, cut.C, asked.own, far))


@cache
def _gradient_plan(spec: LSTMSpec, asked: Asked, dtype: np.dtype[Any], H: int, far: bool) -> _Plan:
    makers = (output_gradient_cell, gate_gradient_cell)
    return _planned(
        spec, asked, dtype, H, makers, lambda shape, cut: backward_loop(shape, cut.C, columns(H, shape).C, asked.own, far)
    )


def steps_ahead(N: int, T: int, D: int, cut: Panels, dtype: np.dtype[Any]) -> int:
    """The steps for which the product with W is done ahead at a time; 0: each step does its own."""
    row = cut.gates * dtype.itemsize
    far = D * row > FAR and N <= SOME_ROWS
    if T == 1 or D == 1 or not (far or N < FEW_ROWS):
        return 0
    return max(1, AHEAD // (N * row), -(-AHEAD_ROWS // N) if far else 1)


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
    T, N, D = x.shape
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
    shape, cut, numbers, loop, _, addresses = _plan(spec, asked, x.dtype, H, _far(N, H, asked, x.dtype))
    W = weights.kernel.prepared("cpu.panels", packing.gate_panels)
    U = weights.recurrent_kernel.prepared("cpu.panels", packing.gate_panels)
    b = packing.gate_bias(weights.bias, cut, x.dtype)
    ahead = 0 if asked.own else steps_ahead(N, T, D, cut, x.dtype)
    members = _members(T, N, cut, asked)
    steps = max(ahead, GANG_STEPS // N) if members > 1 else ahead or T
    parts = pool.parts_for(min(steps, T) * N * (H if ahead else D + H) * cut.gates, N)
    h, c, z = together(
        x.dtype,
        (T + 1 if training or sequences else 2, N, stride(cut.padded + (D + 1 if training else 0), x.dtype)),
        (T + 1 if training else 1, N, stride(cut.padded, x.dtype)),
        (max(parts, members), shape.scratch),
    )
    start(h, h0, cut.padded, H)
    start(c, c0, cut.padded, H)
    valid = NO_MASK if mask is None else np.ascontiguousarray(mask, np.bool_)
    if training:
        h[:T, :, cut.padded : cut.padded + D] = x
        h[:T, :, cut.padded + D] = 1
        x = h[:T, :, cut.padded : cut.padded + D]  # its rows lie evenly, and do not share cache sets
        if mask is not None:
            x[~valid] = 0  # else NaN in a step that is not taken came into dW
    elif N >= FEW_ROWS and x.strides[1] % 1024 == 0:
        x = _spread(x)
    apart = panel_stride(T, N, shape, cut) if training else 0
    gates = aligned((apart * cut.full + T * N * COUNT * cut.v,), x.dtype) if training else z[0, :0]
    peephole = z[0, :0] if weights.peephole is None else weights.peephole.prepared("cpu.panels", packing.peephole_panels)
    kept_h, kept_c = _kept(noise.zoneout_h, cut), _kept(noise.zoneout_c, cut)
    factors = own_factors.of_rows(noise, (N, cut.padded, D), shape) if asked.own else z[:0, None]
    seen = aligned(factors.shape, x.dtype)
    for t0 in range(0, T, steps):
        t1 = min(T, t0 + steps)
        chains = input_product(x[t0:t1], W, b, shape, cut) if ahead else b

        def work(part: int, r0: int, r1: int, meeting: Array, member: int, all_: int) -> None:
            loop(
                x, W, U, chains, h, c, gates, peephole, numbers, valid, kept_h, kept_c, factors, seen,  # noqa: B023
                z[part], meeting, *addresses,
                0 if ahead else D, H, cut.full, apart, t0, t1, r0, r1, member, all_,  # noqa: B023 - run at once
            )  # fmt: skip

        _share(N, parts, members, work)
    tape = _Tape(h, c, gates, valid, kept_h, kept_c, noise, weights, spec, asked) if training else None
    y = h[1:, :, :H] if sequences else None
    return LSTMOutput(y, h[T % len(h), :, :H], c[T % len(c), :, :H], tape)


def lstm_backward(tape: _Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU twin: the recurrence turns the tape's gates into dz in place, then products over all steps make the gradients."""
    rows, c, gates, mask, kept_h, kept_c, noise, weights, spec, asked = tape
    T, N = len(rows) - 1, rows.shape[1]
    D, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
    dtype = rows.dtype
    shape, cut, numbers, loop, _, addresses = _gradient_plan(spec, asked, dtype, H, _far(N, H, asked, dtype))
    units = columns(H, shape)
    carries = asked.masked or asked.kept_h
    U = weights.recurrent_kernel.prepared("cpu.transposed", packing.gate_blocks_transposed)
    into_h = state(dh, N, H, units.padded(shape), dtype)
    into_c = state(dc, N, H, c.shape[2], dtype)
    carry = state(None, N if carries else 0, H, c.shape[2], dtype)
    dy = np.empty((0, 0, 0), dtype) if dy is None else _readable(dy, cut)
    V = weights.peephole
    peephole = into_h[0, :0] if V is None else V.prepared("cpu.panels", packing.peephole_panels)
    shares = np.zeros(N * len(peephole), dtype)
    apart = panel_stride(T, N, shape, cut)
    parts = pool.parts_for(T * N * H * cut.gates, N)

    of_h = own_factors.of_columns(noise.recurrent, N, H, into_h.shape[1], dtype) if asked.own else into_h[None][:0]

    def work(part: int, r0: int, r1: int, meeting: Array, member: int, all_: int) -> None:
        chunk = max(1, min(L2_SHARE // ((r1 - r0) * COUNT * shape.V * dtype.itemsize), shape.chunk // (COUNT * shape.V)))
        chunk = cut.full + 1 if r1 - r0 == 1 else chunk
        loop(
            dy, U, c, into_h, into_c, carry, gates, peephole, shares, numbers, mask, kept_h, kept_c, of_h, meeting,
            *addresses, H, cut.full, cut.lanes, units.full, chunk, apart, T, r0, r1, member, all_,
        )  # fmt: skip

    _share(N, parts, _members(T, N, cut, asked), work)
    dh0 = into_h[:, :H] + carry[:, :H] if carries else into_h[:, :H]
    dx = None
    if need_dx and asked.own:
        W = weights.kernel.prepared("cpu.transposed", packing.gate_blocks_transposed)
        dx = own_factors.input_gradient((T, N, D), W, noise.inputs, gates, shape, cut, apart)
    elif need_dx:
        dx = input_gradient((T, N, D), weights.kernel, gates, shape, cut, apart)
    dU, dW, db = weight_gradients(rows[:T].reshape(T * N, -1), D, gates, noise, (shape, cut, apart))
    db = None if weights.bias is None else db
    dV = None if V is None else packing.peephole_gradient(shares, cut)
    return LSTMGradients(dx, dh0, into_c[:, :H], LSTMWeights(dW, dU, db, dV))


def _far(N: int, H: int, asked: Asked, dtype: np.dtype[Any]) -> bool:
    """Whether tiles are tall and wait for the recurrent weights."""
    return not asked.own and N >= TALL_ROWS and COUNT * H * H * dtype.itemsize >= VERY_FAR


def _members(T: int, N: int, cut: Panels, asked: Asked) -> int:
    """The threads that panels are shared among, where rows are too few to share."""
    weights = cut.gates * cut.padded
    enough = weights >= (GANG_WEIGHTS if N == 1 else GANG_WEIGHTS_OF_ROWS) and T * N * weights >= pool.WORTHWHILE
    return pool.threads() if N <= GANG_ROWS and enough and not asked.own else 1


def _share(N: int, parts: int, members: int, work: Callable[[int, int, int, Array, int, int], None]) -> None:
    """``work(part, r0, r1, meeting, member, members)`` for parts of N rows, or for all rows by members of a gang."""
    if members > 1:
        pool.gang(members, lambda member, all_, meeting: work(member, 0, N, meeting, member, all_))
    else:
        pool.run(parts, lambda part: work(part, *pool.span(N, part, parts), NO_MEETING, 0, 1))


def _kept(kept: Array | None, cut: Panels) -> Array:
    """A zoneout's masks (T, N, H) in rows that vectors may read to the end of the last panel."""
    return NO_MASKS if kept is None else padded_steps(kept, cut.padded)


def _spread(x: Array) -> Array:
    """A copy of x (T, N, D) whose rows do not share cache sets."""
    spread = aligned((*x.shape[:2], stride(x.shape[2], x.dtype)), x.dtype)[:, :, : x.shape[2]]
    spread[...] = x
    return spread


def _readable(dy: Array, cut: Panels) -> Array:
    """dy with rows that vectors may read to the end of the last panel: a copy, where the panel is wider than H."""
    return asarray(dy, dy.dtype) if cut.padded == cut.H else padded_steps(dy, cut.padded)


def input_product(x: Array, W: Array, b: Array, shape: Shape, cut: Panels) -> Array:
    """``b + x W`` for all steps, (T * N, columns) flat."""
    out = aligned((x.shape[0] * x.shape[1], cut.gates), x.dtype)
    product(affine(shape, cut.C), x, W, b, out, cut.full * shape.G)
    return out.reshape(-1)
