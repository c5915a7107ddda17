"""The programs of streams: what a row of one says, and the kernels that run them.

A program has a row of addresses and sizes for each layer of a model, so one compiled function serves every model of a dtype.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..compiler.jit import kernel
from ..gemm.forward import affine_row, affine_rows, recurrent_row, recurrent_rows
from ..gemm.layout import MAX_PENDING_ROWS as PENDING
from ..gemm.layout import NUMBA, VectorGeometry
from ..gemm.microkernel import TILE_ROWS, tile_height
from ..runtime.atomics import barrier, words
from ..runtime.indirect_call import call
from ..simd.vector import data, offset, pointer

#: What stands where in a row of a program. DENSE has its output buffer as H_STATE and its activation as CELL (0: linear).
KIND, D, UNITS, W, U, BIAS, CELL, LAST_CELL, H_STATE, C_STATE, FULL, TAIL, ROWS, C_ROWS = range(14)
OUTPUT_CELL, LAST_OUTPUT_CELL, PEEPHOLE, SCALARS, HOISTED_ROWS = range(14, 19)
FIELDS = 19
LSTM, DENSE, ACTIVATION, LOOP = range(4)  #: a LOOP has its address as CELL and its kernel arguments as W

#: Where x W of an LSTM is hoisted, it is in BIAS with the bias, in rows of HOISTED_ROWS elements, and D is 0.


@cache
def steps_of_one(geometry: VectorGeometry) -> Any:
    """``steps`` steps of one row through a program; ``phase`` says which half of each h is old.

    A single row has no other rows to fill a tile with; several panels at once hide the latency of its chains instead. Steps go
    through the panels there and back, since the last ones' weights are in the first-level cache. y is that of the last step:
    before it, nothing behind the ``last`` layer with a state is computed. Where ``last`` is the number of layers, y has the
    outputs of all steps.

    Threads may share the panels: each calls with its ``member`` and scratch, and they meet after every layer, at the counter at
    the address ``barrier_counter``.
    """
    V, B, w, panel = geometry.V, geometry.B, geometry.w, 4 * geometry.V
    row_unroll, blocks = geometry.row_unroll, geometry.row_unroll * geometry.G
    several = 4 * row_unroll

    def stream_steps(program, x, y, z, unmasked, x_steps, phase, steps, last, barrier_counter, member, team_size):
        z_, m_, meetings = data(z), data(unmasked), 0
        every = last >= len(program)
        outputs = len(y) // steps if every else len(y)
        for step in range(steps):
            value, final = offset(data(x), step * x_steps), every or step == steps - 1
            for k in range(len(program) if final else last + 1):
                layer = program[k]
                kind, D_, n, full, C = layer[KIND], layer[D], layer[UNITS], layer[FULL], layer[TAIL]
                W_, U_, b_ = pointer(layer[W], z_), pointer(layer[U], z_), pointer(layer[BIAS], z_)
                if kind == LSTM:
                    h = pointer(layer[H_STATE], z_)
                    h_old, h_new = offset(h, phase * layer[ROWS]), offset(h, (1 - phase) * layer[ROWS])
                    c = pointer(layer[C_STATE], z_)
                    v_, e_ = pointer(layer[PEEPHOLE], z_), pointer(layer[SCALARS], z_)
                    peepholes = 1 if layer[PEEPHOLE] != 0 else 0
                    b_ = offset(b_, step * layer[HOISTED_ROWS])
                    whole = full + (1 if C > 0 else 0)
                    last_panel = whole * (member + 1) // team_size
                    for first in range(whole * member // team_size, last_panel, PENDING):
                        ends = min(last_panel, first + PENDING)
                        groups = (min(full, ends) - first) // row_unroll
                        iterations = ends - first - groups * (row_unroll - 1)  # of groups, then of the panels that are left
                        for k in range(iterations):
                            iteration = iterations - 1 - k if phase == 1 else k
                            p = first + (
                                iteration * row_unroll if iteration < groups else iteration + groups * (row_unroll - 1)
                            )
                            at = (
                                b_, p * panel, 0, value, 0, 0, D_, W_, p * panel * D_, w * D_,
                                h_old, 0, 0, n, U_, p * panel * n, w * n, z_, (p - first) * panel, 0,
                            )  # fmt: skip
                            if iteration < groups:
                                recurrent_row(several, B, V, at)
                            elif p < full:
                                recurrent_row(4, B, V, at)
                            elif C == 1:
                                recurrent_row(1, 1, V, at)
                            else:
                                recurrent_row(2, 2, V, at)
                        for tail in range(2 if ends > full else 1):  # whole panels, then the tail
                            u, count, z_next = first * V, min(ends, full) - first, panel
                            gates, output = layer[CELL], layer[OUTPUT_CELL]
                            if tail == 1:
                                u, count, z_next = full * V, 1, 0
                                gates, output = layer[LAST_CELL], layer[LAST_OUTPUT_CELL]
                            zs, cs, v = offset(z_, (u // V - first) * panel), offset(c, u), peepholes * 3 * u
                            call(gates, (zs, cs, cs, z_, offset(v_, v), e_, m_, m_, z_next, V, 0, 3 * V, 0, 0, count, 0, 0))
                            call(output, (zs, offset(h_old, u), offset(h_new, u), e_, m_, m_, z_next, V, 0, 0, count))
                    value = h_new
                elif member > 0:
                    value = offset(pointer(layer[H_STATE], z_), (1 - phase) * layer[ROWS] if kind == LOOP else 0)
                elif kind == LOOP:
                    call(layer[CELL], (layer[W], z_, m_, value, phase, phase + 1, 0, 1))
                    value = offset(pointer(layer[H_STATE], z_), (1 - phase) * layer[ROWS])
                else:
                    out = pointer(layer[H_STATE], z_)
                    if kind == DENSE:
                        q = 0
                        while q < full + (1 if C > 0 else 0):
                            column = q * w
                            at = (
                                b_, column, 0, value, 0, 0, D_, W_, column * D_, w * D_, out, column, 0,
                            )  # fmt: skip
                            if q + blocks <= full:
                                affine_row(several, B, V, at)
                                q += blocks
                            else:
                                if q < full:
                                    affine_row(B, B, V, at)
                                elif C == 1:
                                    affine_row(1, 1, V, at)
                                else:
                                    affine_row(2, 2, V, at)
                                q += 1
                    else:
                        for i in range(n):
                            out[i] = value[i]
                    if layer[CELL] != 0:
                        call(layer[CELL], (out, n, layer[ROWS]))
                    value = out
                if team_size > 1:
                    meetings += 1
                    barrier(words(barrier_counter), team_size, meetings)
            phase = 1 - phase
            if member == 0 and final:
                for i in range(outputs):
                    y[(step * outputs if every else 0) + i] = value[i]

    return kernel(stream_steps, f"stream_steps_{geometry.dtype}x{V}", NUMBA[geometry.dtype], "n2 x1 f1 f1 b2 i i i i i i i")


@cache
def steps_of_rows(geometry: VectorGeometry) -> Any:
    """The same for N rows, in tiles. In x steps are ``x_steps`` apart and rows ``x_rows``; y has all rows."""
    V, B, w, panel, chunk = geometry.V, geometry.B, geometry.w, 4 * geometry.V, geometry.chunk

    def stream_steps_of_rows(program, x, y, z, unmasked, N, x_steps, x_rows, phase, steps, last):
        few_rows = N < TILE_ROWS
        group = PENDING // N if few_rows else 1
        z_, m_ = data(z), data(unmasked)
        every = last >= len(program)
        outputs = y.size // (N * steps if every else N)
        for step in range(steps):
            value, value_rows, ends = offset(data(x), step * x_steps), x_rows, every or step == steps - 1
            for k in range(len(program) if ends else last + 1):
                layer = program[k]
                kind, D_, n, full, C = layer[KIND], layer[D], layer[UNITS], layer[FULL], layer[TAIL]
                W_, U_, b_ = pointer(layer[W], z_), pointer(layer[U], z_), pointer(layer[BIAS], z_)
                rows_apart = layer[ROWS]
                if kind == LSTM:
                    h = pointer(layer[H_STATE], z_)
                    h_old, h_new = offset(h, phase * N * rows_apart), offset(h, (1 - phase) * N * rows_apart)
                    c, c_rows = pointer(layer[C_STATE], z_), layer[C_ROWS]
                    v_, e_ = pointer(layer[PEEPHOLE], z_), pointer(layer[SCALARS], z_)
                    peepholes, start_rows = 1 if layer[PEEPHOLE] != 0 else 0, layer[HOISTED_ROWS]
                    b_ = offset(b_, step * N * start_rows)
                    pieces = 1 if few_rows else (D_ + n + chunk - 1) // chunk
                    terms = (D_ + n + pieces - 1) // pieces
                    p0 = 0
                    while p0 < full + (1 if C > 0 else 0):
                        p1, width, block = p0 + 1, C * V, C * V
                        gates, output = layer[LAST_CELL], layer[LAST_OUTPUT_CELL]
                        if p0 < full:
                            p1, width, block = min(full, p0 + group), panel, w
                            gates, output = layer[CELL], layer[OUTPUT_CELL]
                        for b0 in range(0, N, PENDING):
                            rows = min(N - b0, PENDING)
                            for p in range(p0, p1):
                                z0 = (p - p0) * rows * panel
                                for t in range(0, D_ + n, terms):
                                    d, e = min(D_, t), max(0, t - D_)
                                    d_terms, e_terms = min(D_, t + terms) - d, max(0, min(n, t + terms - D_)) - e
                                    for g in range(0, width, block):
                                        r, tiles, q = b0, (rows + TILE_ROWS - 1) // TILE_ROWS, p * panel + g
                                        while r < b0 + rows:
                                            tall, to = tile_height(b0 + rows - r, tiles), z0 + (r - b0) * width + g
                                            at = (
                                                b_ if t == 0 else z_, r * start_rows + q if t == 0 else to,
                                                start_rows if t == 0 else width,
                                                value, r * value_rows + d, value_rows, d_terms, W_, q * D_ + d * block, D_ * w,
                                                h_old, r * rows_apart + e, rows_apart, e_terms, U_, q * n + e * block, n * w,
                                                z_, to, width,
                                            )  # fmt: skip
                                            if p < full:
                                                if g == 0 or tall > 3:
                                                    recurrent_rows(tall, 4, B, B, V, at)
                                            elif C == 1:
                                                recurrent_rows(tall, 1, 1, 1, V, at)
                                            else:
                                                recurrent_rows(tall, 2, 2, 2, V, at)
                                            r += tall
                                            tiles -= 1
                            u = p0 * V
                            calls, count, z_next, z_rows, c_next, h_next = 1, rows, 0, width, c_rows, rows_apart
                            peephole_rows = 0
                            if few_rows and p0 < full:  # a call for each row's panels
                                calls, count, z_next, z_rows, c_next, h_next = rows, p1 - p0, panel, rows * panel, V, V
                                peephole_rows = 3 * V
                            for r in range(calls):
                                zs, cs, hs = offset(z_, r * z_next), offset(c, (b0 + r) * c_rows + u), (b0 + r) * rows_apart + u
                                call(
                                    gates,
                                    (zs, cs, cs, z_, offset(v_, peepholes * 3 * u), e_, m_, m_,
                                     z_rows, c_next, 0, peephole_rows, 0, 0, count, 0, 0),
                                )  # fmt: skip
                                call(
                                    output, (zs, offset(h_old, hs), offset(h_new, hs), e_, m_, m_, z_rows, h_next, 0, 0, count)
                                )
                        p0 = p1
                    value = h_new
                elif kind == LOOP:
                    call(layer[CELL], (layer[W], z_, m_, value, phase, phase + 1, 0, N))
                    value = offset(pointer(layer[H_STATE], z_), (1 - phase) * N * rows_apart)
                else:
                    out = pointer(layer[H_STATE], z_)
                    if kind == DENSE:
                        for q in range(full + (1 if C > 0 else 0)):
                            r, tiles = 0, (N + TILE_ROWS - 1) // TILE_ROWS
                            while r < N:
                                tall = tile_height(N - r, tiles)
                                at = (
                                    b_, q * w, 0, value, r * value_rows, value_rows, D_, W_, q * w * D_, 0,
                                    out, r * rows_apart + q * w, rows_apart,
                                )  # fmt: skip
                                if q < full:
                                    affine_rows(tall, B, B, B, V, at)
                                elif C == 1:
                                    affine_rows(tall, 1, 1, 1, V, at)
                                else:
                                    affine_rows(tall, 2, 2, 2, V, at)
                                r += tall
                                tiles -= 1
                    else:
                        for r in range(N):
                            for i in range(n):
                                out[r * rows_apart + i] = value[r * value_rows + i]
                    for r in range(N if layer[CELL] != 0 else 0):
                        call(layer[CELL], (offset(out, r * rows_apart), n, rows_apart))
                    value = out
                value_rows = rows_apart
            phase = 1 - phase
            for r in range(N if ends else 0):
                to = ((step * N if every else 0) + r) * outputs
                for i in range(outputs):
                    y[to + i] = value[r * value_rows + i]

    name = f"stream_steps_of_rows_{geometry.dtype}x{V}"
    return kernel(stream_steps_of_rows, name, NUMBA[geometry.dtype], "n2 x1 f1 f1 b2 i i i i i i")
