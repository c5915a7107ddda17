"""Kernels of a backward step.

``dhu[t]`` is the gradient of ``h_{t-1} U``: dz, or the gradient through its norm. Without a projection and norms, one kernel
computes the product ``dhu U^T`` of a step and the gates of the previous step.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...runtime.compiler import cuda, device, jit, real
from ..pointwise import store_gates
from ..pointwise_grad import gate_gradient, output_gradient, zoneout_gradient
from ..traits import Traits
from .tiles import ROWS_PER_THREAD, column_tile, tile_position


@cache
def unit_gradient(traits: Traits) -> Any:
    """Return a device function from dh and dc to dzi, dzf, dzg, dzo and the old dc of one unit, by the tape."""
    zero = np.dtype(traits.dtype).type(0)
    output, gates_gradient = output_gradient(traits), gate_gradient(traits)
    du, dzo, peephole = output.du, output.dzo, traits.peephole

    @device
    def unit_gradient(dh, dc, t, n, j, z, c_new, c, V, valid, zoneout_mask):
        H = c.shape[2]
        vi = V[0, j] if peephole else zero
        vf = V[1, j] if peephole else zero
        vo = V[2, j] if peephole else zero
        saved_o, u = z[t, n, 3 * H + j], c_new[t, n, j]
        return gates_gradient(
            dc, du(dh, saved_o, u), dzo(dh, saved_o, u), z[t, n, j], z[t, n, H + j], z[t, n, 2 * H + j], c[t, n, j],
            vi, vf, vo, zoneout_mask, valid,
        )  # fmt: skip

    return unit_gradient


@cache
def step_gradient(traits: Traits, has_dy: bool) -> Any:
    """Return the kernel of dh of step t from the next step and dy, and then of dz or, for a later kernel, ``dh_new``."""
    number, zero = real(traits.dtype), np.dtype(traits.dtype).type(0)
    tile = column_tile(traits.dtype, True, 4, traits.recurrent)
    split_dh, unit = zoneout_gradient(traits.dtype, traits.zoneout_h, traits.masked), unit_gradient(traits)
    masked, has_carry, stores_dh = traits.masked, traits.has_carry, traits.normed or traits.projected
    has_zoneout_mask_h, has_zoneout_mask_c = traits.zoneout_h == "mask", traits.zoneout_c == "mask"

    @jit("f3 f3 f2 f2 f3 f2 f3 f3 f3 f3 f2 f2 b2 b3 b3 i", traits.dtype, f"lstm_step_gradient_{traits.label}")
    def step_gradient(
        dhu,  # (T, N, 4H), read at t + 1; without norms it is z, whose later steps hold dz
        dy,  # (T, N, P), the gradient of all outputs; read if has_dy
        dh,  # (N, P), the gradient of the last h; read at the last step
        U,  # (P, 4H)
        factors,  # (4, N, P), the masks of recurrent dropout of each gate
        carry,  # (N, P), what goes past step t + 1 to the old h; becomes that of step t
        dh_new,  # (T, N, P), written with a projection or norms
        z,  # (T, N, 4H), the saved gates; step t becomes dz where dh_new is not written
        c_new,  # (T, N, H), c before zoneout and mask; c[1:] where these change nothing
        c,  # (T + 1, N, H)
        dc,  # (N, H), the gradient of c of step t; becomes that of the step before
        V,  # (3, H), the peephole weights of i, f and o
        mask,  # (T, N)
        zoneout_mask_h, zoneout_mask_c,  # (T, N, P), (T, N, H)
        t,  # the step
    ):  # fmt: skip
        n0, j0, first, u = tile_position()
        N, P, j = dh.shape[0], dh.shape[1], j0 + u
        sums = cuda.local.array(ROWS_PER_THREAD, number)
        for r in range(ROWS_PER_THREAD):
            sums[r] = zero
        last = t == z.shape[0] - 1
        if not last:
            tile(sums, dhu[t + 1], U, factors, n0, j0)
        for r in range(ROWS_PER_THREAD):
            n = n0 + first + r
            if n < N and j < P:
                total = dh[n, j] if last else sums[r]
                if has_carry and not last:
                    total += carry[n, j]
                if has_dy:
                    total += dy[t, n, j]
                valid = mask[t, n] if masked else True
                dh_t, dh_old = split_dh(total, zoneout_mask_h[t, n, j] if has_zoneout_mask_h else False, valid)
                if has_carry:
                    carry[n, j] = dh_old
                if stores_dh:
                    dh_new[t, n, j] = dh_t
                else:
                    zoneout_mask = zoneout_mask_c[t, n, j] if has_zoneout_mask_c else False
                    i, f, g, o, dc[n, j] = unit(dh_t, dc[n, j], t, n, j, z, c_new, c, V, valid, zoneout_mask)
                    store_gates(z, t, n, j, i, f, g, o)

    return step_gradient


@cache
def projected_gradient(traits: Traits) -> Any:
    """Return the kernel of ``dm = dh_new R^T``, and then of dz or, before a norm, of dm."""
    number = real(traits.dtype)
    tile, unit = column_tile(traits.dtype, True, 1, False), unit_gradient(traits)
    masked, normed, has_zoneout_mask_c = traits.masked, traits.normed, traits.zoneout_c == "mask"

    @jit("f3 f2 f3 f3 f3 f3 f3 f2 f2 b2 b3 i", traits.dtype, f"lstm_projected_gradient_{traits.label}")
    def projected_gradient(dh_new, R, factors, dm, z, c_new, c, dc, V, mask, zoneout_mask_c, t):
        n0, j0, first, u = tile_position()
        sums = cuda.local.array(ROWS_PER_THREAD, number)
        tile(sums, dh_new[t], R, factors, n0, j0)
        for r in range(ROWS_PER_THREAD):
            n, j = n0 + first + r, j0 + u
            if n < dc.shape[0] and j < dc.shape[1]:
                if normed:
                    dm[t % dm.shape[0], n, j] = sums[r]
                else:
                    valid = mask[t, n] if masked else True
                    zoneout_mask = zoneout_mask_c[t, n, j] if has_zoneout_mask_c else False
                    i, f, g, o, dc[n, j] = unit(sums[r], dc[n, j], t, n, j, z, c_new, c, V, valid, zoneout_mask)
                    store_gates(z, t, n, j, i, f, g, o)

    return projected_gradient


@cache
def column_products(dtype: str, segments: int, gate_dropout: bool, has_carry: bool) -> Any:
    """Return the kernel of ``out = a B^T``, plus ``carry``: the gradient of the initial h, and of an x with dropout masks."""
    number = real(dtype)
    tile = column_tile(dtype, True, segments, gate_dropout)

    @jit("f2 f2 f2 f3 f2", dtype, f"lstm_column_products_{dtype}_{segments}{int(gate_dropout)}{int(has_carry)}")
    def column_products(out, a, B, factors, carry):
        n0, j0, first, u = tile_position()
        sums = cuda.local.array(ROWS_PER_THREAD, number)
        tile(sums, a, B, factors, n0, j0)
        for r in range(ROWS_PER_THREAD):
            n, j = n0 + first + r, j0 + u
            if n < out.shape[0] and j < out.shape[1]:
                out[n, j] = sums[r] + carry[n, j] if has_carry else sums[r]

    return column_products
