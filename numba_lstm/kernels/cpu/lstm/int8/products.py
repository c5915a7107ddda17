"""Integer products: int8 weights, widened in registers, by rows of 16 bits, summed in 32 bits without rounding.

Sums of integers are exact in any order, so that bits do not depend on tile heights, blocks or threads. A term is two
neighbouring elements of a row by the two weights of a column, since processors add such a pair of products in one instruction
(``pmaddwd`` of x86).
"""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from ...compiler.cpu_info import HOST
from ...compiler.jit import inlined
from ...gemm.intrinsics import cases, tuple_members
from ...gemm.microkernel import INDEX, Tile
from ...gemm.operands import Matrix, Weights, takes
from ...simd.arithmetic import absolute, nearest
from ...simd.vector import INT32, Vector, broadcast, constant, fused, load, offset, splat, store, unaligned_load
from ...simd.vmath import larger

#: Maximum number of rows of a tile of a panel's four vectors: 12 of 16 registers are sums, or 24 of 32.
MAX_TILE_ROWS = 6 if HOST.registers >= 32 else 3

#: Bytes of an element of a row, and of a pair of elements.
SHORT, PAIR = 2, 4

_MULTIPLY_ADD = {4: "llvm.x86.sse2.pmadd.wd", 8: "llvm.x86.avx2.pmadd.wd", 16: "llvm.x86.avx512.pmaddw.d.512"}
_INT8, _INT16 = ir.IntType(8), ir.IntType(16)


def _pair_products(builder, x, w):
    """Return the sum of the two products of each pair of neighbouring 16-bit lanes of x and w, in 32 bits."""
    count = x.type.count // 2
    sums = ir.VectorType(INT32, count)
    if HOST.x86:
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(sums, [x.type] * 2), _MULTIPLY_ADD[count])
        return builder.call(function, [x, w])

    def every_second(v, first: int):
        lanes = ir.Constant(ir.VectorType(INT32, count), list(range(first, 2 * count, 2)))
        return builder.sext(builder.shuffle_vector(v, ir.Constant(v.type, ir.Undefined), lanes), sums)

    even, odd = (builder.mul(every_second(x, first), every_second(w, first)) for first in (0, 1))
    return builder.add(even, odd)


class IntFactor(NamedTuple):
    """Rows of integers, and the weights of their pairs: row r begins at byte ``r * row`` of ``rows``.

    The weights begin at byte ``at``. ``scales`` are the scales of the columns.
    """

    rows: Any
    row: Any
    weights: Any
    at: Any
    pairs: Any
    scales: Any


def _sums(tile: Tile, factor: IntFactor, width) -> list:
    """Return the integers ``x w`` of a tile, whose panels have ``width`` bytes a pair."""
    b, V = tile.builder, tile.vector.n
    x, x_rows, w, at, pairs, _ = factor
    panel = b.mul(pairs, width)
    shorts, sums = ir.VectorType(_INT16, 2 * V), ir.VectorType(INT32, V)
    rows = [b.gep(x, [b.mul(x_rows, INDEX(r))]) for r in range(tile.R)]
    columns = []
    for c in range(tile.C):
        block, vector = divmod(c, tile.B)
        columns.append(b.gep(w, [b.add(at, b.add(b.mul(panel, INDEX(block)), INDEX(2 * V * vector)))]))

    def element(p, ty):
        value = b.load(b.bitcast(p, ty.as_pointer()))
        value.align = 1
        return value

    def terms(k, count: int) -> None:
        for u in range(count):
            term = b.add(k, INDEX(u))
            pairs_ = [b.gep(row, [b.mul(term, INDEX(PAIR))]) for row in rows]
            factors = [b.bitcast(broadcast(b, element(p, INT32), sums), shorts) for p in pairs_]
            for c, column in enumerate(columns):
                weights = b.sext(element(b.gep(column, [b.mul(term, width)]), ir.VectorType(_INT8, 2 * V)), shorts)
                for r in range(tile.R):
                    at_ = r * tile.C + c
                    tile.values[at_] = b.add(tile.values[at_], _pair_products(b, factors[r], weights))

    tile.values = [constant(sums, 0)] * (tile.R * tile.C)
    tile.chain(pairs, terms)
    return tile.values


