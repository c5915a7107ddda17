"""Phases of a step of the backward time loop: the pointwise kernels, and the product of dz with the transpose of U."""

from __future__ import annotations

from typing import Any, NamedTuple

from .....gates import COUNT
from ...compiler.jit import inlined
from ...gemm.backward import gate_row, gate_rows, gate_rows_prefetch_shared, one_gate_rows, remainder_columns
from ...gemm.microkernel import TILE_ROWS, tile_height
from ...gemm.operands import Matrix, TapeRows, Transposed
from ...runtime.indirect_call import call
from ...simd.vector import fetch, offset
from .arrays import Groups, Lines, Panels, Steps, line


class Gradients(NamedTuple):
    """The gradients that the recurrence carries from step to step: dh, dc and what bypasses the product with U."""

    dh: Matrix  #: row r begins with ``at + r * rows``
    dc: Matrix
    carry: Lines
    dy: Steps
    has_dy: Any


class PointwiseArrays(NamedTuple):
    """What the pointwise kernels read and write besides the gradients."""

    c: Steps
    tape: Panels
    peephole: Lines
    peephole_grads: Lines
    scalars: Any
    mask: Lines
    zoneout_h: Lines
    zoneout_c: Lines


class Kernels(NamedTuple):
    """Addresses of the pointwise kernels of a panel."""

    output: Any
    gates: Any


class Units(NamedTuple):
    """The H units on the tape: ``full`` panels, ``whole`` of them without padding, and ``rest`` of the last one's ``lanes``."""

    H: Any
    full: Any
    whole: Any
    rest: Any
    lanes: Any


class Blocks(NamedTuple):
    """Blocks of columns of dh: ``full`` ones, a narrow one, and the remainder columns. A thread has ``begin`` .. ``end``."""

    begin: Any
    end: Any
    full: Any
    in_vectors: Any  #: number of blocks without the remainder columns


class Chunk(NamedTuple):
    """Panels of dz whose product is added to dh in one pass: ``count`` from panel ``first`` on."""

    first: Any
    count: Any
    following: Any  #: first panel of the next chunk, of the next step after the last one
    starts: Any  #: 1 if it is the first, which does not add but store
    rest: Any  #: units of the panel with padding, which the last chunk adds


class Product(NamedTuple):
    """The operands of ``dh = dz U^T``."""

    tape: Panels
    U: Any
    dh: Matrix
    units: Units
    groups: Groups
    blocks: Blocks


@inlined
def copy_elements(source, target, n):
    """Copy n elements."""
    for i in range(n):
        target[i] = source[i]


