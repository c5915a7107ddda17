"""A step of an LSTM from its preactivations: one thread computes one unit."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...specs import Activation, LSTMSpec
from ..arrays.arrays import matrix
from ..arrays.elementwise import add, empty_like, full
from ..device_math.activation import canonical, slope, value
from ..runtime import driver
from ..runtime.compiler import Kernel, cuda, jit
from ..runtime.launch import element, launch_elements

Array = Any


class PointwiseTape(NamedTuple):
    """What :func:`lstm_pointwise_backward` needs: z (M, 4H), and c before and after the step (M, H)."""

    activations: tuple[Activation, ...]
    z: Array
    c_before: Array
    c: Array
    mask: Array
    width: int  #: rows of one sample that are next to each other
    masked: bool


def _label(activations: tuple[Activation, ...], dtype: str) -> str:
    return "_".join([*(activation.name for activation in activations), dtype])


@cache
def _value(activations: tuple[Activation, ...], dtype: str) -> Kernel:
    gate, inner, outer = (value(activation, dtype) for activation in activations)

    @jit("f2 f2 f2 b1 n f2 f2", dtype, f"lstm_pointwise_{_label(activations, dtype)}")
    def lstm_pointwise(z, h, c, mask, width, h_new, c_new):
        e = element()
        if e < h_new.size:
            H = h_new.shape[1]
            m, k = e // H, e % H
            if mask[m // width % mask.shape[0]]:
                new = cuda.fma(gate(z[m, H + k]), c[m, k], gate(z[m, k]) * inner(z[m, 2 * H + k]))
                c_new[m, k] = new
                h_new[m, k] = gate(z[m, 3 * H + k]) * outer(new)
            else:
                c_new[m, k] = c[m, k]
                h_new[m, k] = h[m, k]

    return lstm_pointwise


@cache
def _gradient(activations: tuple[Activation, ...], dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)
    gate, inner, outer = (value(activation, dtype) for activation in activations)
    gate_slope, inner_slope, outer_slope = (slope(activation, dtype) for activation in activations)
    gate_z, inner_z, outer_z = (activation.keeps == "z" for activation in activations)

    @jit("f2 f2 f2 f2 f2 b1 n f2 f2 f2", dtype, f"lstm_pointwise_gradient_{_label(activations, dtype)}")
    def lstm_pointwise_gradient(z, c_before, c, dh, dc, mask, width, dz, dh_before, dc_before):
        e = element()
        if e < c.size:
            H = c.shape[1]
            m, k = e // H, e % H
            if mask[m // width % mask.shape[0]]:
                zi, zf, zg, zo = z[m, k], z[m, H + k], z[m, 2 * H + k], z[m, 3 * H + k]
                i, f, g, o, p = gate(zi), gate(zf), inner(zg), gate(zo), outer(c[m, k])
                total = dc[m, k] + dh[m, k] * o * outer_slope(c[m, k] if outer_z else p)
                dz[m, k] = total * g * gate_slope(zi if gate_z else i)
                dz[m, H + k] = total * c_before[m, k] * gate_slope(zf if gate_z else f)
                dz[m, 2 * H + k] = total * i * inner_slope(zg if inner_z else g)
                dz[m, 3 * H + k] = dh[m, k] * p * gate_slope(zo if gate_z else o)
                dc_before[m, k] = total * f
                dh_before[m, k] = zero
            else:
                for q in range(4):
                    dz[m, q * H + k] = zero
                dc_before[m, k] = dc[m, k]
                dh_before[m, k] = dh[m, k]

    return lstm_pointwise_gradient


def _rows(x: Array | None, M: int, H: int, dtype: Any) -> Array:
    """Return x as rows (M, H), zeros for none."""
    return full((M, H), dtype, 0) if x is None else matrix(x)


def lstm_pointwise_forward(
    zx: Array,
    zh: Array | None,
    h: Array | None,
    c: Array | None,
    spec: LSTMSpec,
    *,
    mask: Array | None = None,
    training: bool = False,
) -> tuple[Array, Array, PointwiseTape | None]:
    """One thread per unit. z is on the tape."""
    activations = tuple(map(canonical, (spec.recurrent_activation, spec.activation, spec.output_activation)))
    z, shape, dtype = matrix(zx if zh is None else add(zx, zh)), (*zx.shape[:-1], zx.shape[-1] // 4), zx.dtype
    M, H = z.shape[0], shape[-1]
    valid, width = full((1,), np.bool_, True) if mask is None else mask, shape[2] if len(shape) == 4 else 1
    h_new, c_new = driver.current().empty((M, H), dtype), driver.current().empty((M, H), dtype)
    before = _rows(c, M, H, dtype)
    run = _value(activations, dtype.name)
    launch_elements(run, h_new.size, z, _rows(h, M, H, dtype), before, valid, width, h_new, c_new)
    tape = PointwiseTape(activations, z, before, c_new, valid, width, mask is not None) if training else None
    return h_new.reshape(*shape), c_new.reshape(*shape), tape


def lstm_pointwise_backward(tape: PointwiseTape, dh: Array | None, dc: Array | None) -> tuple[Array, Array | None, Array]:
    """One thread per unit."""
    activations, z, before, c, valid, width, masked = tape
    (M, H), dtype = c.shape, c.dtype
    shape = (dc if dh is None else dh).shape  # type: ignore[union-attr]
    dz, dh_before, dc_before = empty_like(z), empty_like(c), empty_like(c)
    arrays = z, before, c, _rows(dh, M, H, dtype), _rows(dc, M, H, dtype), valid, width, dz, dh_before, dc_before
    launch_elements(_gradient(activations, dtype.name), c.size, *arrays)
    return dz.reshape(*shape[:-1], 4 * H), dh_before.reshape(*shape) if masked else None, dc_before.reshape(*shape)
