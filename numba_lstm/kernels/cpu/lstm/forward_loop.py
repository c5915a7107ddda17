"""The forward time loop of the LSTM: serial over steps, one shard of the batch per call.

The rows of shards are independent, so threads run whole time loops without synchronization. A step iterates over the panels,
and for each panel over the row tiles, so that all rows use a chunk of its weights while it is in a near cache.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ....gates import COUNT
from ..compiler.cpu_info import HOST
from ..compiler.jit import kernel
from ..gemm.forward import (
    recurrent_row,
    recurrent_rows,
    recurrent_rows_per_gate,
    recurrent_rows_prefetch,
    recurrent_rows_prefetch_shared,
)
from ..gemm.layout import MAX_PENDING_ROWS, NUMBA, VectorGeometry
from ..gemm.microkernel import TILE_ROWS, tile_height
from ..runtime.atomics import barrier
from ..runtime.indirect_call import call
from ..simd.vector import data, offset
from .gate_dropout import multiplied

#: Maximum number of row tiles that share the prefetches of weights that exceed L2. Among more tiles the wait of the first one
#: does not matter: with vectors of 32 bytes 64 rows took 0.99 to 1.05 times as long, with vectors of 64 bytes 0.96 times.
PREFETCH_TILES = MAX_PENDING_ROWS if HOST.wide else 6

#: Maximum number of row tiles for which a chunk of weights that exceed L2 fits the L1 cache: loads from L2 would take the same
#: few fill buffers as the prefetches of so few tiles.
PREFETCH_CHUNK_TILES = 3

#: Whether each step iterates over the panels in the reverse order of the step before, and so begins with weights that are still
#: in the L2 cache. A single row always does.
SERPENTINE = HOST.wide


@cache
def forward_loop(geometry: VectorGeometry, C: int, per_gate: bool = False, exceeds_l2: bool = False) -> Any:
    """Return the kernel of ``z_t = start_t + x_t W + h_{t-1} U`` and the cell, for steps t0 .. t1 of rows r0 .. r1.

    The tail has C vectors. ``start`` is the bias (one row) or, where D is 0, the input product of these steps (a row each): the
    recurrent product continues the same sum. h (L, N, h_rows) and c (M, N, c_rows) are rings of time: step t reads row
    ``t % L`` and writes row ``(t + 1) % L``. z is the scratch of finished rows before the pointwise kernels. On the tape,
    panels are ``panel_stride`` apart, and each group of ``group_rows`` has its T steps one after another. ``peephole`` and the
    two zoneout masks (T, N, padded) are empty if unused. A ``source`` that is not empty is copied to x step by step: x is next
    to h, whose cache line is near at that time. With ``per_gate`` each gate multiplies x and h by ``dropout_factors`` of its
    own (:mod:`.gate_dropout`); a step begins by writing the products to ``masked_inputs``. ``exceeds_l2`` is for weights that
    the L2 cache does not hold. Where rows are few, ``team_size`` threads may split the panels instead: each calls with its
    ``member``, and they meet at a barrier after every step.

    The terms of a sum are split into chunks whose weights stay in a near cache while all rows use them; z keeps the partial
    sums. Every second step may iterate over the panels in reverse. A single row computes bundles of ``row_unroll`` panels at
    once, then the panels that are left. A pointwise kernel processes many rows of a panel, or many panels of a row where rows
    are few, so that latencies overlap.
    """
    V, G, B, w = geometry.V, geometry.G, geometry.B, geometry.w
    panel = 4 * V
    v = C * V // 4
    of_tail, units, wide = COUNT // max(C, 1), max(1, V // B), max(V, B)
    row_unroll, chunk, prefetch_chunk = geometry.row_unroll, geometry.chunk, geometry.prefetch_chunk
    serpentine, prefetch_tiles, prefetch_chunk_tiles = SERPENTINE, PREFETCH_TILES, PREFETCH_CHUNK_TILES
    unrolled_vectors, rows_per_vector = 4 * row_unroll, V // v if C > 0 else 1

    def lstm_forward_loop(
        x, source, W, U, start, h, c, gates, peephole, scalars, mask, zoneout_h, zoneout_c, dropout_factors, masked_inputs, z,
        barrier_counter, gate_kernel, output_kernel, last_gate_kernel, last_output_kernel, D, H, full, panel_stride,
        t0, t1, r0, r1, T, group_rows, member, team_size,
    ):  # fmt: skip
        N, h_rows, c_rows = h.shape[1], h.shape[2], c.shape[2]
        x_steps, x_rows = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        L, M = h.shape[0], c.shape[0]
        start_rows = 0 if len(start) == 1 else start.shape[1]
        tape, masked = 1 if len(gates) > 0 else 0, 1 if mask.shape[0] > 0 else 0
        g_steps, g_rows = source.strides[0] // x.itemsize, source.strides[1] // x.itemsize
        x_, g_, W_, U_, s_, h_, c_ = data(x), data(source), data(W), data(U), data(start), data(h), data(c)
        a_, m_, z_ = data(gates), data(mask), data(z)
        v_, e_, kh_, kc_ = data(peephole), data(scalars), data(zoneout_h), data(zoneout_c)
        peepholes = 1 if len(peephole) > 0 else 0
        zoneout_h_rows, zoneout_c_rows = zoneout_h.shape[2], zoneout_c.shape[2]
        has_zoneout_h, has_zoneout_c = 1 if len(zoneout_h) > 0 else 0, 1 if len(zoneout_c) > 0 else 0
        f_, o_, masked_rows = data(dropout_factors), data(masked_inputs), masked_inputs.shape[2]
        plane_stride, x_at = N * masked_rows, B * (full * V + v)
        few_rows = r1 - r0 < TILE_ROWS
        stack = MAX_PENDING_ROWS // (r1 - r0) if few_rows else 1
        limit = prefetch_chunk if exceeds_l2 and r1 - r0 <= prefetch_chunk_tiles * TILE_ROWS else chunk
        num_chunks = 1 if few_rows else (D + H + limit - 1) // limit
        terms = (D + H + num_chunks - 1) // num_chunks
        all_ = full + (1 if C > 0 else 0)
        first, last = all_ * member // team_size, all_ * (member + 1) // team_size
        whole_stacks = (min(full, last) - first + stack - 1) // stack
        stacks = whole_stacks + (1 if last > full else 0)
        group_begins = r0 // group_rows * group_rows
        for t in range(t0, t1):
            h_old, h_new = offset(h_, (t % L) * N * h_rows), offset(h_, ((t + 1) % L) * N * h_rows)
            c_old, c_new = offset(c_, (t % M) * N * c_rows), offset(c_, ((t + 1) % M) * N * c_rows)
            for r in range(r0, r1 if len(source) > 0 else r0):
                to, of = t * x_steps + r * x_rows, t * g_steps + r * g_rows
                for d in range(source.shape[2]):
                    x_[to + d] = g_[of + d]
            if per_gate:
                for r in range(r0, r1):
                    for plane in range(G):
                        at = plane * plane_stride + r * masked_rows
                        multiplied(h_old, r * h_rows, H, f_, at, o_, at, units, B, wide)
                        multiplied(x_, t * x_steps + r * x_rows, D, f_, at + x_at, o_, at + x_at, units, B, wide)
            reverse = t % 2 == 1 and (serpentine or r1 - r0 == 1)
            for turn in range(stacks):
                which = stacks - 1 - turn if reverse else turn
                p0 = first + which * stack if which < whole_stacks else full
                p1 = min(min(full, last), p0 + stack) if p0 < full else p0 + 1
                b0, begins = r0, group_begins
                while b0 < r1:
                    ends = min(N, begins + group_rows)
                    in_group = min(r1, ends) - b0
                    # rows of the next group too, unless a vector of the tail would hold rows of two groups
                    one_group = few_rows or p0 == full and in_group % rows_per_vector > 0
                    left = in_group if one_group else min(r1, ends + group_rows) - b0
                    rows = tile_height(left, (left + MAX_PENDING_ROWS - 1) // MAX_PENDING_ROWS)
                    m, tape_row, u = t * N + b0, begins * (T - 1) + t * (ends - begins) + b0, p0 * V
                    group_offset = (ends - begins) * (T - 1) + t * (min(N, ends + group_rows) - ends - (ends - begins))
                    i, j = b0 * c_rows + u, b0 * h_rows + u
                    width, block = (panel, w) if p0 < full else (4 * v, 4 * v)
                    bundles = (p1 - p0) // row_unroll if not per_gate and r1 - r0 == 1 and p0 < full else 0
                    places = p1 - p0 - bundles * (row_unroll - 1)
                    for nth in range(places):
                        place = places - 1 - nth if reverse else nth
                        if place < bundles:
                            p = p0 + place * row_unroll
                            recurrent_row(
                                unrolled_vectors, B, V,
                                (s_, (m - t0 * N) * start_rows + p * panel, 0,
                                 x_, t * x_steps + b0 * x_rows, 0, D, W_, p * panel * D, w * D,
                                 h_old, b0 * h_rows, 0, H, U_, p * panel * H, w * H, z_, (p - p0) * panel, 0),
                            )  # fmt: skip
                            continue
                        p = p0 + bundles * (row_unroll - 1) + place
                        z0, beyond = (p - p0) * rows * panel, -G if reverse else G
                        if p == (first if reverse else last - 1):  # the next step begins with this panel, or with the first
                            beyond = 0 if serpentine else (first - p) * G
                        for k in range(0, D + H, terms):
                            d, e = min(D, k), max(0, k - D)
                            D_, H_ = min(D, k + terms) - d, max(0, min(H, k + terms - D)) - e
                            for g in range(0, width, block):
                                all_tiles = (rows + TILE_ROWS - 1) // TILE_ROWS
                                r, tiles = b0, all_tiles
                                while r < b0 + rows:
                                    n, y = tile_height(b0 + rows - r, tiles), z0 + (r - b0) * width + g
                                    q = p * panel + g
                                    if per_gate:
                                        masked_row = g // w * plane_stride + r * masked_rows
                                        arguments = (
                                            plane_stride, s_ if k == 0 else z_,
                                            ((t - t0) * N + r) * start_rows + q if k == 0 else y,
                                            start_rows if k == 0 else width,
                                            o_, masked_row + x_at + B * d, masked_rows, D_, W_, q * D + d * block, D * w,
                                            o_, masked_row + B * e, masked_rows, H_, U_, q * H + e * block, H * w, z_, y, width,
                                        )  # fmt: skip
                                        if p == full:
                                            recurrent_rows_per_gate(n, C, C, C, V, of_tail, B, arguments)
                                        elif g == 0 or n > 3:
                                            recurrent_rows_per_gate(n, 4, B, B, V, 1, B, arguments)
                                        r += n
                                        tiles -= 1
                                        continue
                                    arguments = (
                                        s_ if k == 0 else z_, ((t - t0) * N + r) * start_rows + q if k == 0 else y,
                                        start_rows if k == 0 else width,
                                        x_, t * x_steps + r * x_rows + d, x_rows, D_, W_, q * D + d * block, D * w,
                                        h_old, r * h_rows + e, h_rows, H_, U_, q * H + e * block, H * w, z_, y, width,
                                    )  # fmt: skip
                                    if p == full:
                                        recurrent_rows(n, C, C, C, V, arguments)
                                    elif g > 0 and n <= 3:
                                        pass  # low tiles computed all blocks of the panel at once
                                    elif exceeds_l2:
                                        if all_tiles == 1 or all_tiles > prefetch_tiles:
                                            recurrent_rows_prefetch(n, 4, B, B, V, arguments)
                                        else:  # each tile prefetches its share of the next panel's weights for all tiles
                                            share = (beyond, all_tiles - tiles, all_tiles)
                                            recurrent_rows_prefetch_shared(n, 4, B, B, V, (*share, *arguments))
                                    else:
                                        recurrent_rows(n, 4, B, B, V, arguments)
                                    r += n
                                    tiles -= 1
                    if few_rows and p0 < full:  # a call for each row's panels
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = rows, p1 - p0, panel, rows * panel, V, V, 0
                        tape_rows, peephole_rows, zoneout_c_next, zoneout_h_next, in_group = panel_stride, 3 * V, V, V, n
                    else:
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = 1, rows, 0, width, c_rows, h_rows, 1
                        tape_rows, peephole_rows, zoneout_c_next, zoneout_h_next = width, 0, zoneout_c_rows, zoneout_h_rows
                    for r in range(calls):
                        k = m + r
                        call(
                            gate_kernel if p0 < full else last_gate_kernel,
                            (offset(z_, r * z_next), offset(c_old, i + r * c_rows), offset(c_new, i + r * c_rows),
                             offset(a_, tape * (p0 * panel_stride + (tape_row + r) * width)), offset(v_, peepholes * 3 * u), e_,
                             offset(m_, masked * k), offset(kc_, k * zoneout_c_rows + has_zoneout_c * u),
                             z_rows, c_next, tape_rows, peephole_rows, mask_rows, zoneout_c_next, n,
                             in_group, group_offset * width),
                        )  # fmt: skip
                        call(
                            output_kernel if p0 < full else last_output_kernel,
                            (offset(z_, r * z_next), offset(h_old, j + r * h_rows), offset(h_new, j + r * h_rows), e_,
                             offset(m_, masked * k), offset(kh_, k * zoneout_h_rows + has_zoneout_h * u),
                             z_rows, h_next, mask_rows, zoneout_h_next, n),
                        )  # fmt: skip
                    b0 += rows
                    if b0 >= ends:
                        begins = ends
            if team_size > 1:
                barrier(data(barrier_counter), team_size, t - t0 + 1)

    name = f"lstm_forward_loop_{geometry.dtype}x{V}_{C}_{int(per_gate)}{int(exceeds_l2)}"
    arguments = "x3 x3 f1 f1 f2 f3 f3 f1 f1 f1 b2 b3 b3 f3 f3 f1 n1" + 16 * " i"
    return kernel(lstm_forward_loop, name, NUMBA[geometry.dtype], arguments)
