"""The transpose of a square of elements in registers."""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .partial import masked_load
from .vector import INT32, Vector, unaligned_load, unaligned_store


def _transposed(builder, rows: list, vector: Vector) -> list:
    """Return the columns of a square whose rows are vectors."""
    size, step = vector.n, vector.n // 2
    while step:  # exchange the off-diagonal squares of size ``step`` in every square of twice the size
        for r in range(size):
            if r & step:
                continue
            low = [lane if not lane & step else size + lane - step for lane in range(size)]
            high = [lane + step if not lane & step else size + lane for lane in range(size)]
            a, b = rows[r], rows[r + step]
            mask = ir.VectorType(INT32, size)
            rows[r] = builder.shuffle_vector(a, b, ir.Constant(mask, low))
            rows[r + step] = builder.shuffle_vector(a, b, ir.Constant(mask, high))
        step //= 2
    return rows


@intrinsic(prefer_literal=True)
def transpose(typingctx, source, source_rows, target, target_rows, n):
    """An n by n square from ``source`` (rows ``source_rows`` apart) to ``target``, its rows there the columns here."""
    vector = Vector(source.dtype, n.literal_value)

    def codegen(context, builder, sig, args):
        p, p_rows, q, q_rows = args[:4]
        index = p_rows.type
        rows = [unaligned_load(builder, vector, p, builder.mul(p_rows, index(r))) for r in range(vector.n)]
        for r, row in enumerate(_transposed(builder, rows, vector)):
            unaligned_store(builder, vector, q, builder.mul(q_rows, index(r)), row)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp, n), codegen


@intrinsic(prefer_literal=True)
def transpose_part(typingctx, source, source_rows, count, columns, target, target_rows, n):
    """The same of the first ``count`` rows and ``columns`` columns of a square, with zeros in place of the others."""
    vector = Vector(source.dtype, n.literal_value)

    def codegen(context, builder, sig, args):
        p, p_rows, count, columns, q, q_rows = args[:6]
        index, rows = p_rows.type, []
        for r in range(vector.n):
            exists = builder.icmp_signed("<", index(r), count)
            place = builder.select(exists, builder.mul(p_rows, index(r)), index(0))
            lanes = builder.select(exists, columns, index(0))
            rows.append(masked_load(builder, vector, p, place, lanes))
        for r, row in enumerate(_transposed(builder, rows, vector)):
            unaligned_store(builder, vector, q, builder.mul(q_rows, index(r)), row)
        return context.get_dummy_value()

    return types.void(source, types.intp, types.intp, types.intp, target, types.intp, n), codegen
