"""The forward time loop of the LSTM: serial over steps, one shard of the batch a call.

A shard's rows depend on no other's, so threads run whole time loops and never meet. Within a step the panels go by, and for
each panel the row tiles, so that a chunk of its weights comes near once and then serves all rows.
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
    recurrent_rows_from_afar,
    recurrent_rows_of_gates,
    recurrent_rows_that_ask,
)
from ..gemm.layout import NUMBA, ROWS, Shape
from ..gemm.microkernel import HEIGHT, height
from ..runtime.atomics import barrier
from ..runtime.indirect_call import call
from ..simd.vector import data, offset
from .gate_dropout import multiplied

#: Tiles of rows up to which each asks for its share of far weights. Among more, the first one's wait is soon made up for: with
#: vectors of 32 bytes 64 rows took 0.99 to 1.05 times as long. With 64 bytes they took 0.96 times, so there all tiles ask.
ASKING = ROWS if HOST.wide else 6

#: Tiles of rows up to which far weights stay in the first-level cache while all rows go by: what the second-level cache sends
#: passes the same few buffers as what so few tiles ask for.
ASKING_MUCH = 3

#: Whether each step goes through the panels in the other direction than the step before it, and so begins with those that are
#: still in the second-level cache. A single row always does.
THERE_AND_BACK = HOST.wide


@cache
def forward_loop(shape: Shape, C: int, own: bool = False, far: bool = False) -> Any:
    """``z_t = start_t + x_t W + h_{t-1} U``, then the cell, for steps t0 .. t1 and rows r0 .. r1; C vectors in the tail.

    ``start`` is the bias (one row), or the input product of these steps (a row each), which continues the same chain: then D is
    0 here. h (L, N, h_rows) and c (M, N, c_rows) are rings of time: step t reads row ``t % L``, writes row ``(t + 1) % L``.
    z is the scratch where finished rows wait for the cells, panels the distance of the tape's panels. ``peephole`` and the two
    zoneouts (T, N, padded) are empty where there is none. What is ``given``, if anything, is put where x is, step by step,
    beside h, the line of which is near just then. On the tape each group of ``group_rows`` has its T steps together.
    With ``own`` each gate sees x and h through its own ``factors`` of h and x (see :mod:`.factors`): a step begins by writing
    what they see to ``seen``. ``far`` is for weights that no cache near the core holds. Where rows are few, ``parts`` threads
    may share the panels instead: each calls with its ``part``, and they meet after every step.

    A chain is cut into chunks whose weights stay in a near cache while all rows go by; z keeps the sums. Every second step may
    go through the panels backwards. A single row takes bundles of panels at once, then those that are left.
    Cells take many rows of a panel at once, or where rows are few many panels of a row, so that their latencies overlap.
    """
    V, G, B, w = shape.V, shape.G, shape.B, shape.w
    panel = 4 * V
    v = C * V // 4
    of_tail, units, wide = COUNT // max(C, 1), max(1, V // B), max(V, B)
    together, chunk, near_chunk = shape.together, shape.chunk, shape.near_chunk
    turning, asking, asking_much = THERE_AND_BACK, ASKING, ASKING_MUCH
    several, side = 4 * together, V // v if C > 0 else 1

    def lstm_forward_loop(
        x, given, W, U, start, h, c, gates, peephole, settings, mask, zoneout_h, zoneout_c, factors, seen, z,
        barrier_counter, gate_cell, output_cell, last_gate_cell, last_output_cell, D, H, full, panels,
        t0, t1, r0, r1, T, group_rows, part, parts,
    ):  # fmt: skip
        N, h_rows, c_rows = h.shape[1], h.shape[2], c.shape[2]
        x_steps, x_rows = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        L, M = h.shape[0], c.shape[0]
        start_rows = 0 if len(start) == 1 else start.shape[1]
        tape, masked = 1 if len(gates) > 0 else 0, 1 if mask.shape[0] > 0 else 0
        g_steps, g_rows = given.strides[0] // x.itemsize, given.strides[1] // x.itemsize
        x_, g_, W_, U_, s_, h_, c_ = data(x), data(given), data(W), data(U), data(start), data(h), data(c)
        a_, m_, z_ = data(gates), data(mask), data(z)
        v_, e_, kh_, kc_ = data(peephole), data(settings), data(zoneout_h), data(zoneout_c)
        peepholes = 1 if len(peephole) > 0 else 0
        kept_h_rows, kept_c_rows = zoneout_h.shape[2], zoneout_c.shape[2]
        kept_h, kept_c = 1 if len(zoneout_h) > 0 else 0, 1 if len(zoneout_c) > 0 else 0
        f_, o_, own_rows = data(factors), data(seen), seen.shape[2]
        apart, x_at = N * own_rows, B * (full * V + v)
        few = r1 - r0 < HEIGHT
        stack = ROWS // (r1 - r0) if few else 1
        most = near_chunk if far and r1 - r0 <= asking_much * HEIGHT else chunk
        pieces = 1 if few else (D + H + most - 1) // most
        terms = (D + H + pieces - 1) // pieces
        all_ = full + (1 if C > 0 else 0)
        first, last = all_ * part // parts, all_ * (part + 1) // parts
        whole_stacks = (min(full, last) - first + stack - 1) // stack
        stacks = whole_stacks + (1 if last > full else 0)
        group_begins = r0 // group_rows * group_rows
        for t in range(t0, t1):
            h_old, h_new = offset(h_, (t % L) * N * h_rows), offset(h_, ((t + 1) % L) * N * h_rows)
            c_old, c_new = offset(c_, (t % M) * N * c_rows), offset(c_, ((t + 1) % M) * N * c_rows)
            for r in range(r0, r1 if len(given) > 0 else r0):
                to, of = t * x_steps + r * x_rows, t * g_steps + r * g_rows
                for d in range(given.shape[2]):
                    x_[to + d] = g_[of + d]
            if own:
                for r in range(r0, r1):
                    for plane in range(G):
                        at = plane * apart + r * own_rows
                        multiplied(h_old, r * h_rows, H, f_, at, o_, at, units, B, wide)
                        multiplied(x_, t * x_steps + r * x_rows, D, f_, at + x_at, o_, at + x_at, units, B, wide)
            back = t % 2 == 1 and (turning or r1 - r0 == 1)
            for turn in range(stacks):
                which = stacks - 1 - turn if back else turn
                p0 = first + which * stack if which < whole_stacks else full
                p1 = min(min(full, last), p0 + stack) if p0 < full else p0 + 1
                b0, begins = r0, group_begins
                while b0 < r1:
                    ends = min(N, begins + group_rows)
                    here = min(r1, ends) - b0  # rows of this group, and of the next one if all is as it would be with one
                    left = here if few or p0 == full and here % side > 0 else min(r1, ends + group_rows) - b0
                    rows = left if left <= ROWS else height(left, (left + ROWS - 1) // ROWS)
                    m, on_tape, u = t * N + b0, begins * (T - 1) + t * (ends - begins) + b0, p0 * V
                    jump = (ends - begins) * (T - 1) + t * (min(N, ends + group_rows) - ends - (ends - begins))
                    i, j = b0 * c_rows + u, b0 * h_rows + u
                    width, block = (panel, w) if p0 < full else (4 * v, 4 * v)
                    bundles = (p1 - p0) // together if not own and r1 - r0 == 1 and p0 < full else 0
                    places = p1 - p0 - bundles * (together - 1)
                    for nth in range(places):
                        place = places - 1 - nth if back else nth
                        if place < bundles:
                            p = p0 + place * together
                            recurrent_row(
                                several, B, V,
                                (s_, (m - t0 * N) * start_rows + p * panel, 0,
                                 x_, t * x_steps + b0 * x_rows, 0, D, W_, p * panel * D, w * D,
                                 h_old, b0 * h_rows, 0, H, U_, p * panel * H, w * H, z_, (p - p0) * panel, 0),
                            )  # fmt: skip
                            continue
                        p = p0 + bundles * (together - 1) + place
                        z0, beyond = (p - p0) * rows * panel, -G if back else G
                        if p == (first if back else last - 1):  # the next step begins here, or again with the first panel
                            beyond = 0 if turning else (first - p) * G
                        for k in range(0, D + H, terms):
                            d, e = min(D, k), max(0, k - D)
                            D_, H_ = min(D, k + terms) - d, max(0, min(H, k + terms - D)) - e
                            for g in range(0, width, block):
                                all_tiles = (rows + HEIGHT - 1) // HEIGHT
                                r, tiles = b0, all_tiles
                                while r < b0 + rows:
                                    n, y = height(b0 + rows - r, tiles), z0 + (r - b0) * width + g
                                    q = p * panel + g
                                    if own:
                                        own_row = g // w * apart + r * own_rows
                                        arguments = (
                                            apart, s_ if k == 0 else z_, ((t - t0) * N + r) * start_rows + q if k == 0 else y,
                                            start_rows if k == 0 else width,
                                            o_, own_row + x_at + B * d, own_rows, D_, W_, q * D + d * block, D * w,
                                            o_, own_row + B * e, own_rows, H_, U_, q * H + e * block, H * w, z_, y, width,
                                        )  # fmt: skip
                                        if p == full:
                                            recurrent_rows_of_gates(n, C, C, C, V, of_tail, B, arguments)
                                        elif g == 0 or n > 3:
                                            recurrent_rows_of_gates(n, 4, B, B, V, 1, B, arguments)
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
                                        pass  # low tiles took all blocks of the panel
                                    elif far:
                                        if all_tiles == 1 or all_tiles > asking:
                                            recurrent_rows_from_afar(n, 4, B, B, V, arguments)
                                        else:  # each asks for its share of what all tiles will need of the next panel here
                                            ask = (beyond, all_tiles - tiles, all_tiles)
                                            recurrent_rows_that_ask(n, 4, B, B, V, (*ask, *arguments))
                                    else:
                                        recurrent_rows(n, 4, B, B, V, arguments)
                                    r += n
                                    tiles -= 1
                    if few and p0 < full:  # a call for each row's panels
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = rows, p1 - p0, panel, rows * panel, V, V, 0
                        tape_rows, peephole_rows, kept_c_next, kept_h_next, here = panels, 3 * V, V, V, n
                    else:
                        calls, n, z_next, z_rows, c_next, h_next, mask_rows = 1, rows, 0, width, c_rows, h_rows, 1
                        tape_rows, peephole_rows, kept_c_next, kept_h_next = width, 0, kept_c_rows, kept_h_rows
                    for r in range(calls):
                        k = m + r
                        call(
                            gate_cell if p0 < full else last_gate_cell,
                            (offset(z_, r * z_next), offset(c_old, i + r * c_rows), offset(c_new, i + r * c_rows),
                             offset(a_, tape * (p0 * panels + (on_tape + r) * width)), offset(v_, peepholes * 3 * u), e_,
                             offset(m_, masked * k), offset(kc_, k * kept_c_rows + kept_c * u),
                             z_rows, c_next, tape_rows, peephole_rows, mask_rows, kept_c_next, n, here, jump * width),
                        )  # fmt: skip
                        call(
                            output_cell if p0 < full else last_output_cell,
                            (offset(z_, r * z_next), offset(h_old, j + r * h_rows), offset(h_new, j + r * h_rows), e_,
                             offset(m_, masked * k), offset(kh_, k * kept_h_rows + kept_h * u),
                             z_rows, h_next, mask_rows, kept_h_next, n),
                        )  # fmt: skip
                    b0 += rows
                    if b0 >= ends:
                        begins = ends
            if parts > 1:
                barrier(data(barrier_counter), parts, t - t0 + 1)

    return kernel(
        lstm_forward_loop, f"lstm_forward_loop_{shape.dtype}x{V}_{C}_{int(own)}{int(far)}", NUMBA[shape.dtype],
        "x3 x3 f1 f1 f2 f3 f3 f1 f1 f1 b2 b3 b3 f3 f3 f1 n1" + 16 * " i",
    )  # fmt: skip
