"""Kernels of a forward step.

Without norms, one kernel computes the product ``h U``, the gates and the output. A thread computes the units whose z it has
summed. ``z[t]`` holds ``b + x_t W`` before the step, and the saved gates after it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...device_math.activation import value
from ...runtime.compiler import cuda, jit, real
from ..pointwise import apply_zoneout_c, apply_zoneout_h, gates, store_gates
from ..traits import Traits
from .tiles import ROWS_PER_THREAD, column_tile, gate_tile, tile_position

SUMS = 4 * ROWS_PER_THREAD


@cache
def gate_products(dtype: str, gate_dropout: bool, *, bias: bool = False, transposed: bool = False) -> Any:
    """Return the kernel of ``out = b + a B``, or ``a^T B``, for all gates: before a norm, or with dropout masks."""
    number, zero = real(dtype), np.dtype(dtype).type(0)
    tile = gate_tile(dtype, gate_dropout, transposed)

    @jit("f2 f2 f2 f1 f3", dtype, f"lstm_gate_products_{dtype}_{int(gate_dropout)}{int(bias)}{int(transposed)}")
    def gate_products(out, a, B, b, factors):
        n0, j0, first, u = tile_position()
        sums = cuda.local.array(SUMS, number)
        H, j = B.shape[1] // 4, j0 + u
        for r in range(ROWS_PER_THREAD):
            for g in range(4):
                sums[4 * r + g] = b[g * H + j] if bias and j < H else zero
        tile(sums, a, B, factors, n0, j0)
        for r in range(ROWS_PER_THREAD):
            n = n0 + first + r
            if n < out.shape[0] and j < H:
                for g in range(4):
                    out[n, g * H + j] = sums[4 * r + g]

    return gate_products


@cache
def step(traits: Traits) -> Any:
    """Return the kernel of h U, the gates, c and the output, and without a projection h. States are ring buffers."""
    number, zero = real(traits.dtype), np.dtype(traits.dtype).type(0)
    tile, cell = gate_tile(traits.dtype, traits.recurrent), gates(traits)
    output_activation = value(traits.output_activation, traits.dtype)
    zoneout_h, zoneout_c = apply_zoneout_h(traits), apply_zoneout_c(traits)
    peephole, masked, projected, training = traits.peephole, traits.masked, traits.projected, traits.training
    has_zoneout_mask_h, has_zoneout_mask_c = traits.zoneout_h == "mask", traits.zoneout_c == "mask"

    @jit("f3 f2 f3 f3 f3 f3 f2 b2 b3 b3 f3 i", traits.dtype, f"lstm_step_{traits.label}")
    def step(z, U, h, c, c_new, m, V, mask, zoneout_mask_h, zoneout_mask_c, factors, t):
        n0, j0, first, u = tile_position()
        old, new = t % h.shape[0], (t + 1) % h.shape[0]
        N, H, j = z.shape[1], c.shape[2], j0 + u
        sums = cuda.local.array(SUMS, number)
        for r in range(ROWS_PER_THREAD):
            n = n0 + first + r
            for g in range(4):
                sums[4 * r + g] = z[t, n, g * H + j] if n < N and j < H else zero
        tile(sums, h[old], U, factors, n0, j0)
        vi = V[0, j] if peephole and j < H else zero
        vf = V[1, j] if peephole and j < H else zero
        vo = V[2, j] if peephole and j < H else zero
        for r in range(ROWS_PER_THREAD):
            n = n0 + first + r
            if n < N and j < H:
                valid = mask[t, n] if masked else True
                before = c[old, n, j]
                o, after, saved_i, saved_f, saved_g, saved_o = cell(
                    sums[4 * r], sums[4 * r + 1], sums[4 * r + 2], sums[4 * r + 3], before, vi, vf, vo
                )
                c[new, n, j] = zoneout_c(after, before, zoneout_mask_c[t, n, j] if has_zoneout_mask_c else False, valid)
                output = o * output_activation(after)
                if projected:
                    m[t % m.shape[0], n, j] = output
                else:
                    h[new, n, j] = zoneout_h(
                        output, h[old, n, j], zoneout_mask_h[t, n, j] if has_zoneout_mask_h else False, valid
                    )
                if training:
                    store_gates(z, t, n, j, saved_i, saved_f, saved_g, saved_o)
                    if has_zoneout_mask_c:
                        c_new[t, n, j] = after

    return step


@cache
def project(traits: Traits) -> Any:
    """Return the kernel of ``h = m R``, with its zoneout and the mask of the step."""
    number = real(traits.dtype)
    tile, zoneout_h = column_tile(traits.dtype, False, 1, False), apply_zoneout_h(traits)
    masked, has_zoneout_mask_h = traits.masked, traits.zoneout_h == "mask"

    @jit("f3 f2 f3 b2 b3 f3 i", traits.dtype, f"lstm_project_{traits.label}")
    def project(m, R, h, mask, zoneout_mask_h, factors, t):
        n0, j0, first, u = tile_position()
        old, new = t % h.shape[0], (t + 1) % h.shape[0]
        sums = cuda.local.array(ROWS_PER_THREAD, number)
        tile(sums, m[t % m.shape[0]], R, factors, n0, j0)
        for r in range(ROWS_PER_THREAD):
            n, p = n0 + first + r, j0 + u
            if n < h.shape[1] and p < h.shape[2]:
                valid = mask[t, n] if masked else True
                h[new, n, p] = zoneout_h(sums[r], h[old, n, p], zoneout_mask_h[t, n, p] if has_zoneout_mask_h else False, valid)

    return project
