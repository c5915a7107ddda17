"""Vectors of several rows: a pointwise kernel processes several rows in one vector where a panel is narrower than a vector."""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

from ..gemm.microkernel import INDEX
from ..simd.vector import INT32, Mask, Vector, broadcast, constant, unaligned_load, unaligned_store


class Rows(types.Type):
    """The indices of ``count`` rows of ``n`` elements each."""

    def __init__(self, count: int, n: int) -> None:
        self.count, self.n = count, n
        super().__init__(name=f"Rows({count}, {n})")


@register_model(Rows)
class _RowsModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.ArrayType(INDEX, fe_type.count))


@intrinsic(prefer_literal=True)
def rows_from(typingctx, r, end, count, n):
    """Return ``count`` rows r, r + 1 .. of n elements each. Beyond ``end`` the last row is repeated.

    Kernels then read, compute and write it again, with the same values.
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


def _row_pointers(builder, p, i, row_stride, rows, value) -> list:
    """Return pointers to the beginning of each row: ``p[i + row * row_stride]``."""
    indices = [builder.extract_value(value, k) for k in range(rows.count)]
    return [builder.gep(p, [builder.add(i, builder.mul(row, row_stride))]) for row in indices]


def _concatenate(builder, pieces: list):
    """Return one LLVM vector of all lanes of ``pieces``, a power of two of them."""
    while len(pieces) > 1:
        count = 2 * pieces[0].type.count
        lanes = ir.Constant(ir.VectorType(INT32, count), list(range(count)))
        pieces = [builder.shuffle_vector(a, b, lanes) for a, b in zip(pieces[::2], pieces[1::2], strict=True)]
    return pieces[0]


@intrinsic
def load_rows(typingctx, p, i, row_stride, rows):
    """Return the elements from ``p[i]`` on of rows that are ``row_stride`` apart, row after row in one vector."""
    row_vector = Vector(p.dtype, rows.n)

    def codegen(context, builder, sig, args):
        pointers = _row_pointers(builder, *args[:3], rows, args[3])
        return _concatenate(builder, [unaligned_load(builder, row_vector, pointer, INDEX(0)) for pointer in pointers])

    return Vector(p.dtype, rows.n * rows.count)(p, types.intp, types.intp, rows), codegen


@intrinsic
def store_rows(typingctx, p, i, row_stride, rows, v):
    """Store a vector to where :func:`load_rows` loads it from."""
    row_vector = Vector(v.dtype, rows.n)

    def codegen(context, builder, sig, args):
        for k, pointer in enumerate(_row_pointers(builder, *args[:3], rows, args[3])):
            lanes = ir.Constant(ir.VectorType(INT32, rows.n), list(range(k * rows.n, (k + 1) * rows.n)))
            piece = args[4] if rows.count == 1 else builder.shuffle_vector(args[4], ir.Constant(v.llvm, ir.Undefined), lanes)
            unaligned_store(builder, row_vector, pointer, INDEX(0), piece)
        return context.get_dummy_value()

    return types.void(p, types.intp, types.intp, rows, v), codegen


def _truths(builder, value):
    """Return bytes as truth values."""
    return builder.icmp_unsigned("!=", value, constant(value.type, 0))


@intrinsic
def flag_rows(typingctx, p, i, row_stride, rows):
    """Return the booleans (bytes) from ``p[i]`` on of rows that are ``row_stride`` apart, as a mask for :func:`load_rows`."""
    row_vector = ir.VectorType(ir.IntType(8), rows.n)

    def codegen(context, builder, sig, args):
        pieces = []
        for pointer in _row_pointers(builder, *args[:3], rows, args[3]):
            pieces.append(builder.load(builder.bitcast(pointer, row_vector.as_pointer())))
            pieces[-1].align = 1
        return _truths(builder, _concatenate(builder, pieces))

    return Mask(rows.n * rows.count)(p, types.intp, types.intp, rows), codegen


@intrinsic
def flag_each_row(typingctx, p, row_stride, rows):
    """Return a mask with the boolean of each row in all of its lanes; the booleans are ``row_stride`` apart."""
    row_vector = ir.VectorType(ir.IntType(8), rows.n)

    def codegen(context, builder, sig, args):
        pointers = _row_pointers(builder, args[0], INDEX(0), args[1], rows, args[2])
        return _truths(
            builder, _concatenate(builder, [broadcast(builder, builder.load(pointer), row_vector) for pointer in pointers])
        )

    return Mask(rows.n * rows.count)(p, types.intp, rows), codegen
