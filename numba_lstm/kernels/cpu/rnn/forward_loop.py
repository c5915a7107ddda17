"""The forward time loop of the GRU and of the simple RNN: serial over steps, one shard of the batch per call.

The rows of shards are independent, so threads run whole time loops without synchronization. Where rows are few, the threads of
a team split the units instead, and meet at a barrier after every step; also before the candidate's product, if it reads r * h.

A step calls one product kernel for each gate, and one pointwise kernel for all gates. Where rows are few, x W of several steps
is one product, which fills the tiles.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, VectorGeometry
from ..lstm.phases.arrays import steps_of
from ..runtime.atomics import barrier
from ..runtime.indirect_call import call
from ..simd.vector import data, offset
from .phases import Factor, Rows, Share, masked_factor, product, reset_rows, sums_of_row, sums_of_rows, sums_of_steps


@cache
def forward_loop(geometry: VectorGeometry, gates: int, reset_after: bool) -> Any:
    """Return the kernel of steps t0 .. t1 of rows r0 .. r1; ``gates`` is 3 for a GRU, 1 for a simple RNN."""
    V, w, gated, barriers = geometry.V, geometry.w, gates > 1, 1 if reset_after or gates == 1 else 2

    def rnn_forward_loop(
        x,  # (T, N, D) of any strides; with factors of each gate (G * T, N, D)
        W, U,  # (D, GH) and (H, GH), packed (:mod:`.layout`)
        start,  # the packed bias
        h,  # (L, N, h_rows): a ring of time; step t reads h_{t-1} in row t % L and writes row (t + 1) % L
        z,  # (M, N, row): a ring of the gates of M steps; the tape where M is T
        factors,  # (G, N, padded): dropout factors of h, or empty
        masked_h,  # (G * T, N, padded): their products with h; empty without factors
        mask,  # (T, N), or empty: rows of False keep their state
        barrier_counter,  # one word, shared by a team
        product_kernel, pointwise_kernel, reset_kernel, row_kernel,  # addresses
        D, H, padded, full, blocks,  # features, units, elements of a gate, full blocks and all blocks
        chunk, chunk_row,  # steps of x whose product with W is computed at a time, and elements between rows of such x
        T, x_gate,  # steps in all, and elements between the x of two gates; 0: one for all
        t0, t1, r0, r1,  # steps t0 .. t1 of rows r0 .. r1
        member, team_size,  # this thread of a team that splits the blocks, and its size; 0 and 1: no team
    ):  # fmt: skip
        N, L, M, h_row, z_row, n = h.shape[1], h.shape[0], z.shape[0], h.shape[2], z.shape[2], r1 - r0
        xs, masked = steps_of(x), 1 if len(mask) > 0 else 0
        q0, q1 = (blocks * member // team_size, blocks * (member + 1) // team_size) if team_size > 1 else (0, blocks)
        u0, units, share = q0 * w, min(padded, q1 * w) - q0 * w, Share(full, q0, q1, n)
        bias, terms = Rows(data(start), 0, padded), D if chunk == 1 else 0
        one_row = gated and n == 1 and x_gate == 0 and len(factors) == 0
        for t in range(t0, t1):
            h_old, h_new = offset(data(h), (t % L * N + r0) * h_row), offset(data(h), ((t + 1) % L * N + r0) * h_row)
            out = Rows(offset(data(z), (t % M * N + r0) * z_row), z_row, padded)
            x_t = Factor(Rows(offset(xs.p, t * xs.step + r0 * xs.row), xs.row, x_gate), data(W), len(W) // gates, D)
            h_t = Factor(Rows(h_old, h_row, 0), data(U), len(U) // gates, H)
            if len(factors) > 0:
                h_t = masked_factor(h_t, factors, masked_h, t, r0, n, gates, V)
            # b + x W of several steps
            if chunk > 1 and (t - t0) % chunk == 0:
                sums_of_steps(product_kernel, bias, x_t, chunk_row, h_t, out, share, min(chunk, t1 - t) * N, gates)
            first = out if chunk > 1 or one_row else bias
            # b + x W + h U: z and r, also g and q; or g alone, without gates
            if one_row:
                sums_of_row(row_kernel, bias, x_t, terms, h_t, out, share, reset_after)
            else:
                sums_of_rows(product_kernel, first, bias, x_t, terms, h_t, out, share, gates, reset_after)
            if gated and not reset_after:
                r_h = reset_rows(reset_kernel, out, h_t, u0, n, units)
                if team_size > 1:
                    barrier(data(barrier_counter), team_size, (t - t0) * barriers + 1)
                product(product_kernel, first, x_t, 0 if one_row else terms, r_h, H, 2, out, share)
            # h_t
            call(
                pointwise_kernel,
                (offset(out.p, u0), offset(h_old, u0), offset(h_new, u0), offset(data(mask), masked * (t * N + r0)),
                 z_row, h_row, masked, padded, n, units),
            )  # fmt: skip
            if team_size > 1:
                barrier(data(barrier_counter), team_size, (t - t0) * barriers + barriers)

    name = f"rnn_forward_loop_{geometry.dtype}x{V}_{gates}{int(reset_after)}"
    arguments = "x3 f1 f1 f1 f3 f3 f3 f3 b2 n1" + 19 * " i"
    return kernel(rnn_forward_loop, name, NUMBA[geometry.dtype], arguments)
