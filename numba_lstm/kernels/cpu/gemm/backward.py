"""The products of the backward pass, with dz, as intrinsics of a register tile."""

from __future__ import annotations

from llvmlite import ir

from ..simd.vector import Vector, broadcast, constant, fused, prefetch, unaligned_load, unaligned_store
from .intrinsics import product_of_panels, product_of_rows
from .microkernel import INDEX, PrefetchRequest, Tile, lane_sums, prefetch_share
from .operands import Blocks, Matrix, RowProduct, TapeRows, Transposed, Weights, takes


def _last_gate(tile, dz: TapeRows, W: Transposed, gate) -> None:
    """Emit the terms of the last panel, of one gate."""
    b, w = tile.builder, INDEX(tile.B * tile.vector.n)
    k = b.add(b.mul(dz.whole, INDEX(4 * tile.vector.n)), b.mul(gate, dz.rest))
    rows = Matrix(dz.p, b.add(dz.last_at, b.mul(gate, dz.lanes)), b.mul(dz.lanes, INDEX(4)))
    weights = Weights(W.p, b.add(W.at, b.mul(k, w)), b.mul(W.K, w))
    tile.multiply(RowProduct(rows, dz.rest, weights), INDEX(1), w, short=True)


def _if_rest(tile, dz: TapeRows, count: int):
    """Return ``count`` if a last panel has terms, else 0."""
    b = tile.builder
    return b.select(b.icmp_signed(">", dz.rest, INDEX(0)), INDEX(count), INDEX(0))


@takes(TapeRows, Transposed, Matrix, int)
def _gate_rows(tile, dz: TapeRows, W: Transposed, z: Matrix, first, request=None):
    """Emit ``z = dz W`` (``first`` is not 0) or ``z += dz W``: the full panels, then the rest of the last.

    The full panels prefetch what ``request`` says.
    """
    b = tile.builder
    w, panel = INDEX(tile.B * tile.vector.n), INDEX(4 * tile.vector.n)
    stride = b.mul(W.K, w)

    def whole_panel(p) -> None:
        k = b.mul(p, panel)
        panel_request = PrefetchRequest(b.add(request.first, b.mul(k, request.a_term)), request.a_term) if request else None
        rows = Matrix(dz.p, b.add(dz.at, b.mul(p, dz.panel_stride)), panel)
        weights = Weights(W.p, b.add(W.at, b.mul(k, w)), stride)
        tile.multiply(RowProduct(rows, panel, weights), INDEX(1), w, request=panel_request)

    tile.load(*z, w)
    tile.clear(first)
    tile.repeat(dz.whole, whole_panel)
    tile.repeat(_if_rest(tile, dz, 4), lambda gate: _last_gate(tile, dz, W, gate))
    tile.store(*z, w)


gate_rows = product_of_rows(_gate_rows)


@product_of_rows
def gate_rows_prefetch_shared(tile, first, a_term, *arguments):
    """Emit :func:`gate_rows` that prefetch weights from element ``first`` on, ``a_term`` elements a term."""
    _gate_rows(tile, *arguments, request=PrefetchRequest(first, a_term))


gate_row = product_of_panels(_gate_rows)


