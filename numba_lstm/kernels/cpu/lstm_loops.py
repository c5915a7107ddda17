"""The time loops of the LSTM, forward and backward: serial over steps, one shard of the batch a call.

A shard's rows depend on no other's, so threads run whole time loops and never meet. Within a step the panels go by, and for
each panel the row tiles, so that a panel of weights is read from the second-level cache once and then serves all rows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from .calls import call
from .jit import kernel
from .panels import NUMBA, Shape
from .simd import data, offset
from .tile import HEIGHT, affine_row, affine_rows, gate_rows, height


@cache
def forward_loop(shape: Shape, C: int) -> Any:
    """``z_t = start_t + x_t W + h_{t-1} U``, then the cell, for steps t0 .. t1 and rows r0 .. r1; C vectors in the tail.

    ``start`` is the bias (one row), or the input product of these steps (a row each), which continues the same chain: then D is
    0 here. h (L, N, h_rows) and c (M, N, c_rows) are rings of time: step t reads row ``t % L``, writes row ``(t + 1) % L``.
    z is the scratch of one tile, panels the distance of the tape's panels.
    """
    V, G, B, w = shape.V, shape.G, shape.B, shape.w
    panel = 4 * V
    v = C * V // 4
    together = shape.together
    several = 4 * together

    def lstm_forward_loop(x, W, U, start, h, c, gates, mask, z, cell, last_cell, D, H, full, panels, t0, t1, r0, r1):
        N, h_rows, c_rows = h.shape[1], h.shape[2], c.shape[2]
        x_steps, x_rows = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        L, M = h.shape[0], c.shape[0]
        columns = full * panel + 4 * v
        start_rows = 0 if len(start) == columns else columns
        tape, masked = 1 if len(gates) > 0 else 0, 1 if mask.shape[0] > 0 else 0
        x_, W_, U_, s_, h_, c_ = data(x), data(W), data(U), data(start), data(h), data(c)
        a_, m_, z_ = data(gates), data(mask), data(z)
        for t in range(t0, t1):
            h_old, h_new = offset(h_, (t % L) * N * h_rows), offset(h_, ((t + 1) % L) * N * h_rows)
            c_old, c_new = offset(c_, (t % M) * N * c_rows), offset(c_, ((t + 1) % M) * N * c_rows)
            p = 0
            if r1 - r0 == 1:
                m, i, j = t * N + r0, r0 * c_rows, r0 * h_rows
                while p + together <= full:
                    affine_row(
                        several, B, V,
                        (s_, (m - t0 * N) * start_rows + p * panel, 0, x_, t * x_steps + r0 * x_rows, 0, D, W_, p * panel * D,
                         h_old, j, 0, H, U_, p * panel * H, z_, 0, 0),
                    )  # fmt: skip
                    for k in range(together):
                        u = p * V
                        call(
                            cell,
                            (offset(z_, k * panel), offset(c_old, i + u), offset(c_new, i + u), offset(h_old, j + u),
                             offset(h_new, j + u), offset(a_, tape * (p * panels + m * panel)), offset(m_, masked * m),
                             panel, c_rows, h_rows, 1),
                        )  # fmt: skip
                        p += 1
            while p < full:
                r, tiles, u = r0, (r1 - r0 + HEIGHT - 1) // HEIGHT, p * V
                while r < r1:
                    n, m, i, j = height(r1 - r, tiles), t * N + r, r * c_rows, r * h_rows
                    for g in range(G if n > 3 else 1):
                        affine_rows(
                            n, 4, B, B, V,
                            (s_, (m - t0 * N) * start_rows + p * panel + g * w, start_rows,
                             x_, t * x_steps + r * x_rows, x_rows, D, W_, (p * panel + g * w) * D,
                             h_old, j, h_rows, H, U_, (p * panel + g * w) * H, z_, g * w, panel),
                        )  # fmt: skip
                    call(
                        cell,
                        (z_, offset(c_old, i + u), offset(c_new, i + u), offset(h_old, j + u), offset(h_new, j + u),
                         offset(a_, tape * (p * panels + m * panel)), offset(m_, masked * m), panel, c_rows, h_rows, n),
                    )  # fmt: skip
                    r += n
                    tiles -= 1
                p += 1
            if C > 0:
                r, tiles, u = r0, (r1 - r0 + HEIGHT - 1) // HEIGHT, full * V
                while r < r1:
                    n, m, i, j = height(r1 - r, tiles), t * N + r, r * c_rows, r * h_rows
                    affine_rows(
                        n, C, C, C, V,
                        (s_, (m - t0 * N) * start_rows + full * panel, start_rows,
                         x_, t * x_steps + r * x_rows, x_rows, D, W_, full * panel * D,
                         h_old, j, h_rows, H, U_, full * panel * H, z_, 0, 4 * v),
                    )  # fmt: skip
                    call(
                        last_cell,
                        (z_, offset(c_old, i + u), offset(c_new, i + u), offset(h_old, j + u), offset(h_new, j + u),
                         offset(a_, tape * (full * panels + m * 4 * v)), offset(m_, masked * m), 4 * v, c_rows, h_rows, n),
                    )  # fmt: skip
                    r += n
                    tiles -= 1

    return kernel(
        lstm_forward_loop, f"lstm_forward_loop_{shape.dtype}x{V}_{C}", NUMBA[shape.dtype],
        "x3 f1 f1 f1 f3 f3 f1 b2 f1 i i i i i i i i i i",
    )  # fmt: skip


@cache
def backward_loop(shape: Shape, C: int, C_units: int) -> Any:
    """The backward recurrence for t = T-1 .. 0 and rows r0 .. r1: the cells turn gates into dz, then ``dh = dz_t U^T``.

    C is the vectors of the tail's block of gates, C_units those of the last block of U's transpose. dh (N, columns) holds the
    gradient of the last h and leaves with that of h0; so does dc. ``carry`` is the masked rows' dh (zeros at first). The
    product goes by ``chunk`` panels of dz, which stay in the second-level cache while all of U's blocks meet them.
    """
    V, B, w, panel = shape.V, shape.B, shape.w, 4 * shape.V
    v = C * V // 4

    def lstm_backward_loop(
        dy, U, c, dh, dc, carry, gates, mask, cell, last_cell, H, full, lanes, blocks, chunk, panels, T, r0, r1
    ):
        N, c_rows, dh_rows = c.shape[1], c.shape[2], dh.shape[1]
        state, K = N * c_rows, 4 * H
        whole, rest = H // V, H % V
        dy_steps, dy_rows = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        has_dy = 1 if dy.shape[0] > 0 else 0
        masked = 1 if mask.shape[0] > 0 else 0
        y_, U_, c_, dh_, dc_, k_ = data(dy), data(U), data(c), data(dh), data(dc), data(carry)
        a_, m_ = data(gates), data(mask)
        for s in range(T):
            t = T - 1 - s
            for p in range(full + (1 if C > 0 else 0)):
                u, rows = p * V, 4 * (V if p < full else v)
                i, m = r0 * c_rows + u, t * N + r0
                call(
                    cell if p < full else last_cell,
                    (offset(dh_, r0 * dh_rows + u), offset(y_, has_dy * (t * dy_steps + r0 * dy_rows + u)),
                     offset(c_, t * state + i), offset(c_, (t + 1) * state + i), offset(dc_, i), offset(k_, masked * i),
                     offset(a_, p * panels + m * rows), offset(m_, masked * m), dh_rows, dy_rows, c_rows, r1 - r0, has_dy),
                )  # fmt: skip
            for p in range(0, whole + (1 if rest > 0 else 0), chunk):
                last = p + chunk > whole
                for q in range(blocks + (1 if C_units > 0 else 0)):
                    r, tiles = r0, (r1 - r0 + HEIGHT - 1) // HEIGHT
                    while r < r1:
                        n, m = height(r1 - r, tiles), t * N + r
                        width = w if q < blocks else C_units * V
                        arguments = (
                            a_, p * panels + m * panel, panels, min(chunk, whole - p), whole * panels + m * 4 * lanes, lanes,
                            rest if last else 0, U_, q * w * K + p * panel * width, K, dh_, r * dh_rows + q * w, dh_rows,
                            1 if p == 0 else 0,
                        )  # fmt: skip
                        if q < blocks:
                            gate_rows(n, B, B, B, V, arguments)
                        else:
                            gate_rows(n, C_units, C_units, C_units, V, arguments)
                        r += n
                        tiles -= 1

    return kernel(
        lstm_backward_loop, f"lstm_backward_loop_{shape.dtype}x{V}_{C}_{C_units}", NUMBA[shape.dtype],
        "x3 f1 f3 f2 f2 f2 f1 b2 i i i i i i i i i i i",
    )  # fmt: skip
