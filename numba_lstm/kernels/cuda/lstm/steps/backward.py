"""Steps back, one kernel or a few each, through what :mod:`.lstm_steps` did.

``flow[t]`` is what comes to ``h_{t-1} U``: dz, or behind a norm its gradient. The product ``flow U^T`` of a step and what the
step before makes of it are one kernel, where no projection and no norm stand between.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...runtime.compiler import cuda, device, jit, real
from ..pointwise import store_gates
from ..pointwise_grad import gate_gradient, output_gradient, split
from ..traits import Traits
from .tiles import HEIGHT, column_tile, place


@cache
def unit_gradient(how: Traits) -> Any:
    """``unit_gradient(dh, dc, t, n, j, z, made, c, V, valid, kept) -> dzi, dzf, dzg, dzo, dc`` of one unit, from the tape."""
    zero = np.dtype(how.dtype).type(0)
    output, into_gates = output_gradient(how), gate_gradient(how)
    du, dzo, peephole = output.du, output.dzo, how.peephole

    @device
    def unit_gradient(dh, dc, t, n, j, z, made, c, V, valid, kept):
        H = c.shape[2]
        vi = V[0, j] if peephole else zero
        vf = V[1, j] if peephole else zero
        vo = V[2, j] if peephole else zero
        ko, u = z[t, n, 3 * H + j], made[t, n, j]
        return into_gates(
            dc, du(dh, ko, u), dzo(dh, ko, u), z[t, n, j], z[t, n, H + j], z[t, n, 2 * H + j], c[t, n, j],
            vi, vf, vo, kept, valid,
        )  # fmt: skip

    return unit_gradient


@cache
def step_gradient(how: Traits, has_dy: bool) -> Any:
    """dh of step t, from the step after and from y; then dz, or ``into``: what of dh is that of the step's own output."""
    number, zero = real(how.dtype), np.dtype(how.dtype).type(0)
    tile = column_tile(how.dtype, True, 4, how.recurrent)
    part, unit = split(how.dtype, how.zoneout_h, how.masked), unit_gradient(how)
    masked, carries, whole = how.masked, how.carries, how.normed or how.projected
    drawn_h, drawn_c = how.zoneout_h == "mask", how.zoneout_c == "mask"

    @jit("f3 f3 f2 f2 f3 f2 f3 f3 f3 f3 f2 f2 b2 b3 b3 i", how.dtype, f"lstm_step_gradient_{how.label}")
    def step_gradient(flow, dy, dh, U, factors, carry, into, z, made, c, dc, V, mask, kept_h, kept_c, t):
        n0, j0, first, u = place()
        N, P, j = dh.shape[0], dh.shape[1], j0 + u
        sums = cuda.local.array(HEIGHT, number)
        for r in range(HEIGHT):
            sums[r] = zero
        last = t == z.shape[0] - 1
        if not last:
            tile(sums, flow[t + 1], U, factors, n0, j0)
        for r in range(HEIGHT):
            n = n0 + first + r
            if n < N and j < P:
                total = dh[n, j] if last else sums[r]
                if carries and not last:
                    total += carry[n, j]
                if has_dy:
                    total += dy[t, n, j]
                valid = mask[t, n] if masked else True
                own, past = part(total, kept_h[t, n, j] if drawn_h else False, valid)
                if carries:
                    carry[n, j] = past
                if whole:
                    into[t, n, j] = own
                else:
                    kept = kept_c[t, n, j] if drawn_c else False
                    i, f, g, o, dc[n, j] = unit(own, dc[n, j], t, n, j, z, made, c, V, valid, kept)
                    store_gates(z, t, n, j, i, f, g, o)

    return step_gradient


@cache
def projected_gradient(how: Traits) -> Any:
    """``dm = into R^T``; then dz, or where a norm follows dm itself."""
    number = real(how.dtype)
    tile, unit = column_tile(how.dtype, True, 1, False), unit_gradient(how)
    masked, normed, drawn_c = how.masked, how.normed, how.zoneout_c == "mask"

    @jit("f3 f2 f3 f3 f3 f3 f3 f2 f2 b2 b3 i", how.dtype, f"lstm_projected_gradient_{how.label}")
    def projected_gradient(into, R, factors, dm, z, made, c, dc, V, mask, kept_c, t):
        n0, j0, first, u = place()
        sums = cuda.local.array(HEIGHT, number)
        tile(sums, into[t], R, factors, n0, j0)
        for r in range(HEIGHT):
            n, j = n0 + first + r, j0 + u
            if n < dc.shape[0] and j < dc.shape[1]:
                if normed:
                    dm[t % dm.shape[0], n, j] = sums[r]
                else:
                    valid = mask[t, n] if masked else True
                    kept = kept_c[t, n, j] if drawn_c else False
                    i, f, g, o, dc[n, j] = unit(sums[r], dc[n, j], t, n, j, z, made, c, V, valid, kept)
                    store_gates(z, t, n, j, i, f, g, o)

    return projected_gradient


@cache
def column_products(dtype: str, segments: int, own: bool, carries: bool) -> Any:
    """``out = a B^T``, with ``carries`` added to what it holds: the gradient of the first h, and of an x with own factors."""
    number = real(dtype)
    tile = column_tile(dtype, True, segments, own)

    @jit("f2 f2 f2 f3 f2", dtype, f"lstm_column_products_{dtype}_{segments}{int(own)}{int(carries)}")
    def column_products(out, a, B, factors, carry):
        n0, j0, first, u = place()
        sums = cuda.local.array(HEIGHT, number)
        tile(sums, a, B, factors, n0, j0)
        for r in range(HEIGHT):
            n, j = n0 + first + r, j0 + u
            if n < out.shape[0] and j < out.shape[1]:
                out[n, j] = sums[r] + carry[n, j] if carries else sums[r]

    return column_products
