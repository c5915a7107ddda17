"""Rows side by side in one vector: how a cell takes several rows at once where a panel is narrower than a vector."""

# Intrinsics take (typing context, types...) and answer (signature, code generator): Numba's convention.
from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

from ..gemm.microkernel import INDEX
from ..simd.vector import INT32, Mask, Vector, broadcast, constant, unaligned_load, unaligned_store


class Rows(types.Type):
    """The numbers of ``count`` rows, of ``n`` elements each."""

    def __init__(self, count: int, n: int) -> None:
        self.count, self.n = count, n
        super().__init__(name=f"Rows({count}, {n})")


@register_model(Rows)
class _RowsModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.ArrayType(INDEX, fe_type.count))


@intrinsic(prefer_literal=True)
def rows_from(typingctx, r, end, count, n):
    """Rows r, r + 1 .. of n elements each, as many as ``count``; where they would pass the ``end``, the last one again.

    It is then read again, computed again and written again, to the same values.
    """
    result = Rows(count.literal_value, n.literal_value)

    def codegen(context, builder, sig, args):
        first, last = args[0], builder.sub(args[1], INDEX(1))
        value = builder.insert_value(ir.Constant(ir.ArrayType(INDEX, result.count), ir.Undefined), first, 0)
        for k in range(1, result.count):
            row = builder.add(first, INDEX(k))
            row = builder.select(builder.icmp_signed("<", row, last), row, last)
            value = builder.insert_value(value, row, k)
        return value

    return result(types.intp, types.intp, count, n), codegen


def _places(builder, p, i, apart, rows, value) -> list:
    """Where each of the rows begins: ``p[i + row * apart]``."""
    numbers = [builder.extract_value(value, k) for k in range(rows.count)]
    return [builder.gep(p, [builder.add(i, builder.mul(row, apart))]) for row in numbers]


def _side_by_side(builder, parts: list):
    """One LLVM vector of all lanes of ``parts``, a power of two of them."""
    while len(parts) > 1:
        count = 2 * parts[0].type.count
        lanes = ir.Constant(ir.VectorType(INT32, count), list(range(count)))
        parts = [builder.shuffle_vector(a, b, lanes) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


@intrinsic
def load_rows(typingctx, p, i, apart, rows):
    """The elements from ``p[i]`` on of rows that lie ``apart``, row after row in one vector."""
    few = Vector(p.dtype, rows.n)

    def codegen(context, builder, sig, args):
        places = _places(builder, *args[:3], rows, args[3])
        return _side_by_side(builder, [unaligned_load(builder, few, place, INDEX(0)) for place in places])

    return Vector(p.dtype, rows.n * rows.count)(p, types.intp, types.intp, rows), codegen


@intrinsic
def store_rows(typingctx, p, i, apart, rows, v):
    """Write what :func:`load_rows` reads."""
    few = Vector(v.dtype, rows.n)

    def codegen(context, builder, sig, args):
        for k, place in enumerate(_places(builder, *args[:3], rows, args[3])):
            lanes = ir.Constant(ir.VectorType(INT32, rows.n), list(range(k * rows.n, (k + 1) * rows.n)))
            part = args[4] if rows.count == 1 else builder.shuffle_vector(args[4], ir.Constant(v.llvm, ir.Undefined), lanes)
            unaligned_store(builder, few, place, INDEX(0), part)
        return context.get_dummy_value()

    return types.void(p, types.intp, types.intp, rows, v), codegen


def _truths(builder, value):
    """Bytes as truth values."""
    return builder.icmp_unsigned("!=", value, constant(value.type, 0))


@intrinsic
def flag_rows(typingctx, p, i, apart, rows):
    """The booleans from ``p[i]`` on of rows that lie ``apart``, a byte each, as a mask for :func:`load_rows`."""
    few = ir.VectorType(ir.IntType(8), rows.n)

    def codegen(context, builder, sig, args):
        parts = []
        for place in _places(builder, *args[:3], rows, args[3]):
            parts.append(builder.load(builder.bitcast(place, few.as_pointer())))
            parts[-1].align = 1
        return _truths(builder, _side_by_side(builder, parts))

    return Mask(rows.n * rows.count)(p, types.intp, types.intp, rows), codegen


@intrinsic
def flag_each_row(typingctx, p, apart, rows):
    """A boolean of each row, ``apart`` from one to the next, in all of its lanes."""
    few = ir.VectorType(ir.IntType(8), rows.n)

    def codegen(context, builder, sig, args):
        places = _places(builder, args[0], INDEX(0), args[1], rows, args[2])
        return _truths(builder, _side_by_side(builder, [broadcast(builder, builder.load(place), few) for place in places]))

    return Mask(rows.n * rows.count)(p, types.intp, rows), codegen