def _scaled(tile: Tile, start: list, sums: list, row_scales: Matrix, scales, at) -> list:
    """Return ``start + sums * row scale * column scale``, the scales of the columns from element ``at`` on."""
    b, vector = tile.builder, tile.vector
    by_column = [unaligned_load(b, vector, scales, b.add(at, INDEX(c * vector.n))) for c in range(tile.C)]
    values = []
    for r, row in enumerate(tile.rows(*row_scales)):
        by_row = broadcast(b, b.load(row), vector.llvm)
        for c in range(tile.C):
            k = r * tile.C + c
            total = b.sitofp(sums[k], vector.llvm)
            values.append(fused(b, vector, total, b.fmul(by_row, by_column[c]), start[k]))
    return values


@takes(Weights, IntFactor, IntFactor, Matrix, Matrix)
def _int_rows(tile, bias: Weights, x: IntFactor, h: IntFactor, row_scales: Matrix, z: Matrix):
    """Emit ``z = bias + x W + h U`` for rows and weights of integers times scales.

    A row has two scales, those of x and of h. The scales of the columns begin where the bias does.
    """
    b, vector = tile.builder, tile.vector
    width = INDEX(2 * vector.n * min(tile.B, tile.C))
    tile.load(bias.p, bias.at, INDEX(0), bias.blocks)
    values = tile.values
    for side, factor in enumerate((x, h)):
        scales = row_scales._replace(at=b.add(row_scales.at, INDEX(side)))
        values = _scaled(tile, values, _sums(tile, factor, width), scales, factor.scales, bias.at)
    tile.values = values
    tile.store(*z, INDEX(tile.B * vector.n))


@intrinsic(prefer_literal=True)
def int_rows(typingctx, n, C, panels, V, arguments):
    """Emit :func:`_int_rows` for n rows (up to ``MAX_TILE_ROWS``, or one row of several panels), C vectors a panel."""
    vector = Vector(types.float32, V.literal_value)
    limit = MAX_TILE_ROWS if panels.literal_value == 1 else 1

    def codegen(context, builder, sig, args):
        values = list(tuple_members(context, builder, arguments, args[-1]))
        if C.literal_value:
            for R in cases(builder, context.cast(builder, args[0], n, types.intp), limit):
                _int_rows(Tile(builder, vector, R, C.literal_value * panels.literal_value, C.literal_value), *values)
        return context.get_dummy_value()

    return types.void(n, C, panels, V, arguments), codegen


@intrinsic
def store_low(typingctx, p, bits):
    """Store the low 16 bits of 32-bit lanes to the bytes at p."""

    def codegen(context, builder, sig, args):
        low = builder.trunc(args[1], ir.VectorType(_INT16, bits.n))
        done = builder.store(low, builder.bitcast(args[0], low.type.as_pointer()))
        done.align = 2
        return context.get_dummy_value()

    return types.void(p, bits), codegen


@inlined
def to_int(x, n, levels, out, lanes, V):
    """Store n elements of a row as integers up to ``levels``, 16 bits each, to the bytes of ``out``; return their scale.

    The last vector is padded with zeros, in ``lanes``. NaN in a row makes its scale NaN; infinity makes it infinite and all
    integers 0. Either makes every product NaN.
    """
    inside = n // V * V
    for i in range(V):
        lanes[i] = x[inside + i] if inside + i < n else 0.0
    largest = absolute(load(lanes, 0, V))
    for i in range(0, inside, V):
        largest = larger(absolute(load(x, i, V)), largest)
    last = load(lanes, 0, V)
    store(lanes, 0, largest)
    max_abs = lanes[0]
    for i in range(1, V):
        if lanes[i] > max_abs or lanes[i] != lanes[i]:
            max_abs = lanes[i]
    factor = splat(x, levels / max_abs, V)
    for i in range(0, inside, V):
        store_low(offset(out, SHORT * i), nearest(load(x, i, V) * factor)[1])
    if inside < n:
        store_low(offset(out, SHORT * inside), nearest(last * factor)[1])
    return max_abs / levels
