"""Steps forward, one kernel or a few each: the general way, which takes every option.

Where no norm needs whole rows, the product ``h U``, the gates and the output are one kernel, in which a thread finishes the
units whose z it has added up. ``z[t]`` holds ``b + x_t W`` before the step, and what the tape keeps of the gates after it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...device_math.activation import value
from ...runtime.compiler import cuda, jit, real
from ..pointwise import carried_c, carried_h, gates, store_gates
from ..traits import Traits
from .tiles import HEIGHT, column_tile, gate_tile, place

SUMS = 4 * HEIGHT


@cache
def gate_products(dtype: str, own: bool, *, bias: bool = False, transposed: bool = False) -> Any:
    """``out = b + a B``, or ``a^T B``, for all four gates: where a norm follows, or gates have their own factors of a."""
    number, zero = real(dtype), np.dtype(dtype).type(0)
    tile = gate_tile(dtype, own, transposed)

    @jit("f2 f2 f2 f1 f3", dtype, f"lstm_gate_products_{dtype}_{int(own)}{int(bias)}{int(transposed)}")
    def gate_products(out, a, B, b, factors):
        n0, j0, first, u = place()
        sums = cuda.local.array(SUMS, number)
        H, j = B.shape[1] // 4, j0 + u
        for r in range(HEIGHT):
            for g in range(4):
                sums[4 * r + g] = b[g * H + j] if bias and j < H else zero
        tile(sums, a, B, factors, n0, j0)
        for r in range(HEIGHT):
            n = n0 + first + r
            if n < out.shape[0] and j < H:
                for g in range(4):
                    out[n, g * H + j] = sums[4 * r + g]

    return gate_products


@cache
def step(how: Traits) -> Any:
    """h U, the gates, c and the output; h too, where there is no projection. States are rings of time."""
    number, zero = real(how.dtype), np.dtype(how.dtype).type(0)
    tile, cell, outer = gate_tile(how.dtype, how.recurrent), gates(how), value(how.outer, how.dtype)
    keep_h, keep_c = carried_h(how), carried_c(how)
    peephole, masked, projected, training = how.peephole, how.masked, how.projected, how.training
    drawn_h, drawn_c = how.zoneout_h == "mask", how.zoneout_c == "mask"

    @jit("f3 f2 f3 f3 f3 f3 f2 b2 b3 b3 f3 i", how.dtype, f"lstm_step_{how.label}")
    def step(z, U, h, c, made, m, V, mask, kept_h, kept_c, factors, t):
        n0, j0, first, u = place()
        old, new = t % h.shape[0], (t + 1) % h.shape[0]
        N, H, j = z.shape[1], c.shape[2], j0 + u
        sums = cuda.local.array(SUMS, number)
        for r in range(HEIGHT):
            n = n0 + first + r
            for g in range(4):
                sums[4 * r + g] = z[t, n, g * H + j] if n < N and j < H else zero
        tile(sums, h[old], U, factors, n0, j0)
        vi = V[0, j] if peephole and j < H else zero
        vf = V[1, j] if peephole and j < H else zero
        vo = V[2, j] if peephole and j < H else zero
        for r in range(HEIGHT):
            n = n0 + first + r
            if n < N and j < H:
                valid = mask[t, n] if masked else True
                before = c[old, n, j]
                o, after, ki, kf, kg, ko = cell(
                    sums[4 * r], sums[4 * r + 1], sums[4 * r + 2], sums[4 * r + 3], before, vi, vf, vo
                )
                c[new, n, j] = keep_c(after, before, kept_c[t, n, j] if drawn_c else False, valid)
                output = o * outer(after)
                if projected:
                    m[t % m.shape[0], n, j] = output
                else:
                    h[new, n, j] = keep_h(output, h[old, n, j], kept_h[t, n, j] if drawn_h else False, valid)
                if training:
                    store_gates(z, t, n, j, ki, kf, kg, ko)
                    if drawn_c:
                        made[t, n, j] = after

    return step


@cache
def project(how: Traits) -> Any:
    """``h = m R``, with its zoneout and the mask of the step."""
    number = real(how.dtype)
    tile, keep_h = column_tile(how.dtype, False, 1, False), carried_h(how)
    masked, drawn_h = how.masked, how.zoneout_h == "mask"

    @jit("f3 f2 f3 b2 b3 f3 i", how.dtype, f"lstm_project_{how.label}")
    def project(m, R, h, mask, kept_h, factors, t):
        n0, j0, first, u = place()
        old, new = t % h.shape[0], (t + 1) % h.shape[0]
        sums = cuda.local.array(HEIGHT, number)
        tile(sums, m[t % m.shape[0]], R, factors, n0, j0)
        for r in range(HEIGHT):
            n, p = n0 + first + r, j0 + u
            if n < h.shape[1] and p < h.shape[2]:
                valid = mask[t, n] if masked else True
                h[new, n, p] = keep_h(sums[r], h[old, n, p], kept_h[t, n, p] if drawn_h else False, valid)

    return project