@product_of_rows
@takes(TapeRows, int, int, Matrix)
def remainder_columns(tile, dz: TapeRows, W, iw, z: Matrix):
    """Emit ``z = dz W`` for one remainder column per vector of the tile: lanes run along the terms and are summed at the end.

    For each vector of dz, W holds the vectors of the columns one after another, from element iw on.
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
        rows = tile.rows(dz.p, b.add(dz.at, b.mul(p, dz.panel_stride)), panel)
        for gate in range(4):
            term([b.gep(row, [INDEX(gate * vector.n)]) for row in rows], b.add(b.mul(p, INDEX(4)), INDEX(gate)))

    def last_panel(k) -> None:
        rows = tile.rows(dz.p, b.add(dz.last_at, b.mul(k, V)), b.mul(dz.lanes, INDEX(4)))
        term(rows, b.add(b.mul(dz.whole, INDEX(4)), k), lambda x: b.select(real, x, constant(vector.llvm, 0.0)))

    real = _real_lanes(b, vector, dz)
    tile.repeat(dz.whole, whole_panel)
    tile.repeat(b.select(b.icmp_signed(">", dz.rest, INDEX(0)), b.sdiv(b.mul(dz.lanes, INDEX(4)), V), INDEX(0)), last_panel)
    for r, row in enumerate(tile.rows(*z)):
        sums = lane_sums(b, tile.values[r * tile.C : (r + 1) * tile.C])
        unaligned_store(b, Vector(vector.dtype, tile.C), row, INDEX(0), sums)


def _real_lanes(b: ir.IRBuilder, vector: Vector, dz: TapeRows):
    """Return a mask of the lanes of a vector of the last panel that are no padding.

    The ``lanes`` of a gate, a power of two, fill a vector once or more; the first ``rest`` are no padding.
    """
    numbers = ir.VectorType(ir.IntType(32), vector.n)
    unit = b.and_(
        ir.Constant(numbers, list(range(vector.n))),
        broadcast(b, b.trunc(b.sub(dz.lanes, INDEX(1)), numbers.element), numbers),
    )
    return b.icmp_signed("<", unit, broadcast(b, b.trunc(dz.rest, numbers.element), numbers))


@product_of_rows
@takes(int, TapeRows, Transposed, Matrix, Matrix, int)
def one_gate_rows(tile, gate, dz: TapeRows, W: Transposed, dropout_factors: Matrix, z: Matrix, first):
    """Emit ``z = dropout_factors * (dz W)`` (``first`` is not 0), or add it to z, for one gate's columns of dz and rows of W.

    See :func:`gate_rows`.
    """
    b, V = tile.builder, INDEX(tile.vector.n)
    w, panel = INDEX(tile.B * tile.vector.n), INDEX(4 * tile.vector.n)
    stride = b.mul(W.K, w)

    def whole_panel(p) -> None:
        k, lane = b.mul(p, panel), b.mul(gate, V)
        rows = Matrix(dz.p, b.add(b.add(dz.at, b.mul(p, dz.panel_stride)), lane), panel)
        weights = Weights(W.p, b.add(W.at, b.mul(b.add(k, lane), w)), stride)
        tile.multiply(RowProduct(rows, V, weights), INDEX(1), w)

    tile.repeat(dz.whole, whole_panel)
    tile.repeat(_if_rest(tile, dz, 1), lambda _: _last_gate(tile, dz, W, gate))
    masks, sums = (Tile(b, tile.vector, tile.R, tile.C, tile.B) for _ in range(2))
    masks.load(*dropout_factors, w)
    sums.load(*z, w)
    sums.clear(first)
    tile.values = [fused(b, tile.vector, m, v, s) for m, v, s in zip(masks.values, tile.values, sums.values, strict=True)]
    tile.store(*z, w)


@takes(Matrix, Blocks, int, Blocks, int)
def _outer(tile, a: Matrix, b: Blocks, M, out: Blocks, first, request=None):
    """Emit ``out = a^T b`` (``first`` is not 0) or ``out += a^T b`` for R columns of a, C vectors of columns of b, and M rows.

    A block of out is a vector.
    """
    tile.load(*out, 1)
    tile.clear(first)
    product = RowProduct(Matrix(a.p, a.at, INDEX(1)), M, Weights(b.p, b.at, b.blocks))
    tile.multiply(product, a.rows, b.rows, request=request)
    tile.store(*out, 1)


outer_rows = product_of_rows(_outer)


@product_of_rows
def outer_rows_prefetch_shared(tile, following, number, all_tiles, *arguments):
    """Emit :func:`outer_rows` that prefetch their share of M rows of b, w elements each, from ``following`` on.

    They also prefetch the next tile's rows of out.
    """
    M, out = arguments[7], Blocks(*arguments[8:12])
    b = tile.builder
    below = b.add(out.at, b.mul(out.rows, INDEX(tile.R)))
    for r in range(tile.R):
        for c in range(tile.C):
            at = b.add(b.add(below, b.mul(out.rows, INDEX(r))), b.mul(out.blocks, INDEX(c)))
            prefetch(b, out.p, at, 2)
    _outer(tile, *arguments, request=prefetch_share(tile, following, M, number, all_tiles))