@inlined
def pointwise(kernels, t, r, p, lane, across, groups, begins, gradients, arrays, counts):
    """Turn gates into dz_t from row r and panel p on. Return the first row after them.

    A kernel processes all ``panels`` panels of one row (``across``), or the rows of two groups, if no vector of the tail would
    hold rows of both. A panel has ``lane`` units.
    """
    panels, V, rows_per_vector = counts
    dh, dc, carry, dy, has_dy = gradients
    c, tape, peephole, peephole_grads, scalars, mask, zoneout_h, zoneout_c = arrays
    N, u, m, width = groups.N, p * V, t * groups.N + r, COUNT * lane
    group_ends = min(N, begins + groups.rows)
    size, in_group = group_ends - begins, min(groups.end, group_ends) - r
    if across:
        n, in_group, dh_rows, dy_rows, c_rows, mask_rows = panels, panels, V, V, V, 0
        tape_rows, peephole_rows, peephole_grad_rows, zoneout_h_rows, zoneout_c_rows = tape.panel, 3 * V, 3 * N * V, V, V
    else:
        n = in_group if lane < V and in_group % rows_per_vector > 0 else min(groups.end, group_ends + groups.rows) - r
        dh_rows, dy_rows, c_rows, mask_rows = dh.rows, dy.row, c.row, 1
        tape_rows, peephole_rows, peephole_grad_rows = width, 0, 3 * lane
        zoneout_h_rows, zoneout_c_rows = zoneout_h.row, zoneout_c.row
    tape_row = begins * (groups.T - 1) + t * size + r
    group_offset = (size * (groups.T - 1) + t * (min(N, group_ends + groups.rows) - group_ends - size)) * width
    dh_at, tape_at = offset(dh.p, dh.at + r * dh.rows + u), offset(tape.p, p * tape.panel + tape_row * width)
    c_old, c_new = offset(c.p, t * c.step + r * c.row + u), offset(c.p, (t + 1) * c.step + r * c.row + u)
    call(
        kernels.output,
        (dh_at, offset(dy.p, has_dy * (t * dy.step + r * dy.row + u)), c_old, c_new, line(carry, r, u), tape_at, scalars,
         line(mask, m, 0), line(zoneout_h, m, u),
         dh_rows, dy_rows, c_rows, tape_rows, mask_rows, zoneout_h_rows, n, in_group, group_offset, has_dy),
    )  # fmt: skip
    call(
        kernels.gates,
        (dh_at, c_old, c_new, offset(dc.p, dc.at + r * dc.rows + u), tape_at, line(peephole, 0, u),
         line(peephole_grads, r * lane, u * N), scalars, line(mask, m, 0), line(zoneout_c, m, u),
         dh_rows, c_rows, tape_rows, peephole_rows, peephole_grad_rows, mask_rows, zoneout_c_rows, n, in_group, group_offset),
    )  # fmt: skip
    return groups.end if across else r + n


@inlined
def chunk_of(index, num_chunks, panels, units):
    """Return chunk ``index`` of ``panels`` panels."""
    first, ends = index * panels, index == num_chunks - 1
    count = min(panels, units.whole - first)
    return Chunk(first, count, 0 if ends else first + panels, 1 if index == 0 else 0, units.rest if ends else 0)


@inlined
def tape_rows(tape, m, p, count, rest, units, V):
    """Return rows of dz from row m of the tape on: ``count`` panels from p on, and ``rest`` units of the last."""
    last_at = units.whole * tape.panel + m * COUNT * units.lanes
    return TapeRows(tape.p, p * tape.panel + m * COUNT * V, tape.panel, count, last_at, units.lanes, rest)


@inlined
def products_per_gate(product, t, q, r0, dropout_factors, sizes):
    """Compute block q of ``dh = sum over gates of dropout_factors * (dz U^T)``; a narrow block has C vectors."""
    V, B, C = sizes
    tape, U, dh, units, groups, blocks = product
    w, K = B * V, COUNT * units.H
    for gate in range(COUNT):
        r, tiles = r0, (groups.end - r0 + TILE_ROWS - 1) // TILE_ROWS
        while r < groups.end:
            n, m = tile_height(groups.end - r, tiles), t * groups.N + r
            factors = Matrix(dropout_factors, (gate * groups.N + r) * dh.rows + q * w, dh.rows)
            out = Matrix(dh.p, r * dh.rows + q * w, dh.rows)
            dz = tape_rows(tape, m, 0, units.whole, units.rest, units, V)
            arguments = (gate, dz, Transposed(U, q * w * K, K), factors, out, 1 if gate == 0 else 0)
            if q < blocks.full:
                one_gate_rows(n, B, B, B, V, arguments)
            else:
                one_gate_rows(n, C, C, C, V, arguments)
            r += n
            tiles -= 1


@inlined
def bundle_of_row(product, chunk, q, m, r, sizes):
    """Add the product of a chunk with a bundle of blocks, from q on, to dh of row r, which is row m of the tape."""
    V, B, row_unroll = sizes
    tape, U, dh, units, _, blocks = product
    w, K = B * V, COUNT * units.H
    gate_row(
        min(row_unroll, min(blocks.end, blocks.full) - q), row_unroll, 1, B, V,
        (tape_rows(tape, m, chunk.first, chunk.count, chunk.rest, units, V),
         Transposed(U, q * w * K + chunk.first * COUNT * V * w, K),
         Matrix(dh.p, r * dh.rows + q * w, dh.rows), chunk.starts),
    )  # fmt: skip


