"""The backward time loop of the LSTM: the recurrence of the gradients of h and c, serial over steps, a shard a call."""

from __future__ import annotations

from functools import cache
from typing import Any

from ....gates import COUNT
from ..compiler.jit import kernel
from ..gemm.backward import gate_row, gate_rows, gate_rows_that_ask, one_gate_rows, single_columns
from ..gemm.layout import NUMBA, Shape
from ..gemm.microkernel import HEIGHT, height
from ..runtime.atomics import barrier
from ..runtime.indirect_call import call
from ..runtime.memory import LINE
from ..simd.vector import data, fetch, offset
from .forward_loop import THERE_AND_BACK


@cache
def backward_loop(shape: Shape, C: int, C_units: int, few: int, own: bool = False, far: bool = False) -> Any:
    """The backward recurrence for t = T-1 .. 0 and rows r0 .. r1: the cells turn gates into dz, then ``dh = dz_t U^T``.

    C is the vectors of the tail's block of gates, C_units those of the last block of U's transpose, behind which ``few`` single
    columns may come. dh (N, columns) holds the gradient of the last h and leaves with that of h0; so does dc. Meanwhile a shard
    has them ``aside``, where other threads write nothing near them, if there is such a place: dh at its beginning, dc at its
    end. On the tape each group of ``group_rows`` has its T steps together. ``carry`` is the dh of masked rows and kept elements
    (zeros at first), ``shares`` the peephole's gradient of each row, in its panels.

    The product goes by ``chunk`` panels of dz, which stay in the second-level cache while all of U's blocks meet them; with
    ``own`` by gates, whose shares of dh are multiplied by their ``factors`` (4, N, columns). ``parts`` threads may share panels
    and blocks as forward; they meet twice a step. ``far`` as there, but a single tile may ask for nothing. Each tile of the
    product asks for gates of the step before, which the next cells read from afar. Where all of dz is one chunk, every second
    step may go through the blocks backwards.
    """
    V, B, w, panel = shape.V, shape.B, shape.w, 4 * shape.V
    v, together, line = C * V // 4, 8 // shape.B, 8 * LINE // NUMBA[shape.dtype].bitwidth
    turning, side = THERE_AND_BACK, V // v if C > 0 else 1

    def lstm_backward_loop(
        dy, U, c, dh, dc, carry, gates, peephole, shares, settings, mask, zoneout_h, zoneout_c, factors, aside,
        barrier_counter, output_cell, gate_cell, last_output_cell, last_gate_cell,
        H, full, lanes, blocks, chunk, panels, T, r0, r1, group_rows, part, parts,
    ):  # fmt: skip
        N, c_rows, dh_rows = c.shape[1], c.shape[2], dh.shape[1]
        state, K = N * c_rows, 4 * H
        whole, rest = H // V, H % V
        dy_steps, dy_rows = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        has_dy, carried = 1 if dy.shape[0] > 0 else 0, 1 if carry.shape[0] > 0 else 0
        masked, peepholes = 1 if mask.shape[0] > 0 else 0, 1 if len(peephole) > 0 else 0
        kept_h_rows, kept_c_rows = zoneout_h.shape[2], zoneout_c.shape[2]
        kept_h, kept_c = 1 if len(zoneout_h) > 0 else 0, 1 if len(zoneout_c) > 0 else 0
        y_, U_, c_, dh_, dc_, k_ = data(dy), data(U), data(c), data(dh), data(dc), data(carry)
        a_, v_, s_, e_, m_, kh_, kc_ = (
            data(gates), data(peephole), data(shares), data(settings), data(mask), data(zoneout_h), data(zoneout_c)
        )  # fmt: skip
        f_ = data(factors)
        h_size, c_size = (r1 - r0) * dh_rows, (r1 - r0) * c_rows
        h_home, c_home = offset(dh_, r0 * dh_rows), offset(dc_, r0 * c_rows)
        h_place, c_place = data(aside), offset(data(aside), len(aside) - c_size)
        if len(aside) > 0:
            for i in range(h_size):
                h_place[i] = h_home[i]
            for i in range(c_size):
                c_place[i] = c_home[i]
            dh_, dc_ = offset(h_place, -r0 * dh_rows), offset(c_place, -r0 * c_rows)
        all_tiles = (r1 - r0 + HEIGHT - 1) // HEIGHT
        # rows whose panels are taken in one call: where rows are few, or where these panels are not all
        across = r1 - r0 if r1 - r0 < full or parts > 1 else 0
        first, last = full * part // parts, full * (part + 1) // parts
        in_vectors = blocks + (1 if C_units > 0 else 0)
        all_ = in_vectors + (1 if few > 0 else 0)
        q0, q1 = all_ * part // parts, all_ * (part + 1) // parts
        all_panels = full + (1 if C > 0 else 0)
        pieces = (whole + (1 if rest > 0 else 0) + chunk - 1) // chunk
        bundles = (min(q1, blocks) - q0 + together - 1) // together if r1 - r0 == 1 else 0
        unbundled = max(q0, blocks) if r1 - r0 == 1 else q0
        group_begins = r0 // group_rows * group_rows
        first_rows = min(N, group_begins + group_rows) - group_begins
        first_on_tape = group_begins * (T - 1) + r0
        for s in range(T):
            t, back = T - 1 - s, s % 2 == 1 and pieces == 1 and (turning or r1 - r0 == 1)
            for k in range((across if across > 0 else full) + (1 if C > 0 and part == parts - 1 else 0)):
                r, begins = r0 + (k if k < across else 0), group_begins
                while r < r1:
                    while begins + group_rows <= r:
                        begins += group_rows
                    group_ends = min(N, begins + group_rows)
                    if k < across:
                        p, n, lane, dh_next, dy_next, c_next, mask_next = first, last - first, V, V, V, V, 0
                        here = n
                        tape_next, peephole_next, share_next, kept_h_next, kept_c_next = panels, 3 * V, 3 * N * V, V, V
                    else:
                        p = k if across == 0 else full
                        lane = V if p < full else v
                        here = min(r1, group_ends) - r
                        n = here if p == full and here % side > 0 else min(r1, group_ends + group_rows) - r
                        dh_next, dy_next, c_next, mask_next = dh_rows, dy_rows, c_rows, 1
                        tape_next, peephole_next, share_next = 4 * lane, 0, 3 * lane
                        kept_h_next, kept_c_next = kept_h_rows, kept_c_rows
                    size = group_ends - begins
                    u, m, on_tape = p * V, t * N + r, begins * (T - 1) + t * size + r
                    jump = (size * (T - 1) + t * (min(N, group_ends + group_rows) - group_ends - size)) * 4 * lane
                    i = r * c_rows + u
                    h_at, tape_at = offset(dh_, r * dh_rows + u), offset(a_, p * panels + on_tape * 4 * lane)
                    c_old, c_new = offset(c_, t * state + i), offset(c_, (t + 1) * state + i)
                    call(
                        output_cell if p < full else last_output_cell,
                        (h_at, offset(y_, has_dy * (t * dy_steps + r * dy_rows + u)), c_old, c_new, offset(k_, carried * i),
                         tape_at, e_, offset(m_, masked * m), offset(kh_, kept_h * (m * kept_h_rows + u)),
                         dh_next, dy_next, c_next, tape_next, mask_next, kept_h_next, n, here, jump, has_dy),
                    )  # fmt: skip
                    call(
                        gate_cell if p < full else last_gate_cell,
                        (h_at, c_old, c_new, offset(dc_, i), tape_at, offset(v_, peepholes * 3 * u),
                         offset(s_, peepholes * 3 * (u * N + r * lane)), e_,
                         offset(m_, masked * m), offset(kc_, kept_c * (m * kept_c_rows + u)),
                         dh_next, c_next, tape_next, peephole_next, share_next, mask_next, kept_c_next, n, here, jump),
                    )  # fmt: skip
                    r = r1 if k < across else r + n
            if parts > 1:
                barrier(data(barrier_counter), parts, 2 * s + 1)
            if own:
                for q in range(q0, q1):
                    for gate in range(COUNT):
                        r, tiles = r0, all_tiles
                        while r < r1:
                            n, m = height(r1 - r, tiles), t * N + r
                            arguments = (
                                gate, a_, m * panel, panels, whole, whole * panels + m * 4 * lanes, lanes, rest,
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
                for piece in range(pieces):  # always in this order, which is that of the sums
                    p, ends, clear = piece * chunk, piece == pieces - 1, 1 if piece == 0 else 0
                    for k in range(bundles):  # a single row takes several blocks at once
                        q, m = q0 + (bundles - 1 - k if back else k) * together, first_on_tape + t * first_rows
                        gate_row(
                            min(together, min(q1, blocks) - q), together, B, V,
                            (a_, p * panels + m * panel, panels, min(chunk, whole - p),
                             whole * panels + m * 4 * lanes, lanes, rest if ends else 0,
                             U_, q * w * K + p * panel * w, K, dh_, r0 * dh_rows + q * w, dh_rows, clear),
                        )  # fmt: skip
                    for k in range(q1 - unbundled):
                        q = q1 - 1 - k if back else unbundled + k
                        r, begins, tiles = r0, group_begins, 0
                        while r < r1:
                            if tiles == 0:  # a group's first tile
                                group_ends = min(N, begins + group_rows)
                                rows, left = group_ends - begins, min(r1, group_ends) - r
                                m, tiles = begins * (T - 1) + t * rows + r, (left + HEIGHT - 1) // HEIGHT
                            n = height(left, tiles)
                            width = w if q < blocks else C_units * V
                            column = q * w if q < in_vectors else blocks * w + C_units * V
                            b0 = all_panels * (q - q0) // (q1 - q0)
                            b1 = all_panels * (q - q0 + 1) // (q1 - q0) if piece == 0 and t > 0 else b0
                            for b in range(b0, b1):
                                of_row = panel if b < full else 4 * v
                                fetch(a_, b * panels + (m - rows) * of_row, line, n * of_row // line)
                            arguments = (
                                a_, p * panels + m * panel, panels, min(chunk, whole - p),
                                whole * panels + m * 4 * lanes, lanes, rest if ends else 0,
                                U_, column * K + p * panel * width, K, dh_, r * dh_rows + column, dh_rows, clear,
                            )  # fmt: skip
                            if q < blocks and far and (all_tiles > 1 or not turning):
                                # high tiles ask for their shares of the block that all tiles will need next
                                then, there = q + 1, p
                                if q + 1 == q1:
                                    then, there = q0, 0 if ends else p + chunk
                                asked = then * w * K + there * panel * (w if then < blocks else C_units * V)
                                asked += (all_tiles - tiles) * min(chunk, whole - p) * panel * w // all_tiles
                                gate_rows_that_ask(n, B, B, B, V, (asked, (w + all_tiles - 1) // all_tiles, *arguments))
                            elif q < blocks:
                                gate_rows(n, B, B, B, V, arguments)
                            elif q < in_vectors:
                                gate_rows(n, C_units, C_units, C_units, V, arguments)
                            elif ends:  # of all panels: a tree of their sums cannot go on where it ended
                                single_columns(
                                    n, few, few, B, V,
                                    (a_, m * panel, panels, whole, whole * panels + m * 4 * lanes, lanes, rest,
                                     U_, column * K, dh_, r * dh_rows + column, dh_rows),
                                )  # fmt: skip
                            r, m, left, tiles = r + n, m + n, left - n, tiles - 1
                            if tiles == 0:
                                begins = group_ends
            if parts > 1:
                barrier(data(barrier_counter), parts, 2 * s + 2)
        if len(aside) > 0:
            for i in range(h_size):
                h_home[i] = h_place[i]
            for i in range(c_size):
                c_home[i] = c_place[i]

    traits = f"{C}_{C_units}_{few}_{int(own)}{int(far)}"
    return kernel(
        lstm_backward_loop, f"lstm_backward_loop_{shape.dtype}x{V}_{traits}", NUMBA[shape.dtype],
        "x3 f1 f3 f2 f2 f2 f1 f1 f1 f1 b2 b3 b3 f3 f1 n1" + 16 * " i",
    )  # fmt: skip
