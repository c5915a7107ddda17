"""The time loop of the GRU and of the simple RNN with int8 weights: each step quantizes x and h, then computes gate by gate.

A row that meets weights, of x, of h or of ``r * h``, becomes whole numbers and their scale (:mod:`...lstm.int8.products`). The
pointwise kernels are those of float weights.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from ...compiler.jit import inlined, kernel
from ...gemm.layout import NUMBA, VectorGeometry
from ...gemm.operands import Matrix, Weights
from ...lstm.int8.products import MAX_TILE_ROWS, IntFactor, int_rows, to_int
from ...lstm.phases.arrays import steps_of
from ...runtime.indirect_call import call
from ...simd.vector import data, offset
from ..layout import Q

#: Vectors of a panel of columns.
PANEL = 4


class IntRows(NamedTuple):
    """Whole numbers of rows of K elements, ``row`` bytes each, and the packed weights of K, which a gate has ``gate`` bytes of.

    ``scales`` are those of the columns of all gates.
    """

    p: Any
    row: Any
    K: Any
    W: Any
    gate: Any
    scales: Any


class Sums(NamedTuple):
    """n rows of sums, ``row`` elements apart: what they begin with, and the scales of rows of x and of h.

    A gate has ``padded`` elements in ``panels`` panels, of which ``full`` are full.
    """

    start: Any
    scales: Any
    p: Any
    row: Any
    n: Any
    padded: Any
    full: Any
    panels: Any


@inlined
def quantized(rows, row, n, levels, ints, scales, side, lanes, V):
    """Store n rows, ``row`` elements apart, as whole numbers, and their scales as those of ``side`` 0 or 1."""
    for r in range(n):
        p = offset(rows, r * row)
        scales[2 * r + side] = to_int(p, ints.K, levels, offset(ints.p, r * ints.row), lanes, V)


@inlined
def factor(ints, r, gate, place, column, terms, padded):
    """Return rows from r on and the weights of a gate from ``column`` on as a factor of ``terms`` pairs; 0: none.

    The scales are read from the element of the bias on, in the row's block ``place``.
    """
    at, scales = gate * ints.gate + column * 2 * ((ints.K + 1) // 2), offset(ints.scales, (gate - place) * padded)
    return IntFactor(offset(ints.p, r * ints.row), ints.row, ints.W, at, terms, scales)


@inlined
def compute(sums, x, x_terms, h, h_terms, gate, place, row_unroll, C, V):
    """Compute ``b + x W + h U`` of a gate in block ``place`` of each row; the last panel has C vectors."""
    p = 0
    while p < sums.panels:
        several = sums.n == 1 and p + row_unroll <= sums.full
        column = p * PANEL * V
        at = place * sums.padded + column
        for r in range(0, sums.n, MAX_TILE_ROWS):
            rows = min(sums.n - r, MAX_TILE_ROWS)
            arguments = (
                Weights(sums.start, at, PANEL * V),
                factor(x, r, gate, place, column, x_terms, sums.padded),
                factor(h, r, gate, place, column, h_terms, sums.padded),
                Matrix(sums.scales, 2 * r, 2),
                Matrix(sums.p, r * sums.row + at, sums.row),
            )
            if p == sums.full:
                int_rows(rows, C, 1, V, arguments)
            elif several:
                int_rows(rows, PANEL, row_unroll, V, arguments)
            else:
                int_rows(rows, PANEL, 1, V, arguments)
        p += row_unroll if several else 1


@cache
def forward_loop(geometry: VectorGeometry, gates: int, reset_after: bool, C: int) -> Any:
    """Return the kernel of steps t0 .. t1 of rows r0 .. r1; the last panel of a gate has C vectors, or 0."""
    V, panel, row_unroll = geometry.V, PANEL * geometry.V, geometry.row_unroll
    apart, reset_before = gates > 1 and reset_after, gates > 1 and not reset_after  # apart: g has b + x W, and q has c + h U
    products = gates + 1 if apart else gates

    def rnn_int8_forward_loop(
        x,  # (T, N, D) of any strides
        W, U, W_scales, U_scales,  # packed whole numbers (:func:`.forward.int_gates`), and the scales of their columns
        start,  # the packed bias
        levels,  # (2,): the largest whole numbers of x and of h
        h,  # (L, N, h_rows): a ring of time; step t reads h_{t-1} in row t % L and writes row (t + 1) % L
        z,  # (1, N, row): the gates of a step
        int_x, int_h,  # (N, bytes): rows of x and of h as whole numbers
        row_scales,  # (N, 2): of x and of h
        lanes,  # (N, V): scratch
        mask,  # (T, N), or empty: rows of False keep their state
        pointwise_kernel, reset_kernel,  # addresses
        D, H, padded,  # features, units, elements of a gate
        t0, t1, r0, r1,  # steps t0 .. t1 of rows r0 .. r1
    ):  # fmt: skip
        N, L, h_row, z_row, n = h.shape[1], h.shape[0], h.shape[2], z.shape[2], r1 - r0
        xs, masked = steps_of(x), 1 if len(mask) > 0 else 0
        scales, scratch = offset(data(row_scales), 2 * r0), offset(data(lanes), r0 * V)
        out = offset(data(z), r0 * z_row)
        sums = Sums(data(start), scales, out, z_row, n, padded, padded // panel, (padded + panel - 1) // panel)
        x_ints = IntRows(offset(data(int_x), r0 * int_x.shape[1]), int_x.shape[1], D, data(W), len(W) // gates, data(W_scales))
        h_ints = IntRows(offset(data(int_h), r0 * int_h.shape[1]), int_h.shape[1], H, data(U), len(U) // gates, data(U_scales))
        x_terms, h_terms = (D + 1) // 2, (H + 1) // 2
        for t in range(t0, t1):
            h_old, h_new = offset(data(h), (t % L * N + r0) * h_row), offset(data(h), ((t + 1) % L * N + r0) * h_row)
            # x_t and h_{t-1} as whole numbers
            quantized(offset(xs.p, t * xs.step + r0 * xs.row), xs.row, n, levels[0], x_ints, scales, 0, scratch, V)
            quantized(h_old, h_row, n, levels[1], h_ints, scales, 1, scratch, V)
            # b + x W + h U: z, r and g, or g alone, without gates
            for place in range(products):
                if reset_before and place == 2:  # r * h in place of h
                    call(reset_kernel, (out, h_old, z_row, h_row, padded, n, padded))
                    quantized(offset(out, Q * padded), z_row, n, levels[1], h_ints, scales, 1, scratch, V)
                of_x = 0 if apart and place == Q else x_terms
                of_h = 0 if apart and place == Q - 1 else h_terms
                gate = min(place, gates - 1)
                compute(sums, x_ints, of_x, h_ints, of_h, gate, place, row_unroll, C, V)
            # h_t
            call(
                pointwise_kernel,
                (out, h_old, h_new, offset(data(mask), masked * (t * N + r0)), z_row, h_row, masked, padded, n, padded),
            )

    name = f"rnn_int8_forward_loop_{geometry.dtype}x{V}_{gates}{int(reset_after)}_{C}"
    arguments = "x3 b1 b1 f1 f1 f1 f1 f3 f3 m2 m2 f2 f2 b2" + 9 * " i"
    return kernel(rnn_int8_forward_loop, name, NUMBA[geometry.dtype], arguments)
