"""CPU: a step of an LSTM from its preactivations, a vector of units at a time. Rows are split among threads."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...specs import Activation, LSTMSpec
from ..arrays.copy_tasks import as_rows, contiguous
from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name, vector_geometry
from ..lstm.phases.gates import value_of
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall, parallel_for
from ..simd.arithmetic import fma
from ..simd.custom_activation import canonical
from ..simd.elementwise import activate, code, keeps_z, label, slope
from ..simd.flush import flush, flush_gradient
from ..simd.vector import data, load, store

Array = npt.NDArray[Any]

#: Cost of a unit, in multiplications.
COST = 64


class _Cell(NamedTuple):
    """What kernels depend on: the activations of the gates, of g and of c, and the units of a vector."""

    gate: Activation
    inner: Activation
    outer: Activation
    V: int
    dtype: str

    @property
    def name(self) -> str:
        return "_".join([f"{self.dtype}x{self.V}", *map(label, self[:3])])


class _Tape(NamedTuple):
    cell: _Cell
    gates: Array
    c_before: Array
    c: Array
    mask: Array


def _cell(spec: LSTMSpec, H: int, dtype: Any) -> _Cell:
    activations = map(canonical, (spec.recurrent_activation, spec.activation, spec.output_activation))
    return _Cell(*activations, math.gcd(H, vector_geometry(dtype).V), dtype_name(dtype))


@inlined
def _at(x, i, n, w):
    """Return where row (i, n, w) of an array of four axes begins."""
    return (i * x.strides[0] + n * x.strides[1] + w * x.strides[2]) // x.itemsize


@inlined
def _carry(x, at, into, to, H):
    """Copy a row of H elements."""
    for k in range(H):
        into[to + k] = x[at + k]


@cache
def _value(cell: _Cell) -> Any:
    """Return the kernel of the rows (i, n) first .. last, numbers i * N + n, each of all w."""
    (gate, gate_p), (inner, inner_p), (outer, outer_p), V = *map(code, cell[:3]), cell.V
    gate_z, inner_z = keeps_z(cell.gate), keeps_z(cell.inner)

    def lstm_pointwise(zx, zh, h, c, mask, h_new, c_new, gates, first, last):
        x_, u_, h_, c_, t_, hn, cn = data(zx), data(zh), data(h), data(c), data(gates), data(h_new), data(c_new)
        N, W, H = h_new.shape[1], h_new.shape[2], h_new.shape[3]
        for row in range(first, last):
            i, n = row // N, row % N
            for w in range(W):
                to, at_c = (row * W + w) * H, _at(c, i, n, w)
                if mask.shape[0] > 0 and not mask[n]:
                    _carry(h_, _at(h, i, n, w), hn, to, H)
                    _carry(c_, at_c, cn, to, H)
                    continue
                at, au, tape = _at(zx, i, n, w), _at(zh, i, n, w), 4 * to if gates.shape[0] > 1 else 0
                for k in range(0, H, V):
                    zi = load(x_, at + k, V) + load(u_, au + k, V)
                    zf = load(x_, at + H + k, V) + load(u_, au + H + k, V)
                    zg = load(x_, at + 2 * H + k, V) + load(u_, au + 2 * H + k, V)
                    zo = load(x_, at + 3 * H + k, V) + load(u_, au + 3 * H + k, V)
                    vi, vf, vg = activate(gate, gate_p, zi), activate(gate, gate_p, zf), activate(inner, inner_p, zg)
                    vo = activate(gate, gate_p, zo)
                    new = flush(fma(vf, load(c_, at_c + k, V), vi * vg))
                    store(cn, to + k, new)
                    store(hn, to + k, flush(vo * activate(outer, outer_p, new)))
                    store(t_, tape + k, zi if gate_z else vi)
                    store(t_, tape + H + k, zf if gate_z else vf)
                    store(t_, tape + 2 * H + k, zg if inner_z else vg)
                    store(t_, tape + 3 * H + k, zo if gate_z else vo)

    return kernel(lstm_pointwise, f"lstm_pointwise_{cell.name}", NUMBA[cell.dtype], "x4 x4 x4 x4 b1 f4 f4 f2 i i")


@cache
def _gradient(cell: _Cell) -> Any:
    """Return the kernel of the gradients of the rows first .. last."""
    (gate, gate_p), (inner, inner_p), (outer, outer_p), V = *map(code, cell[:3]), cell.V
    gate_of_z, inner_of_z = gate if keeps_z(cell.gate) else None, inner if keeps_z(cell.inner) else None
    outer_z = keeps_z(cell.outer)

    def lstm_pointwise_gradient(dh, dc, c_before, c, mask, gates, dz, dh_before, dc_before, first, last):
        g_, b_, c_, t_, z_ = data(dh), data(c_before), data(c), data(gates), data(dz)
        dc_, db, dhb = data(dc), data(dc_before), data(dh_before)
        N, W, H = c.shape[1], c.shape[2], c.shape[3]
        for row in range(first, last):
            i, n = row // N, row % N
            for w in range(W):
                to, at_h, at_c, at_b = (row * W + w) * H, _at(dh, i, n, w), _at(dc, i, n, w), _at(c_before, i, n, w)
                valid = mask.shape[0] == 0 or mask[n]
                if mask.shape[0] > 0:
                    for k in range(H):
                        dhb[to + k] = 0 if valid else g_[at_h + k]
                if not valid:
                    _carry(dc_, at_c, db, to, H)
                    for k in range(4 * H):
                        z_[4 * to + k] = 0
                    continue
                for k in range(0, H, V):
                    t = 4 * to + k
                    ki, kf, kg, ko = load(t_, t, V), load(t_, t + H, V), load(t_, t + 2 * H, V), load(t_, t + 3 * H, V)
                    vi, vf = value_of(gate_of_z, gate_p, ki), value_of(gate_of_z, gate_p, kf)
                    vo = value_of(gate_of_z, gate_p, ko)
                    vg = value_of(inner_of_z, inner_p, kg)
                    cell_value, up = load(c_, to + k, V), load(g_, at_h + k, V)
                    p = activate(outer, outer_p, cell_value)
                    total = fma(up * vo, slope(outer, outer_p, cell_value if outer_z else p), load(dc_, at_c + k, V))
                    total = flush_gradient(total)
                    store(z_, t, flush_gradient(total * vg * slope(gate, gate_p, ki)))
                    store(z_, t + H, flush_gradient(total * load(b_, at_b + k, V) * slope(gate, gate_p, kf)))
                    store(z_, t + 2 * H, flush_gradient(total * vi * slope(inner, inner_p, kg)))
                    store(z_, t + 3 * H, flush_gradient(up * p * slope(gate, gate_p, ko)))
                    store(db, to + k, flush_gradient(total * vf))

    name = f"lstm_pointwise_gradient_{cell.name}"
    return kernel(lstm_pointwise_gradient, name, NUMBA[cell.dtype], "x4 x4 x4 f4 b1 f2 f2 f4 f4 i i")


def _as_image(x: Array) -> Array:
    """Return an array of two to four axes with four: (N, H) as (1, N, 1, H), and (T, N, H) as (T, N, 1, H)."""
    x = x[None] if x.ndim == 2 else x
    return as_rows(x if x.ndim == 4 else x[:, :, None])


def _or_zeros(x: Array | None, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return x with four axes, or zeros of ``shape`` that share one row."""
    return np.broadcast_to(np.zeros(shape[-1], dtype), shape) if x is None else _as_image(x)


