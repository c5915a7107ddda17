"""The products with dz that are the inner loops of everything backward, each an intrinsic of a tile."""

from __future__ import annotations

from llvmlite import ir

from ..simd.vector import Vector, broadcast, constant, fused, prefetch, unaligned_load, unaligned_store
from .intrinsics import product_of_blocks, product_of_rows
from .microkernel import INDEX, Request, Tile, added_up, share


def _gate_rows(tile, dz, at, panels, whole, last_at, lanes, rest, W, iw, K, z, iz, z_rows, first, ask=None):
    """``z = dz W`` (``first``), or added to z, dz as the tape holds it: whole panels, then the real units of the last one.

    The whole panels may ``ask`` for what comes after them.
    """
    b = tile.builder
    w, panel, one = INDEX(tile.B * tile.vector.n), INDEX(4 * tile.vector.n), INDEX(1)
    stride = b.mul(K, w)

    def whole_panel(p) -> None:
        k = b.mul(p, panel)
        asked = Request(b.add(ask.first, b.mul(k, ask.a_term)), ask.a_term) if ask else None
        tile.multiply(dz, b.add(at, b.mul(p, panels)), panel, one, W, b.add(iw, b.mul(k, w)), stride, w, panel, ask=asked)

    def last_gate(gate) -> None:
        k = b.add(b.mul(whole, panel), b.mul(gate, rest))
        rows = b.mul(lanes, INDEX(4))
        tile.multiply(dz, b.add(last_at, b.mul(gate, lanes)), rows, one, W, b.add(iw, b.mul(k, w)), stride, w, rest, short=True)

    tile.load(z, iz, z_rows, w)
    tile.clear(first)
    tile.repeat(whole, whole_panel)
    tile.repeat(b.select(b.icmp_signed(">", rest, INDEX(0)), INDEX(4), INDEX(0)), last_gate)
    tile.store(z, iz, z_rows, w)


gate_rows = product_of_rows(_gate_rows)


@product_of_rows
def gate_rows_that_ask(tile, first, a_term, *arguments):
    """:func:`gate_rows` that meanwhile ask for weights from element ``first`` on, ``a_term`` elements a term."""
    _gate_rows(tile, *arguments, ask=Request(first, a_term))


gate_row = product_of_blocks(_gate_rows)


@product_of_rows
def single_columns(tile, dz, at, panels, whole, last_at, lanes, rest, W, iw, z, iz, z_rows):
    """``z = dz W`` for as many single columns as a tile has vectors: the lanes go along the terms, and are added up at the end.

    W holds the columns' vectors side by side for each vector of dz.
    """
    b, vector = tile.builder, tile.vector
    V, panel = INDEX(vector.n), INDEX(4 * vector.n)

    def term(rows, k, seen=lambda x: x) -> None:
        first = b.add(iw, b.mul(k, INDEX(tile.C * vector.n)))
        ys = [unaligned_load(b, vector, W, b.add(first, INDEX(c * vector.n))) for c in range(tile.C)]
        xs = (seen(unaligned_load(b, vector, row, INDEX(0))) for row in rows)
        pairs = ((x, y) for x in xs for y in ys)
        tile.values = [fused(b, vector, x, y, value) for (x, y), value in zip(pairs, tile.values, strict=True)]

    def whole_panel(p) -> None:
        rows = tile.rows(dz, b.add(at, b.mul(p, panels)), panel)
        for gate in range(4):
            term([b.gep(row, [INDEX(gate * vector.n)]) for row in rows], b.add(b.mul(p, INDEX(4)), INDEX(gate)))

    def last_panel(k) -> None:
        rows = tile.rows(dz, b.add(last_at, b.mul(k, V)), b.mul(lanes, INDEX(4)))
        term(rows, b.add(b.mul(whole, INDEX(4)), k), lambda x: b.select(real, x, constant(vector.llvm, 0.0)))

    # the ``lanes`` of a gate, a power of two, fill a vector of the last panel once or more often; the first ``rest`` are real
    numbers = ir.VectorType(ir.IntType(32), vector.n)
    unit = b.and_(
        ir.Constant(numbers, list(range(vector.n))),
        broadcast(b, b.trunc(b.sub(lanes, INDEX(1)), numbers.element), numbers),
    )
    real = b.icmp_signed("<", unit, broadcast(b, b.trunc(rest, numbers.element), numbers))
    tile.repeat(whole, whole_panel)
    tile.repeat(b.select(b.icmp_signed(">", rest, INDEX(0)), b.sdiv(b.mul(lanes, INDEX(4)), V), INDEX(0)), last_panel)
    for r, row in enumerate(tile.rows(z, iz, z_rows)):
        sums = added_up(b, tile.values[r * tile.C : (r + 1) * tile.C])
        unaligned_store(b, Vector(vector.dtype, tile.C), row, INDEX(0), sums)