@inlined
def fetch_gates(product, m, n, q, V, v, line_elements):
    """Prefetch block q's share of the panels of n rows from row m of the tape on; the tail has v units."""
    tape, blocks, full = product.tape, product.blocks, product.units.full
    panels, index, count = full + (1 if v > 0 else 0), q - blocks.begin, blocks.end - blocks.begin
    for p in range(panels * index // count, panels * (index + 1) // count):
        width = COUNT * V if p < full else COUNT * v
        fetch(tape.p, p * tape.panel + m * width, line_elements, n * width // line_elements)


@inlined
def prefetch_of_tile(product, chunk, q, number, all_tiles, narrow, w, panel):
    """Return tile ``number``'s share of the next block's weights: first element, and elements per term.

    The narrow block has ``narrow`` columns.
    """
    blocks = product.blocks
    block, p = (q + 1, chunk.first) if q + 1 < blocks.end else (blocks.begin, chunk.following)
    at = block * w * COUNT * product.units.H + p * panel * (w if block < blocks.full else narrow)
    return at + number * chunk.count * panel * w // all_tiles, (w + all_tiles - 1) // all_tiles


@inlined
def block_of_rows(product, chunk, t, q, r0, begins, sizes, line_elements, prefetch_tiles):
    """Add the product of a chunk with block q to dh of all rows from r0 on, whose group begins with row ``begins``.

    Each tile of the first chunk prefetches gates of the previous step, which the next pointwise kernels read. Where the weights
    exceed L2 (unless ``prefetch_tiles`` is None), ``prefetch_tiles`` or more tiles prefetch shares of the next block for all.
    The tail has v units, the narrow block C vectors, and there may be ``remainder`` columns.
    """
    V, B, v, C, remainder = sizes
    tape, U, dh, units, groups, blocks = product
    w, panel, K, r, tiles = B * V, COUNT * V, COUNT * units.H, r0, 0
    all_tiles = (groups.end - r0 + TILE_ROWS - 1) // TILE_ROWS
    width, column = w if q < blocks.full else C * V, q * w if q < blocks.in_vectors else blocks.full * w + C * V
    while r < groups.end:
        if tiles == 0:  # a group's first tile
            group_ends = min(groups.N, begins + groups.rows)
            rows, left = group_ends - begins, min(groups.end, group_ends) - r
            m, tiles = begins * (groups.T - 1) + t * rows + r, (left + TILE_ROWS - 1) // TILE_ROWS
        n = tile_height(left, tiles)
        if chunk.starts != 0 and t > 0:
            fetch_gates(product, m - rows, n, q, V, v, line_elements)
        weights = Transposed(U, column * K + chunk.first * panel * width, K)
        out = Matrix(dh.p, r * dh.rows + column, dh.rows)
        arguments = (tape_rows(tape, m, chunk.first, chunk.count, chunk.rest, units, V), weights, out, chunk.starts)
        if q >= blocks.in_vectors:
            if chunk.following == 0:  # of all panels in one sum, since a tree of sums cannot be continued
                dz = tape_rows(tape, m, 0, units.whole, units.rest, units, V)
                remainder_columns(n, remainder, remainder, B, V, (dz, U, column * K, out))
        elif q >= blocks.full:
            gate_rows(n, C, C, C, V, arguments)
        elif prefetch_tiles is None or all_tiles < prefetch_tiles:
            gate_rows(n, B, B, B, V, arguments)
        else:
            share = prefetch_of_tile(product, chunk, q, all_tiles - tiles, all_tiles, C * V, w, panel)
            gate_rows_prefetch_shared(n, B, B, B, V, (share, arguments))
        r, m, left, tiles = r + n, m + n, left - n, tiles - 1
        if tiles == 0:
            begins = group_ends
