"""The products that are the inner loops of everything: each an intrinsic that writes its loops for every height of a tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .simd import Vector, broadcast, constant, fused, prefetch, unaligned_load, unaligned_store
from .tile import HEIGHT, INDEX, Own, Request, Tile, added_up

#: Bytes of a block before a weight from afar is needed at which it is asked for.
AHEAD = 4 * 1024


def cases(builder: ir.IRBuilder, n, most: int) -> Iterator[int]:
    """A switch over n: yields 1 .. most with the builder in that case, whose code then goes on behind the switch."""
    after = builder.append_basic_block("done")
    switch = builder.switch(n, after)
    for case in range(1, most + 1):
        block = builder.append_basic_block(f"case{case}")
        switch.add_case(INDEX(case), block)
        builder.position_at_end(block)
        yield case
        builder.branch(after)
    builder.position_at_end(after)


def members(context, builder, ty, packed) -> list:
    """The members of a tuple as LLVM values: pointers, and integers (literal or not) as 64-bit indices."""
    members = [builder.extract_value(packed, k) for k in range(len(ty))]
    return [
        context.cast(builder, member, t, types.intp) if isinstance(t, types.Integer) else member
        for t, member in zip(ty, members, strict=True)
    ]


def _vector(arguments, V) -> Vector:
    """The vector type of the pointers among ``arguments``."""
    return Vector(next(t.dtype for t in arguments if isinstance(t, types.CPointer)), V.literal_value)


def _heights(emit: Callable[..., None], n, C: tuple[int, int], B: int, vector: Vector, arguments):
    """The code of a product of n rows, see :func:`_product`."""

    def codegen(context, builder, sig, args):
        values = members(context, builder, arguments, args[-1])
        if C[0]:
            for R in cases(builder, context.cast(builder, args[0], n, types.intp), HEIGHT):
                emit(Tile(builder, vector, R, C[R > 3], B), *values)
        return context.get_dummy_value()

    return codegen


def _product(emit: Callable[..., None]):
    """An intrinsic ``product(n, low, high, B, V, arguments)`` that emits ``emit(tile, *arguments)`` for every height n.

    The shape is literal: C vectors for tiles of up to 3 rows (``low``) and of more (``high``), B vectors a block, V lanes.
    ``arguments`` is a tuple of pointers and integers. C of 0 emits nothing.
    """

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, low, high, B, V, arguments):
        C = (low.literal_value, high.literal_value)
        return types.void(n, low, high, B, V, arguments), _heights(
            emit, n, C, B.literal_value, _vector(arguments, V), arguments
        )

    return product


def _product_of_gates(emit: Callable[..., None]):
    """The same where each gate has its own factors, see :class:`Own`: two literals more, and ``apart`` the first argument."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, low, high, B, V, gates, side, arguments):
        C = (low.literal_value, high.literal_value)

        def emit_own(tile, apart, *others):
            emit(tile, *others, own=Own(gates.literal_value, side.literal_value, apart))

        return types.void(n, low, high, B, V, gates, side, arguments), _heights(
            emit_own, n, C, B.literal_value, _vector(arguments, V), arguments
        )

    return product


def _row(emit: Callable[..., None]):
    """The same for a single row: an intrinsic ``product(C, B, V, arguments)``."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, C, B, V, arguments):
        vector = _vector(arguments, V)

        def codegen(context, builder, sig, args):
            emit(Tile(builder, vector, 1, C.literal_value, B.literal_value), *members(context, builder, arguments, args[-1]))
            return context.get_dummy_value()

        return types.void(C, B, V, arguments), codegen

    return product


def _row_of_blocks(emit: Callable[..., None]):
    """The same for n blocks of a single row, 1 to ``most`` (a literal): an intrinsic ``product(n, most, B, V, arguments)``."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, most, B, V, arguments):
        vector = _vector(arguments, V)

        def codegen(context, builder, sig, args):
            values = members(context, builder, arguments, args[-1])
            for blocks in cases(builder, context.cast(builder, args[0], n, types.intp), most.literal_value):
                emit(Tile(builder, vector, 1, blocks * B.literal_value, B.literal_value), *values)
            return context.get_dummy_value()

        return types.void(n, most, B, V, arguments), codegen

    return product


