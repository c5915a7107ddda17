"""The forward time loop of the LSTM: serial over steps, one shard of the batch per call.

The rows of shards are independent, so threads run whole time loops without synchronization. A step iterates over the panels,
and for each panel over the row tiles, so that all rows use a chunk of its weights while it is in a near cache. Where rows are
few, the threads of a team may split the panels instead: each calls with its ``member``, and they meet at a barrier after every
step.

The terms of a sum are split into chunks whose weights stay in a near cache while all rows use them; z keeps the partial sums.
Every second step may iterate over the panels in reverse. A single row computes bundles of up to ``row_unroll`` panels, and
the tail, by tiles of one row. A pointwise kernel processes many rows of a panel, or a *stack* of
panels of a row where rows are few, so that latencies overlap.

:mod:`.phases.forward` has the phases of a step.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ....gates import COUNT
from ..compiler.cpu_info import HOST
from ..compiler.jit import inlined, kernel
from ..gemm.layout import MAX_PENDING_ROWS, NUMBA, VectorGeometry
from ..gemm.microkernel import TILE_ROWS
from ..gemm.operands import Matrix
from ..runtime.atomics import barrier
from ..simd.vector import data
from .phases.arrays import Groups, Panels, lines_of, ring_of, steps_around, steps_of
from .phases.forward import (
    Factor,
    PointwiseArrays,
    State,
    Sum,
    copy_rows,
    multiply_by_factors,
    panel_of_rows,
    pointwise,
    products_of_row,
    row_block,
)

#: Maximum number of row tiles that share the prefetches of weights that exceed L2. Among more tiles the wait of the first one
#: does not matter: with vectors of 32 bytes 64 rows took 0.99 to 1.05 times as long, with vectors of 64 bytes 0.96 times.
PREFETCH_TILES = MAX_PENDING_ROWS if HOST.wide else 6

#: Maximum number of row tiles for which a chunk of weights that exceed L2 fits the L1 cache: loads from L2 would take the same
#: few fill buffers as the prefetches of so few tiles.
PREFETCH_CHUNK_TILES = 3

#: Whether each step iterates over the panels in the reverse order of the step before, and so begins with weights that are still
#: in the L2 cache. A single row always does.
SERPENTINE = HOST.wide


@inlined
def chunk_terms(rows, terms, chunk, prefetch_chunk, prefetch_rows):
    """Return the number of terms of each of the equal chunks of a sum; few rows have one chunk."""
    if rows < TILE_ROWS:
        return terms
    limit = prefetch_chunk if rows <= prefetch_rows else chunk
    num_chunks = (terms + limit - 1) // limit
    return (terms + num_chunks - 1) // num_chunks


@cache
def forward_loop(geometry: VectorGeometry, C: int, per_gate: bool = False, exceeds_l2: bool = False) -> Any:
    """Return the kernel of ``z_t = start_t + x_t W + h_{t-1} U`` and the cell, for steps t0 .. t1 of rows r0 .. r1.

    The tail has C vectors. With ``per_gate`` each gate multiplies x and h by dropout factors of its own
    (:mod:`.gate_dropout.factors`). ``exceeds_l2`` is for weights that the L2 cache does not hold.
    """
    V, B, G, row_unroll = geometry.V, geometry.B, geometry.G, geometry.row_unroll
    serpentine, chunk, prefetch_chunk = SERPENTINE, geometry.chunk, geometry.prefetch_chunk
    prefetch_rows = PREFETCH_CHUNK_TILES * TILE_ROWS if exceeds_l2 else 0
    prefetch_tiles = PREFETCH_TILES if exceeds_l2 else None
    v, panel = C * V // COUNT, COUNT * V
    rows_per_vector, gates_per_vector = (V // v, COUNT // C) if C > 0 else (1, COUNT)
    units, lanes = max(1, V // B), max(V, B)
    gates_of_tail, tail = gates_per_vector if per_gate else None, max(C, 1)

    def lstm_forward_loop(
        x,  # (T, N, D), any strides: the input
        source,  # (T, N, D) or empty: the loop copies it to x step by step; x is then a view of the rows of h
        W, U,  # (D, 4H) and (H, 4H), packed in panels
        start,  # one row: the packed bias; a row for each step and row of the batch: b + x W of t0 .. t1, and D is 0
        h,  # (L, N, h_rows): a ring of time; step t reads h_{t-1} in row t % L and writes row (t + 1) % L
        c,  # (M, N, c_rows): the same for c
        gates,  # the tape, written in panels; empty: no tape
        peephole,  # (3 H), packed in panels; empty: no peephole
        scalars,  # the numbers that pointwise kernels read
        mask,  # (T, N), or empty: rows of False keep their states
        zoneout_h, zoneout_c,  # (T, N, padded), or empty: elements of True keep their states
        dropout_factors,  # (G, N, B * columns of [h | x | 1]): factors of all gates; empty unless per_gate
        masked_inputs,  # of the same shape, scratch: their products with h_{t-1} and x_t
        z,  # scratch of the rows that wait for the pointwise kernels
        barrier_counter,  # one word, shared by a team
        gate_kernel, output_kernel, last_gate_kernel, last_output_kernel,  # addresses, of full panels and of the tail
        D, H, full,  # features, units and full panels
        panel_stride,  # elements between panels of the tape
        t0, t1, r0, r1,  # steps t0 .. t1 of rows r0 .. r1
        T, group_rows,  # each group of rows has its T steps one after another on the tape
        member, team_size,  # this thread of a team that splits the panels, and its size; 0 and 1: no team
    ):  # fmt: skip
        xs, sources, hs, cs, starts, rows = steps_of(x), steps_of(source), ring_of(h), ring_of(c), data(start), r1 - r0
        arrays = PointwiseArrays(
            data(z), Panels(data(gates), panel_stride, 1 if len(gates) > 0 else 0), lines_of(peephole, 0, 3), data(scalars),
            lines_of(mask, 1, 0), lines_of(zoneout_h, zoneout_h.shape[2], 1), lines_of(zoneout_c, zoneout_c.shape[2], 1),
        )  # fmt: skip
        N, start_row = h.shape[1], 0 if len(start) == 1 else start.shape[1]
        masked_row, columns = masked_inputs.shape[2], full * V + v
        groups, group_begins = Groups(N, T, group_rows, r1), r0 // group_rows * group_rows if r0 > 0 else 0
        few_rows, one_row = rows < TILE_ROWS, not per_gate and rows == 1
        terms = chunk_terms(rows, D + H, chunk, prefetch_chunk, prefetch_rows)
        # this member's panels, in stacks; the tail is a stack of its own, or of a single row in the last stack
        panels = full + (1 if C > 0 else 0)
        first, last = (panels * member // team_size, panels * (member + 1) // team_size) if team_size > 1 else (0, panels)
        stack = MAX_PENDING_ROWS - 1 if one_row else MAX_PENDING_ROWS // rows if few_rows else 1
        whole_stacks = (min(full, last) - first + stack - 1) // stack if full > stack else 1 if min(full, last) > first else 0
        stacks = whole_stacks + (1 if last > full and not (one_row and whole_stacks > 0) else 0)
        for t in range(t0, t1):
            h_old, h_new = steps_around(hs, t)
            c_old, c_new = steps_around(cs, t)
            h_t, c_t = State(h_old, h_new, hs.row), State(c_old, c_new, cs.row)
            # [h_{t-1} | x_t], and its products with the factors of each gate
            if len(source) > 0:
                copy_rows(sources, xs, t, r0, r1, source.shape[2])
            x_factor = Factor(xs.p, t * xs.step, xs.row, 1, 0, D, data(W))
            h_factor = Factor(h_t.old, 0, hs.row, 1, 0, H, data(U))
            if per_gate:
                x_factor = Factor(data(masked_inputs), B * columns, masked_row, B, N * masked_row, D, data(W))
                h_factor = Factor(data(masked_inputs), 0, masked_row, B, N * masked_row, H, data(U))
                multiply_by_factors(h_t.old, 0, hs.row, H, data(dropout_factors), h_factor, r0, r1, (G, B, units, lanes))
                multiply_by_factors(xs.p, t * xs.step, xs.row, D, data(dropout_factors), x_factor, r0, r1, (G, B, units, lanes))
            sum_ = Sum(Matrix(starts, (t - t0) * N * start_row, start_row), x_factor, h_factor, data(z))
            reverse = t % 2 == 1 and (serpentine or rows == 1)
            for turn in range(stacks):
                which = stacks - 1 - turn if reverse else turn
                p0 = first + which * stack if which < whole_stacks else full
                p1, has_tail = min(min(full, last), p0 + stack), 1 if C > 0 and last > full and which == stacks - 1 else 0
                begins, r = group_begins, r0
                while r < r1:
                    block = row_block(t, r, begins, groups, few_rows, p0 == full, rows_per_vector)
                    # z_t = start_t + x_t W + h_{t-1} U
                    if one_row:
                        products_of_row(sum_, r, (p0, p1, full), has_tail, reverse, (V, B, G, row_unroll, tail))
                    for nth in range(0 if one_row else p1 - p0 + has_tail):
                        p = p1 + has_tail - 1 - nth if reverse else p0 + nth
                        beyond = -G if reverse else G
                        if p == (first if reverse else last - 1):  # the next step begins with this panel, or the first
                            beyond = 0 if serpentine else (first - p) * G
                        z_at = (p - p0) * block.rows * panel
                        panel_of_rows(sum_, block, p, z_at, terms, beyond, (V, B, C, full), gates_of_tail, prefetch_tiles)
                    # i, f, g, o, c_t, h_t
                    if p1 > p0:
                        kernels = gate_kernel, output_kernel
                        pointwise(kernels, block, p0, p1 - p0, t * N + r, h_t, c_t, arrays, 0, panel, few_rows, V)
                    if has_tail:
                        kernels = last_gate_kernel, last_output_kernel
                        pointwise(kernels, block, full, 1, t * N + r, h_t, c_t, arrays, (p1 - p0) * panel, 4 * v, False, V)
                    r += block.rows
                    if r >= begins + group_rows:
                        begins += group_rows
            if team_size > 1:
                barrier(data(barrier_counter), team_size, t - t0 + 1)

    name = f"lstm_forward_loop_{geometry.dtype}x{V}_{C}_{int(per_gate)}{int(exceeds_l2)}"
    arguments = "x3 x3 f1 f1 f2 f3 f3 f1 f1 f1 b2 b3 b3 f3 f3 f1 n1" + 16 * " i"
    return kernel(lstm_forward_loop, name, NUMBA[geometry.dtype], arguments)
