"""Phases of a step of the forward time loop: the rows of a block, the products of a panel, and the pointwise kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

from .....gates import COUNT
from ...compiler.jit import inlined
from ...gemm.forward import (
    recurrent_panels,
    recurrent_rows,
    recurrent_rows_per_gate,
    recurrent_rows_prefetch,
    recurrent_rows_prefetch_shared,
    recurrent_tail,
)
from ...gemm.layout import MAX_PENDING_ROWS
from ...gemm.microkernel import TILE_ROWS, tile_height
from ...gemm.operands import Matrix, RowProduct, Weights
from ...runtime.indirect_call import call
from ...simd.vector import offset
from ..gate_dropout.factors import multiplied
from .arrays import Lines, Panels, line


class Factor(NamedTuple):
    """Rows of x_t or of h_{t-1}, and the weights of their K elements.

    Element k of row r is ``p[at + r * row + k * each]``. With factors per gate, those of a block of gates are in a plane of
    their own, ``plane`` elements after the one before; ``each`` gates alternate.
    """

    p: Any
    at: Any
    row: Any
    each: Any
    plane: Any
    K: Any
    W: Any


class Sum(NamedTuple):
    """The sum ``z = start + x W + h U`` of a step. Row r of ``start`` begins with element ``at + r * row``."""

    start: Matrix
    x: Factor
    h: Factor
    z: Any


class RowBlock(NamedTuple):
    """Rows that a pointwise kernel processes in one call, from row ``first`` on, of one group or of two.

    The first ``in_group`` rows (all ``rows``, if there are fewer) follow one another on the tape from ``tape_row`` on. The
    others are ``group_offset`` rows further.
    """

    first: Any
    rows: Any
    in_group: Any
    tape_row: Any
    group_offset: Any


class State(NamedTuple):
    """A state before and after a step, whose rows are ``row`` elements apart."""

    old: Any
    new: Any
    row: Any


class PointwiseArrays(NamedTuple):
    """What the pointwise kernels read and write besides the states."""

    z: Any
    tape: Panels
    peephole: Lines
    scalars: Any
    mask: Lines
    zoneout_h: Lines
    zoneout_c: Lines


@inlined
def copy_rows(source, x, t, r0, r1, D):
    """Copy x_t of rows r0 .. r1 from ``source``."""
    for r in range(r0, r1):
        to, of = t * x.step + r * x.row, t * source.step + r * source.row
        for d in range(D):
            x.p[to + d] = source.p[of + d]


@inlined
def multiply_by_factors(a, at, row, n, factors, products, r0, r1, sizes):
    """Write the products of n elements of each row of ``a`` with the factors of all gates.

    The ``sizes`` are the number of planes, the gates of a plane, and the elements and lanes of a vector of products.
    """
    G, B, units, lanes = sizes
    for r in range(r0, r1):
        for plane in range(G):
            to = products.at + plane * products.plane + r * products.row
            multiplied(a, at + r * row, n, factors, to, products.p, to, units, B, lanes)


@inlined
def row_block(t, first, begins, groups, one_group, tail, rows_per_vector):
    """Return the block of rows from ``first`` on, whose group begins with row ``begins``.

    It may hold rows of the next group too, unless ``one_group`` or a vector of the tail would hold rows of two groups.
    """
    ends = min(groups.N, begins + groups.rows)
    in_group, size = min(groups.end, ends) - first, ends - begins
    left = min(groups.end, ends + groups.rows) - first
    if one_group or (tail and in_group % rows_per_vector > 0):
        left = in_group
    rows = tile_height(left, (left + MAX_PENDING_ROWS - 1) // MAX_PENDING_ROWS)
    tape_row = begins * (groups.T - 1) + t * size + first
    group_offset = size * (groups.T - 1) + t * (min(groups.N, ends + groups.rows) - ends - size)
    return RowBlock(first, rows, in_group, tape_row, group_offset)


@inlined
def terms_of(factor, r, plane, first, terms, column, block, w):
    """Return ``terms`` terms, from ``first`` on, of rows r .. by the block of ``block`` columns that begins with ``column``."""
    rows = Matrix(factor.p, factor.at + plane * factor.plane + r * factor.row + factor.each * first, factor.row)
    return RowProduct(rows, terms, Weights(factor.W, column * factor.K + first * block, w * factor.K))


@inlined
def columns_of_row(sum_, r, column, z_at, w):
    """Return the operands of z of row r, for blocks of w columns from ``column`` on."""
    start = Matrix(sum_.start.p, sum_.start.at + r * sum_.start.rows + column, 0)
    x, h = terms_of(sum_.x, r, 0, 0, sum_.x.K, column, w, w), terms_of(sum_.h, r, 0, 0, sum_.h.K, column, w, w)
    return start, x, h, Matrix(sum_.z, z_at, 0)


@inlined
def products_of_row(sum_, r, panels, has_tail, reverse, sizes):
    """Compute z of row r for full panels p0 .. p1, in bundles that may come in reverse order, and then for the tail."""
    (p0, p1, full), (V, B, G, row_unroll, C) = panels, sizes
    bundles = (p1 - p0 + row_unroll - 1) // row_unroll
    for nth in range(bundles):
        p = p0 + (bundles - 1 - nth if reverse else nth) * row_unroll
        operands = columns_of_row(sum_, r, p * COUNT * V, (p - p0) * COUNT * V, B * V)
        recurrent_panels(min(row_unroll, p1 - p), row_unroll, G, B, V, operands)
    if has_tail:
        recurrent_tail(C, C, V, columns_of_row(sum_, r, full * COUNT * V, (p1 - p0) * COUNT * V, C * V))


@inlined
def panel_of_rows(sum_, block, p, z_at, terms, beyond, sizes, gates, prefetch_tiles):
    """Compute z of panel p (of C vectors, if it is the tail) for a block of rows.

    The sums are cut into chunks of ``terms`` terms, whose weights stay in a near cache while all rows use them. With factors
    per gate (unless ``gates`` is None), a vector of the tail holds columns of ``gates`` gates. Where the weights exceed L2
    (unless ``prefetch_tiles`` is None), up to ``prefetch_tiles`` tiles share the prefetches of the panel that is ``beyond``
    blocks further.
    """
    V, B, C, full = sizes
    start, x, h, z = sum_
    w, end, all_tiles = B * V, block.first + block.rows, (block.rows + TILE_ROWS - 1) // TILE_ROWS
    width, columns = (COUNT * V, w) if p < full else (C * V, C * V)
    for k in range(0, x.K + h.K, terms):
        d, e = min(x.K, k), max(0, k - x.K)
        D, H = min(x.K, k + terms) - d, max(0, min(h.K, k + terms - x.K)) - e
        for g in range(0, width, columns):
            r, tiles, q = block.first, all_tiles, p * COUNT * V + g
            while r < end:
                n, y = tile_height(end - r, tiles), z_at + (r - block.first) * width + g
                arguments = (
                    Matrix(
                        start.p if k == 0 else z,
                        start.at + r * start.rows + q if k == 0 else y,
                        start.rows if k == 0 else width,
                    ),
                    terms_of(x, r, g // w, d, D, q, columns, w),
                    terms_of(h, r, g // w, e, H, q, columns, w),
                    Matrix(z, y, width),
                )
                if gates is not None:
                    if p == full:
                        recurrent_rows_per_gate(n, C, C, C, V, gates, B, (x.plane, arguments))
                    elif g == 0 or n > 3:
                        recurrent_rows_per_gate(n, 4, B, B, V, 1, B, (x.plane, arguments))
                elif p == full:
                    recurrent_rows(n, C, C, C, V, arguments)
                elif g > 0 and n <= 3:
                    pass  # low tiles computed all blocks of the panel with the first one
                elif prefetch_tiles is None:
                    recurrent_rows(n, 4, B, B, V, arguments)
                elif all_tiles == 1 or all_tiles > prefetch_tiles:
                    recurrent_rows_prefetch(n, 4, B, B, V, arguments)
                else:  # each tile prefetches its share of the next panel's weights for all tiles
                    recurrent_rows_prefetch_shared(n, 4, B, B, V, (beyond, all_tiles - tiles, all_tiles, arguments))
                r += n
                tiles -= 1


@inlined
def pointwise(kernels, block, p0, panels, m, h, c, arrays, first, width, across, V):
    """Turn z of a block of rows and of ``panels`` panels from p0 on, which begins at ``z[first]``, into gates, c and h.

    The block's first row is row m of time. A kernel processes all rows of one panel, or all panels of one row (``across``).
    """
    z, tape, peephole, scalars, mask, zoneout_h, zoneout_c = arrays
    u, gate_kernel, output_kernel = p0 * V, kernels[0], kernels[1]
    if across:
        calls, n, in_group, z_next, z_rows, c_rows, h_rows = block.rows, panels, panels, COUNT * V, block.rows * COUNT * V, V, V
        mask_rows, tape_rows, peephole_rows, zoneout_c_rows, zoneout_h_rows = 0, tape.panel, 3 * V, V, V
    else:
        calls, n, in_group, z_next, z_rows, c_rows, h_rows = 1, block.rows, block.in_group, 0, width, c.row, h.row
        mask_rows, tape_rows, peephole_rows, zoneout_c_rows, zoneout_h_rows = 1, width, 0, zoneout_c.row, zoneout_h.row
    for r in range(calls):
        row, k = block.first + r, m + r
        c_at, h_at, z_at = row * c.row + u, row * h.row + u, offset(z, first + r * z_next)
        tape_at = offset(tape.p, tape.present * (p0 * tape.panel + (block.tape_row + r) * width))
        call(
            gate_kernel,
            (z_at, offset(c.old, c_at), offset(c.new, c_at), tape_at, line(peephole, 0, u), scalars, line(mask, k, 0),
             line(zoneout_c, k, u), z_rows, c_rows, tape_rows, peephole_rows, mask_rows, zoneout_c_rows, n,
             in_group, block.group_offset * width),
        )  # fmt: skip
        call(
            output_kernel,
            (z_at, offset(h.old, h_at), offset(h.new, h_at), scalars, line(mask, k, 0), line(zoneout_h, k, u),
             z_rows, h_rows, mask_rows, zoneout_h_rows, n),
        )  # fmt: skip
