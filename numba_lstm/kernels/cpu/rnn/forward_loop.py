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
from ..runtime.atomics import barrier
from ..runtime.indirect_call import call
from ..simd.vector import data, offset
from .layout import Q
from .records import Factor, Rows, Share, moved, multiply_rows, product, row_of_gate


@cache
def forward_loop(geometry: VectorGeometry, gates: int, reset_after: bool) -> Any:
    """Return the kernel of steps t0 .. t1 of rows r0 .. r1; ``gates`` is 3 for a GRU, 1 for a simple RNN."""
    V, w, gated, sums, barriers = geometry.V, geometry.w, gates > 1, max(1, gates - 1), 1 if reset_after or gates == 1 else 2

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
        product_kernel, pointwise_kernel, reset_kernel,  # addresses
        D, H, padded, full, blocks,  # features, units, elements of a gate, full blocks and all blocks
        chunk, chunk_row,  # steps of x whose product with W is computed at a time, and elements between rows of such x
        T, x_gate,  # steps in all, and elements between the x of two gates; 0: one for all
        t0, t1, r0, r1,  # steps t0 .. t1 of rows r0 .. r1
        member, team_size,  # this thread of a team that splits the blocks, and its size; 0 and 1: no team
    ):  # fmt: skip
        N, L, M, h_row, z_row, n = h.shape[1], h.shape[0], z.shape[0], h.shape[2], z.shape[2], r1 - r0
        x_step, x_row, masked = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize, 1 if len(mask) > 0 else 0
        q0, q1 = blocks * member // team_size, blocks * (member + 1) // team_size
        u0, units, share = q0 * w, min(padded, q1 * w) - q0 * w, Share(full, q0, q1, n)
        start_, terms = Rows(data(start), 0, padded), D if chunk == 1 else 0
        for t in range(t0, t1):
            h_old, h_new = offset(data(h), (t % L * N + r0) * h_row), offset(data(h), ((t + 1) % L * N + r0) * h_row)
            out = Rows(offset(data(z), (t % M * N + r0) * z_row), z_row, padded)
            x_t = Factor(Rows(offset(data(x), t * x_step + r0 * x_row), x_row, x_gate), data(W), len(W) // gates, D)
            h_t = Factor(Rows(h_old, h_row, 0), data(U), len(U) // gates, H)
            if len(factors) > 0:
                rows = Rows(offset(data(masked_h), (t * N + r0) * padded), padded, T * N * padded)
                h_t = Factor(rows, data(U), len(U) // gates, H)
                for gate in range(gates):
                    of_rows = offset(data(factors), (gate * N + r0) * padded)
                    multiply_rows(h_old, h_row, of_rows, padded, row_of_gate(rows, gate), padded, n, padded, V)
            # b + x W of several steps
            if chunk > 1 and (t - t0) % chunk == 0:
                several = Factor(Rows(x_t.rows.p, chunk_row, x_gate), x_t.W, x_t.gate, D)
                of_steps = Share(full, q0, q1, min(chunk, t1 - t) * N)
                for gate in range(gates):
                    u = gate * padded
                    product(product_kernel, moved(start_, u), several, D, h_t, 0, gate, moved(out, u), of_steps)
            first = start_ if chunk == 1 else out
            # z and r, or g alone without gates: b + x W + h U
            for gate in range(sums):
                u = gate * padded
                product(product_kernel, moved(first, u), x_t, terms, h_t, H, gate, moved(out, u), share)
            # g and q
            g, q = 2 * padded, Q * padded
            if gated and reset_after:
                if chunk == 1:
                    product(product_kernel, moved(first, g), x_t, D, h_t, 0, 2, moved(out, g), share)
                product(product_kernel, moved(start_, q), x_t, 0, h_t, H, 2, moved(out, q), share)
            elif gated:
                of_h = row_of_gate(h_t.rows, 2)
                call(reset_kernel, (offset(out.p, u0), offset(of_h, u0), z_row, h_t.rows.row, padded, n, units))
                if team_size > 1:
                    barrier(data(barrier_counter), team_size, (t - t0) * barriers + 1)
                r_h = Factor(Rows(offset(out.p, q), z_row, 0), h_t.W, h_t.gate, H)
                product(product_kernel, moved(first, g), x_t, terms, r_h, H, 2, moved(out, g), share)
            # h_t
            call(
                pointwise_kernel,
                (offset(out.p, u0), offset(h_old, u0), offset(h_new, u0), offset(data(mask), masked * (t * N + r0)),
                 z_row, h_row, masked, padded, n, units),
            )  # fmt: skip
            if team_size > 1:
                barrier(data(barrier_counter), team_size, (t - t0) * barriers + barriers)

    name = f"rnn_forward_loop_{geometry.dtype}x{V}_{gates}{int(reset_after)}"
    arguments = "x3 f1 f1 f1 f3 f3 f3 f3 b2 n1" + 18 * " i"
    return kernel(rnn_forward_loop, name, NUMBA[geometry.dtype], arguments)
