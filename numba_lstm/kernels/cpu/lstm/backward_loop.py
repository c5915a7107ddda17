"""The backward time loop of the LSTM: the recurrence of the gradients of h and c, serial over steps, one shard per call."""

from __future__ import annotations

from functools import cache
from typing import Any

from ....gates import COUNT
from ..compiler.jit import kernel
from ..gemm.backward import gate_row, gate_rows, gate_rows_prefetch_shared, one_gate_rows, remainder_columns
from ..gemm.layout import NUMBA, VectorGeometry
from ..gemm.microkernel import TILE_ROWS, tile_height
from ..runtime.atomics import barrier
from ..runtime.indirect_call import call
from ..runtime.memory import LINE
from ..simd.vector import data, fetch, offset
from .forward_loop import SERPENTINE


@cache
def backward_loop(
    geometry: VectorGeometry, C: int, C_units: int, remainder: int, per_gate: bool = False, exceeds_l2: bool = False
) -> Any:
    """Return the kernel of the backward recurrence for t = T-1 .. 0 of rows r0 .. r1.

    At each step the pointwise kernels turn gates into dz_t, then ``dh = dz_t U^T``. C is the number of vectors of the tail's
    block of gates, C_units that of the last block of U's transpose, which ``remainder`` columns may follow. dh (N, columns)
    holds the gradient of the last h at the beginning, and that of h0 at the end; so does dc. During the loop a shard keeps them
    in ``private_copy``, if that is not empty, near which no other thread writes: dh at its beginning, dc at its end. On the
    tape each group of ``group_rows`` has its T steps one after another. ``carry`` is the dh of masked rows and of elements that
    zoneout keeps (zeros at first), ``peephole_grads`` the gradient of the peephole for each row, in its panels.

    The product iterates over chunks of ``chunk`` panels of dz, which stay in the L2 cache while all blocks of U use them. With
    ``per_gate`` it iterates over gates, and multiplies each gate's dh by its ``dropout_factors`` (4, N, columns). ``team_size``
    threads may split panels and blocks as in the forward loop; they meet at two barriers a step. ``exceeds_l2`` is as there,
    but a single tile may prefetch nothing. Each tile of the product prefetches gates of the previous step, which the next
    pointwise kernels read. Where all of dz is one chunk, every second step may iterate over the blocks in reverse.
    """
    V, B, w, panel = geometry.V, geometry.B, geometry.w, 4 * geometry.V
    v, row_unroll, line = C * V // 4, 8 // geometry.B, 8 * LINE // NUMBA[geometry.dtype].bitwidth
    serpentine, rows_per_vector = SERPENTINE, V // v if C > 0 else 1

    def lstm_backward_loop(
        dy, U, c, dh, dc, carry, gates, peephole, peephole_grads, scalars, mask, zoneout_h, zoneout_c, dropout_factors,
        private_copy, barrier_counter, output_kernel, gate_kernel, last_output_kernel, last_gate_kernel,
        H, full, lanes, blocks, chunk, panel_stride, T, r0, r1, group_rows, member, team_size,
    ):  # fmt: skip
        N, c_rows, dh_rows = c.shape[1], c.shape[2], dh.shape[1]
        state, K = N * c_rows, 4 * H
        whole, rest = H // V, H % V
        dy_steps, dy_rows = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        has_dy, carried = 1 if dy.shape[0] > 0 else 0, 1 if carry.shape[0] > 0 else 0
        masked, peepholes = 1 if mask.shape[0] > 0 else 0, 1 if len(peephole) > 0 else 0
        zoneout_h_rows, zoneout_c_rows = zoneout_h.shape[2], zoneout_c.shape[2]
        has_zoneout_h, has_zoneout_c = 1 if len(zoneout_h) > 0 else 0, 1 if len(zoneout_c) > 0 else 0
        y_, U_, c_, dh_, dc_, k_ = data(dy), data(U), data(c), data(dh), data(dc), data(carry)
        a_, v_, s_, e_, m_, kh_, kc_ = (
            data(gates), data(peephole), data(peephole_grads), data(scalars), data(mask), data(zoneout_h), data(zoneout_c)
        )  # fmt: skip
        f_ = data(dropout_factors)
        h_size, c_size = (r1 - r0) * dh_rows, (r1 - r0) * c_rows
        h_home, c_home = offset(dh_, r0 * dh_rows), offset(dc_, r0 * c_rows)
        h_place, c_place = data(private_copy), offset(data(private_copy), len(private_copy) - c_size)
        if len(private_copy) > 0:
            for i in range(h_size):
                h_place[i] = h_home[i]
            for i in range(c_size):
                c_place[i] = c_home[i]
            dh_, dc_ = offset(h_place, -r0 * dh_rows), offset(c_place, -r0 * c_rows)
        all_tiles = (r1 - r0 + TILE_ROWS - 1) // TILE_ROWS
        # rows of which one call of a pointwise kernel processes all panels: if rows are few, or if a team splits the panels
        across = r1 - r0 if r1 - r0 < full or team_size > 1 else 0
        first, last = full * member // team_size, full * (member + 1) // team_size
        in_vectors = blocks + (1 if C_units > 0 else 0)
        all_ = in_vectors + (1 if remainder > 0 else 0)
        q0, q1 = all_ * member // team_size, all_ * (member + 1) // team_size
        all_panels = full + (1 if C > 0 else 0)
        num_chunks = (whole + (1 if rest > 0 else 0) + chunk - 1) // chunk
        bundles = (min(q1, blocks) - q0 + row_unroll - 1) // row_unroll if r1 - r0 == 1 else 0
        unbundled = max(q0, blocks) if r1 - r0 == 1 else q0
        group_begins = r0 // group_rows * group_rows
        first_rows = min(N, group_begins + group_rows) - group_begins
        first_tape_row = group_begins * (T - 1) + r0
        for s in range(T):
            t, reverse = T - 1 - s, s % 2 == 1 and num_chunks == 1 and (serpentine or r1 - r0 == 1)
            for k in range((across if across > 0 else full) + (1 if C > 0 and member == team_size - 1 else 0)):
                r, begins = r0 + (k if k < across else 0), group_begins
                while r < r1:
                    while begins + group_rows <= r:
                        begins += group_rows
                    group_ends = min(N, begins + group_rows)
                    if k < across:
                        p, n, lane, dh_next, dy_next, c_next, mask_next = first, last - first, V, V, V, V, 0
                        in_group = n
                        tape_next, peephole_next, peephole_grad_next = panel_stride, 3 * V, 3 * N * V
                        zoneout_h_next, zoneout_c_next = V, V
                    else:
                        p = k if across == 0 else full
                        lane = V if p < full else v
                        in_group = min(r1, group_ends) - r
                        n = in_group if p == full and in_group % rows_per_vector > 0 else min(r1, group_ends + group_rows) - r
                        dh_next, dy_next, c_next, mask_next = dh_rows, dy_rows, c_rows, 1
                        tape_next, peephole_next, peephole_grad_next = 4 * lane, 0, 3 * lane
                        zoneout_h_next, zoneout_c_next = zoneout_h_rows, zoneout_c_rows
                    size = group_ends - begins
                    u, m, tape_row = p * V, t * N + r, begins * (T - 1) + t * size + r
                    group_offset = (size * (T - 1) + t * (min(N, group_ends + group_rows) - group_ends - size)) * 4 * lane
                    i = r * c_rows + u
                    h_at, tape_at = offset(dh_, r * dh_rows + u), offset(a_, p * panel_stride + tape_row * 4 * lane)
                    c_old, c_new = offset(c_, t * state + i), offset(c_, (t + 1) * state + i)
                    call(
                        output_kernel if p < full else last_output_kernel,
                        (h_at, offset(y_, has_dy * (t * dy_steps + r * dy_rows + u)), c_old, c_new, offset(k_, carried * i),
                         tape_at, e_, offset(m_, masked * m), offset(kh_, has_zoneout_h * (m * zoneout_h_rows + u)),
                         dh_next, dy_next, c_next, tape_next, mask_next, zoneout_h_next, n, in_group, group_offset, has_dy),
                    )  # fmt: skip
                    call(
                        gate_kernel if p < full else last_gate_kernel,
                        (h_at, c_old, c_new, offset(dc_, i), tape_at, offset(v_, peepholes * 3 * u),
                         offset(s_, peepholes * 3 * (u * N + r * lane)), e_,
                         offset(m_, masked * m), offset(kc_, has_zoneout_c * (m * zoneout_c_rows + u)),
                         dh_next, c_next, tape_next, peephole_next, peephole_grad_next, mask_next, zoneout_c_next,
                         n, in_group, group_offset),
                    )  # fmt: skip
                    r = r1 if k < across else r + n
            if team_size > 1:
                barrier(data(barrier_counter), team_size, 2 * s + 1)
            if per_gate:
                for q in range(q0, q1):
                    for gate in range(COUNT):
                        r, tiles = r0, all_tiles
                        while r < r1:
                            n, m = tile_height(r1 - r, tiles), t * N + r
                            arguments = (
                                gate, a_, m * panel, panel_stride, whole, whole * panel_stride + m * 4 * lanes, lanes, rest,
                                U_, q * w * K, K, f_, (gate * N + r) * dh_rows + q * w, dh_rows,
                                dh_, r * dh_rows + q * w, dh_rows, 1 if gate == 0 else 0,
                            )  # fmt: skip
                            if q < blocks:
                                one_gate_rows(n, B, B, B, V, arguments)
                            else:
                                one_gate_rows(n, C_units, C_units, C_units, V, arguments)
                            r += n
                            tiles -= 1
            else:
                for chunk_index in range(num_chunks):  # always in this order, which is the order of the sums
                    p, ends, clear = chunk_index * chunk, chunk_index == num_chunks - 1, 1 if chunk_index == 0 else 0
                    for k in range(bundles):  # a single row computes several blocks at once
                        q, m = q0 + (bundles - 1 - k if reverse else k) * row_unroll, first_tape_row + t * first_rows
                        gate_row(
                            min(row_unroll, min(q1, blocks) - q), row_unroll, B, V,
                            (a_, p * panel_stride + m * panel, panel_stride, min(chunk, whole - p),
                             whole * panel_stride + m * 4 * lanes, lanes, rest if ends else 0,
                             U_, q * w * K + p * panel * w, K, dh_, r0 * dh_rows + q * w, dh_rows, clear),
                        )  # fmt: skip
                    for k in range(q1 - unbundled):
                        q = q1 - 1 - k if reverse else unbundled + k
                        r, begins, tiles = r0, group_begins, 0
                        while r < r1:
                            if tiles == 0:  # a group's first tile
                                group_ends = min(N, begins + group_rows)
                                rows, left = group_ends - begins, min(r1, group_ends) - r
                                m, tiles = begins * (T - 1) + t * rows + r, (left + TILE_ROWS - 1) // TILE_ROWS
                            n = tile_height(left, tiles)
                            width = w if q < blocks else C_units * V
                            column = q * w if q < in_vectors else blocks * w + C_units * V
                            b0 = all_panels * (q - q0) // (q1 - q0)
                            b1 = all_panels * (q - q0 + 1) // (q1 - q0) if chunk_index == 0 and t > 0 else b0
                            for b in range(b0, b1):
                                of_row = panel if b < full else 4 * v
                                fetch(a_, b * panel_stride + (m - rows) * of_row, line, n * of_row // line)
                            arguments = (
                                a_, p * panel_stride + m * panel, panel_stride, min(chunk, whole - p),
                                whole * panel_stride + m * 4 * lanes, lanes, rest if ends else 0,
                                U_, column * K + p * panel * width, K, dh_, r * dh_rows + column, dh_rows, clear,
                            )  # fmt: skip
                            if q < blocks and exceeds_l2 and (all_tiles > 1 or not serpentine):
                                # high tiles prefetch their shares of the next block for all tiles
                                next_block, next_panel = q + 1, p
                                if q + 1 == q1:
                                    next_block, next_panel = q0, 0 if ends else p + chunk
                                next_width = w if next_block < blocks else C_units * V
                                prefetch_at = next_block * w * K + next_panel * panel * next_width
                                prefetch_at += (all_tiles - tiles) * min(chunk, whole - p) * panel * w // all_tiles
                                share = (prefetch_at, (w + all_tiles - 1) // all_tiles)
                                gate_rows_prefetch_shared(n, B, B, B, V, (*share, *arguments))
                            elif q < blocks:
                                gate_rows(n, B, B, B, V, arguments)
                            elif q < in_vectors:
                                gate_rows(n, C_units, C_units, C_units, V, arguments)
                            elif ends:  # of all panels at once, since a tree of sums cannot be continued
                                remainder_columns(
                                    n, remainder, remainder, B, V,
                                    (a_, m * panel, panel_stride, whole, whole * panel_stride + m * 4 * lanes, lanes, rest,
                                     U_, column * K, dh_, r * dh_rows + column, dh_rows),
                                )  # fmt: skip
                            r, m, left, tiles = r + n, m + n, left - n, tiles - 1
                            if tiles == 0:
                                begins = group_ends
            if team_size > 1:
                barrier(data(barrier_counter), team_size, 2 * s + 2)
        if len(private_copy) > 0:
            for i in range(h_size):
                h_home[i] = h_place[i]
            for i in range(c_size):
                c_home[i] = c_place[i]

    traits = f"{C}_{C_units}_{remainder}_{int(per_gate)}{int(exceeds_l2)}"
    return kernel(
        lstm_backward_loop, f"lstm_backward_loop_{geometry.dtype}x{V}_{traits}", NUMBA[geometry.dtype],
        "x3 f1 f3 f2 f2 f2 f1 f1 f1 f1 b2 b3 b3 f3 f1 n1" + 16 * " i",
    )  # fmt: skip