@product_of_rows
def one_gate_rows(tile, gate, dz, at, panels, whole, last_at, lanes, rest, W, iw, K, factors, jf, f_rows, z, iz, z_rows, first):
    """``z = factors * (dz W)`` of one gate's part of dz and W alone (``first``), or added to z; see :func:`gate_rows`."""
    b, V = tile.builder, INDEX(tile.vector.n)
    w, panel, one = INDEX(tile.B * tile.vector.n), INDEX(4 * tile.vector.n), INDEX(1)
    stride = b.mul(K, w)

    def whole_panel(p) -> None:
        k, lane = b.mul(p, panel), b.mul(gate, V)
        from_ = b.add(b.add(at, b.mul(p, panels)), lane)
        tile.multiply(dz, from_, panel, one, W, b.add(iw, b.mul(b.add(k, lane), w)), stride, w, V)

    def last_panel(_) -> None:
        k = b.add(b.mul(whole, panel), b.mul(gate, rest))
        rows = b.mul(lanes, INDEX(4))
        tile.multiply(dz, b.add(last_at, b.mul(gate, lanes)), rows, one, W, b.add(iw, b.mul(k, w)), stride, w, rest, short=True)

    tile.repeat(whole, whole_panel)
    tile.repeat(b.select(b.icmp_signed(">", rest, INDEX(0)), one, INDEX(0)), last_panel)
    masks, sums = (Tile(b, tile.vector, tile.R, tile.C, tile.B) for _ in range(2))
    masks.load(factors, jf, f_rows, w)
    sums.load(z, iz, z_rows, w)
    sums.clear(first)
    tile.values = [fused(b, tile.vector, m, v, s) for m, v, s in zip(masks.values, tile.values, sums.values, strict=True)]
    tile.store(z, iz, z_rows, w)


def _outer(tile, a, ia, a_rows, b, ib, b_rows, b_next, M, out, io, out_rows, out_next, first, ask=None):
    """``out = a^T b`` (``first``), or added to out, for R columns of a and vectors of columns of b: M rows of both go by.

    In b blocks are ``b_next`` apart, in out vectors ``out_next``.
    """
    tile.load(out, io, out_rows, out_next, 1)
    tile.clear(first)
    tile.multiply(a, ia, INDEX(1), a_rows, b, ib, b_next, b_rows, M, ask=ask)
    tile.store(out, io, out_rows, out_next, 1)


outer_rows = product_of_rows(_outer)


@product_of_rows
def outer_rows_that_ask(tile, following, number, all_tiles, *arguments):
    """:func:`outer_rows` that meanwhile ask for their share of as many rows of b, w elements each, from ``following`` on.

    And for the rows of out after their own.
    """
    M, out, io, out_rows, out_next = arguments[7:12]
    b = tile.builder
    below = b.add(io, b.mul(out_rows, INDEX(tile.R)))
    for r in range(tile.R):
        for c in range(tile.C):
            at = b.add(b.add(below, b.mul(out_rows, INDEX(r))), b.mul(out_next, INDEX(c)))
            prefetch(b, out, at, 2)
    _outer(tile, *arguments, ask=share(tile, following, M, number, all_tiles))