def _affine(tile, start, at, start_rows, x, ix, x_rows, D, W, iw, W_block, z, iz, z_rows, ask=None):
    """``z = start + x W``. Blocks of z and start lie side by side, W's ``W_block`` apart."""
    w, one = INDEX(tile.B * tile.vector.n), INDEX(1)
    tile.load(start, at, start_rows, w)
    tile.multiply(x, ix, x_rows, one, W, iw, W_block, w, D, ask=ask)
    tile.store(z, iz, z_rows, w)


def _share(tile, j, terms, number, all_tiles) -> Request:
    """What tile ``number`` of ``all_tiles`` asks for of as many terms from element j on, for the second-level cache.

    In the first it would take the place of what the tiles work with. It is one request a term: where few tiles share a block,
    a term's share may be two lines, which the cache brings as a pair.
    """
    b, w = tile.builder, INDEX(tile.B * tile.vector.n)
    first = b.add(j, b.sdiv(b.mul(b.mul(number, terms), w), all_tiles))
    return Request(first, b.sdiv(b.add(w, b.sub(all_tiles, INDEX(1))), all_tiles), level=2)


affine_rows = _product(_affine)


@_product
def affine_rows_that_ask(tile, beyond, number, all_tiles, *arguments):
    """:func:`affine_rows` that meanwhile ask for their share of the weights ``beyond`` elements on; see :func:`_share`."""
    terms, iw = arguments[6], arguments[8]
    _affine(tile, *arguments, ask=_share(tile, tile.builder.add(iw, beyond), terms, number, all_tiles))


affine_row = _row(_affine)


def _recurrent(
    tile, start, at, start_rows, x, ix, x_rows, D, W, iw, W_block, h, ih, h_rows, H, U, iu, U_block, z, iz, z_rows,
    own=None, asks=None,
):  # fmt: skip
    """``z = start + x W + h U``: two products in one chain. Blocks of z and start lie side by side, W's ``W_block`` apart.

    ``asks(tile, j, apart, terms)`` is the request that goes with that many terms of weights from element j on, whose blocks are
    ``apart``. Both products are one loop's two turns: half of the code to compile.
    """
    b = tile.builder
    w, step = INDEX(tile.B * tile.vector.n), INDEX(own.side if own else 1)

    def turn(k) -> None:
        first = b.icmp_signed("==", k, INDEX(0))
        pairs = zip((x, ix, x_rows, W, iw, W_block, D), (h, ih, h_rows, U, iu, U_block, H), strict=True)
        a, i, rows, weights, j, apart, terms = (b.select(first, of_x, of_h) for of_x, of_h in pairs)
        request = asks(tile, j, apart, terms) if asks else None
        tile.multiply(a, i, rows, step, weights, j, apart, w, terms, own, request)

    tile.load(start, at, start_rows, w)
    tile.repeat(INDEX(2), turn)
    tile.store(z, iz, z_rows, w)


def _soon(tile, j, apart, terms) -> Request:
    """What the tile itself will need ``AHEAD`` bytes on."""
    b = tile.builder
    return Request(b.add(j, INDEX(AHEAD * 8 // tile.vector.dtype.bitwidth)), INDEX(tile.B * tile.vector.n))


recurrent_rows = _product(_recurrent)
recurrent_rows_from_afar = _product(partial(_recurrent, asks=_soon))


@_product
def recurrent_rows_that_ask(tile, beyond, number, all_tiles, *arguments):
    """:func:`recurrent_rows` that meanwhile ask for their share of the weights ``beyond`` blocks on; see :func:`_share`."""
    b = tile.builder

    def asks(tile, j, apart, terms) -> Request:
        return _share(tile, b.add(j, b.mul(beyond, apart)), terms, number, all_tiles)

    _recurrent(tile, *arguments, asks=asks)


recurrent_rows_of_gates = _product_of_gates(_recurrent)
recurrent_row = _row(_recurrent)


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


gate_rows = _product(_gate_rows)


@_product
def gate_rows_that_ask(tile, first, a_term, *arguments):
    """:func:`gate_rows` that meanwhile ask for weights from element ``first`` on, ``a_term`` elements a term."""
    _gate_rows(tile, *arguments, ask=Request(first, a_term))


gate_row = _row_of_blocks(_gate_rows)


@_product
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


@_product
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


outer_rows = _product(_outer)


@_product
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
    _outer(tile, *arguments, ask=_share(tile, following, M, number, all_tiles))
