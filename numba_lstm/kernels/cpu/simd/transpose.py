"""The transpose of a square of elements in registers."""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .vector import INT32, Vector, unaligned_load, unaligned_store


@intrinsic(prefer_literal=True)
def transpose(typingctx, source, source_rows, target, target_rows, n):
    """An n by n square from ``source`` (rows ``source_rows`` apart) to ``target``, its rows there the columns here."""
    size = n.literal_value
    vector = Vector(source.dtype, size)

    def codegen(context, builder, sig, args):
        p, p_rows, q, q_rows = args[:4]
        index = p_rows.type
        rows = [unaligned_load(builder, vector, p, builder.mul(p_rows, index(r))) for r in range(size)]
        step = size // 2
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
        for r, row in enumerate(rows):
            unaligned_store(builder, vector, q, builder.mul(q_rows, index(r)), row)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp, n), codegen
