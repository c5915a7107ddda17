"""The backward time loop of the GRU and of the simple RNN: the recurrence of the gradient of h, one shard of rows per call.

At each step a pointwise kernel turns what the tape keeps into the gradients of the gates, and dh into its share that bypasses
U; the products with the transpose of U are added to it. Where r multiplies h before the product, the gradient of ``q = r * h``
comes between two pointwise kernels. A team splits the units as in the forward loop.
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
from .layout import Q
from .phases import Factor, Rows, Share, add_gradients, gradient_of_q


@cache
def backward_loop(geometry: VectorGeometry, gates: int, reset_after: bool) -> Any:
    """Return the kernel of the backward recurrence for t = T-1 .. 0 of rows r0 .. r1."""
    V, w, gated, barriers = geometry.V, geometry.w, gates > 1, 2 if reset_after or gates == 1 else 3
    sums = gates if reset_after else max(1, gates - 1)  # q has the place of g, unless a product of its own precedes

    def rnn_backward_loop(
        dy,  # (T, N, padded) of any strides, or empty: the gradient of the outputs
        U,  # (H, GH), the transpose of each gate packed (:mod:`.layout`)
        h,  # (T + 1, N, h_rows): h before each step
        z,  # (T, N, row): the tape, which becomes the gradients of the gates
        dh,  # (N, padded): the gradient of the last h, which becomes that of the first
        factors,  # (G, N, padded): dropout factors of h, or empty
        products,  # (N, padded), scratch: a product before it is multiplied by factors, or the gradient of q
        zeros,  # (padded): what products begin with
        mask,  # (T, N), or empty: rows of False pass dh on
        barrier_counter,  # one word, shared by a team
        product_kernel, pointwise_kernel, reset_kernel,  # addresses
        H, padded, full, blocks,  # units, elements of a gate, full blocks and all blocks
        T, r0, r1,  # steps, and rows r0 .. r1
        member, team_size,  # this thread of a team that splits the blocks, and its size; 0 and 1: no team
    ):  # fmt: skip
        N, h_row, z_row, n = h.shape[1], h.shape[2], z.shape[2], r1 - r0
        dys, masked, zero = steps_of(dy), 1 if len(mask) > 0 else 0, Rows(data(zeros), 0, 0)
        dy_row = dys.row if len(dy) > 0 else 0
        q0, q1 = blocks * member // team_size, blocks * (member + 1) // team_size
        u0, units, share = q0 * w, min(padded, q1 * w) - q0 * w, Share(full, q0, q1, n)
        dh_, scratch = Rows(offset(data(dh), r0 * padded), padded, 0), Rows(offset(data(products), r0 * padded), padded, 0)
        for s in range(T):
            t = T - 1 - s
            h_old, out = offset(data(h), (t * N + r0) * h_row), offset(data(z), (t * N + r0) * z_row)
            valid = offset(data(mask), masked * (t * N + r0))
            dz = Factor(Rows(out, z_row, padded), data(U), len(U) // gates, H)
            of_q = Factor(Rows(offset(out, (Q - 2) * padded), z_row, padded), data(U), len(U) // gates, H)
            of_y = offset(dys.p, t * dys.step + r0 * dy_row if dy_row > 0 else 0)
            # gradients of the gates; dh becomes its share that bypasses U
            call(
                pointwise_kernel,
                (offset(out, u0), offset(h_old, u0), offset(dh_.p, u0), offset(of_y, u0), valid,
                 z_row, h_row, padded, dy_row, masked, padded, n, units),
            )  # fmt: skip
            if team_size > 1:
                barrier(data(barrier_counter), team_size, s * barriers + 1)
            if gated and not reset_after:
                # dq = dg U_g^T, dr, and the share of h in q
                gradient_of_q(product_kernel, zero, dz, factors, r0, scratch, share, V)
                call(
                    reset_kernel,
                    (offset(out, u0), offset(h_old, u0), offset(scratch.p, u0), offset(dh_.p, u0), valid,
                     z_row, h_row, padded, masked, padded, n, units),
                )  # fmt: skip
                if team_size > 1:
                    barrier(data(barrier_counter), team_size, s * barriers + 2)
            # dh_{t-1} += dz U^T
            add_gradients(product_kernel, zero, dz, of_q, scratch, factors, r0, dh_, share, sums, V)
            if team_size > 1:
                barrier(data(barrier_counter), team_size, s * barriers + barriers)

    name = f"rnn_backward_loop_{geometry.dtype}x{V}_{gates}{int(reset_after)}"
    arguments = "x3 f1 f3 f3 f2 f3 f2 f1 b2 n1" + 12 * " i"
    return kernel(rnn_backward_loop, name, NUMBA[geometry.dtype], arguments)