def lstm_pointwise_forward(
    zx: Array,
    zh: Array | None,
    h: Array | None,
    c: Array | None,
    spec: LSTMSpec,
    *,
    mask: Array | None = None,
    training: bool = False,
) -> tuple[Array, Array, _Tape | None]:
    """CPU: a vector of units at a time."""
    shape, H, dtype = (*zx.shape[:-1], zx.shape[-1] // 4), zx.shape[-1] // 4, zx.dtype
    cell, image = _cell(spec, H, dtype), _as_image(zx)
    rows = (*image.shape[:-1], H)
    c_image, u_image, h_image = _or_zeros(c, rows, dtype), _or_zeros(zh, image.shape, dtype), _or_zeros(h, rows, dtype)
    h_new, c_new = empty(rows, dtype), empty(rows, dtype)
    gates = empty((math.prod(rows[:-1]) if training else 0, 4 * H), dtype)
    counted = np.empty(0, np.bool_) if mask is None else contiguous(mask)
    arrays = image, u_image, h_image, c_image, counted, h_new, c_new
    M = rows[0] * rows[1]
    splits = thread_pool.num_splits(h_new.size * COST, M)

    def call(_: int, part: tuple[int, int]) -> KernelCall:
        kept = gates if training else empty((1, 4 * H), dtype)  # a row that each thread writes over
        return KernelCall(_value(cell), *arrays, kept, *part)

    run_eagerly([parallel_for(M, splits, call)])
    tape = _Tape(cell, gates, c_image, c_new, counted) if training else None
    return h_new.reshape(shape), c_new.reshape(shape), tape


def lstm_pointwise_backward(tape: _Tape, dh: Array | None, dc: Array | None) -> tuple[Array, Array | None, Array]:
    """CPU: a vector of units at a time."""
    cell, gates, c_before, c, mask = tape
    given = dh if dh is not None else dc
    assert given is not None
    dtype, rows = c.dtype, c.shape
    dz, dc_before = empty(gates.shape, dtype), empty(rows, dtype)
    dh_before = empty(rows if mask.size else (0, 0, 0, 0), dtype)
    arrays = _or_zeros(dh, rows, dtype), _or_zeros(dc, rows, dtype), c_before, c, mask, gates, dz, dh_before, dc_before
    M = rows[0] * rows[1]
    splits = thread_pool.num_splits(2 * c.size * COST, M)
    run_eagerly([parallel_for(M, splits, lambda _, part: KernelCall(_gradient(cell), *arrays, *part))])
    shape = given.shape
    return dz.reshape(*shape[:-1], -1), dh_before.reshape(shape) if mask.size else None, dc_before.reshape(shape)
