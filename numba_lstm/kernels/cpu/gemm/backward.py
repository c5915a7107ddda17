"""The products of the backward pass, with dz, as intrinsics of a register tile."""

from __future__ import annotations

from llvmlite import ir

from ..simd.vector import Vector, broadcast, constant, fused, prefetch, unaligned_load, unaligned_store
from .intrinsics import product_of_blocks, product_of_rows
from .microkernel import INDEX, PrefetchRequest, Tile, lane_sums, prefetch_share


def _gate_rows(tile, dz, at, panel_stride, whole, last_at, lanes, rest, W, iw, K, z, iz, z_rows, first, request=None):
    """Emit ``z = dz W`` (``first`` is not 0) or ``z += dz W``, dz as the tape holds it: full panels, then the rest of the last.

    The full panels prefetch what ``request`` says.
    """
    b = tile.builder
    w, panel, one = INDEX(tile.B * tile.vector.n), INDEX(4 * tile.vector.n), INDEX(1)
    stride = b.mul(K, w)

    def whole_panel(p) -> None:
        k = b.mul(p, panel)
        panel_request = PrefetchRequest(b.add(request.first, b.mul(k, request.a_term)), request.a_term) if request else None
        from_, weights = b.add(at, b.mul(p, panel_stride)), b.add(iw, b.mul(k, w))
        tile.multiply(dz, from_, panel, one, W, weights, stride, w, panel, request=panel_request)

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
def gate_rows_prefetch_shared(tile, first, a_term, *arguments):
    """Emit :func:`gate_rows` that prefetch weights from element ``first`` on, ``a_term`` elements a term."""
    _gate_rows(tile, *arguments, request=PrefetchRequest(first, a_term))


gate_row = product_of_blocks(_gate_rows)


@product_of_rows
def remainder_columns(tile, dz, at, panel_stride, whole, last_at, lanes, rest, W, iw, z, iz, z_rows):
    """Emit ``z = dz W`` for one remainder column per vector of the tile: lanes run along the terms and are summed at the end.

    For each vector of dz, W holds the vectors of the columns one after another.
    """
    b, vector = tile.builder, tile.vector
    V, panel = INDEX(vector.n), INDEX(4 * vector.n)

    def term(rows, k, keep_real=lambda x: x) -> None:
        first = b.add(iw, b.mul(k, INDEX(tile.C * vector.n)))
        ys = [unaligned_load(b, vector, W, b.add(first, INDEX(c * vector.n))) for c in range(tile.C)]
        xs = (keep_real(unaligned_load(b, vector, row, INDEX(0))) for row in rows)
        pairs = ((x, y) for x in xs for y in ys)
        tile.values = [fused(b, vector, x, y, value) for (x, y), value in zip(pairs, tile.values, strict=True)]

    def whole_panel(p) -> None:
        rows = tile.rows(dz, b.add(at, b.mul(p, panel_stride)), panel)
        for gate in range(4):
            term([b.gep(row, [INDEX(gate * vector.n)]) for row in rows], b.add(b.mul(p, INDEX(4)), INDEX(gate)))

    def last_panel(k) -> None:
        rows = tile.rows(dz, b.add(last_at, b.mul(k, V)), b.mul(lanes, INDEX(4)))
        term(rows, b.add(b.mul(whole, INDEX(4)), k), lambda x: b.select(real, x, constant(vector.llvm, 0.0)))

    # the ``lanes`` of a gate, a power of two, fill a vector of the last panel once or more; the first ``rest`` are no padding
    numbers = ir.VectorType(ir.IntType(32), vector.n)
    unit = b.and_(
        ir.Constant(numbers, list(range(vector.n))),
        broadcast(b, b.trunc(b.sub(lanes, INDEX(1)), numbers.element), numbers),
    )
    real = b.icmp_signed("<", unit, broadcast(b, b.trunc(rest, numbers.element), numbers))
    tile.repeat(whole, whole_panel)
    tile.repeat(b.select(b.icmp_signed(">", rest, INDEX(0)), b.sdiv(b.mul(lanes, INDEX(4)), V), INDEX(0)), last_panel)
    for r, row in enumerate(tile.rows(z, iz, z_rows)):
        sums = lane_sums(b, tile.values[r * tile.C : (r + 1) * tile.C])
        unaligned_store(b, Vector(vector.dtype, tile.C), row, INDEX(0), sums)


@product_of_rows
def one_gate_rows(
    tile, gate, dz, at, panel_stride, whole, last_at, lanes, rest, W, iw, K, dropout_factors, jf, f_rows, z, iz, z_rows, first
):
    """Emit ``z = dropout_factors * (dz W)`` (``first`` is not 0), or add it to z, for one gate's columns of dz and rows of W.

    See :func:`gate_rows`.
    """
    b, V = tile.builder, INDEX(tile.vector.n)
    w, panel, one = INDEX(tile.B * tile.vector.n), INDEX(4 * tile.vector.n), INDEX(1)
    stride = b.mul(K, w)

    def whole_panel(p) -> None:
        k, lane = b.mul(p, panel), b.mul(gate, V)
        from_ = b.add(b.add(at, b.mul(p, panel_stride)), lane)
        tile.multiply(dz, from_, panel, one, W, b.add(iw, b.mul(b.add(k, lane), w)), stride, w, V)

    def last_panel(_) -> None:
        k = b.add(b.mul(whole, panel), b.mul(gate, rest))
        rows = b.mul(lanes, INDEX(4))
        tile.multiply(dz, b.add(last_at, b.mul(gate, lanes)), rows, one, W, b.add(iw, b.mul(k, w)), stride, w, rest, short=True)

    tile.repeat(whole, whole_panel)
    tile.repeat(b.select(b.icmp_signed(">", rest, INDEX(0)), one, INDEX(0)), last_panel)
    masks, sums = (Tile(b, tile.vector, tile.R, tile.C, tile.B) for _ in range(2))
    masks.load(dropout_factors, jf, f_rows, w)
    sums.load(z, iz, z_rows, w)
    sums.clear(first)
    tile.values = [fused(b, tile.vector, m, v, s) for m, v, s in zip(masks.values, tile.values, sums.values, strict=True)]
    tile.store(z, iz, z_rows, w)


def _outer(tile, a, ia, a_rows, b, ib, b_rows, b_next, M, out, io, out_rows, out_next, first, request=None):
    """Emit ``out = a^T b`` (``first`` is not 0) or ``out += a^T b`` for R columns of a, C vectors of columns of b, and M rows.

    Blocks of b are ``b_next`` apart, vectors of out ``out_next``.
    """
    tile.load(out, io, out_rows, out_next, 1)
    tile.clear(first)
    tile.multiply(a, ia, INDEX(1), a_rows, b, ib, b_next, b_rows, M, request=request)
    tile.store(out, io, out_rows, out_next, 1)


outer_rows = product_of_rows(_outer)


@product_of_rows
def outer_rows_prefetch_shared(tile, following, number, all_tiles, *arguments):
    """Emit :func:`outer_rows` that prefetch their share of M rows of b, w elements each, from ``following`` on.

    They also prefetch the next tile's rows of out.
    """
    M, out, io, out_rows, out_next = arguments[7:12]
    b = tile.builder
    below = b.add(io, b.mul(out_rows, INDEX(tile.R)))
    for r in range(tile.R):
        for c in range(tile.C):
            at = b.add(b.add(below, b.mul(out_rows, INDEX(r))), b.mul(out_next, INDEX(c)))
            prefetch(b, out, at, 2)
    _outer(tile, *arguments, request=prefetch_share(tile, following, M, number, all_tiles))
