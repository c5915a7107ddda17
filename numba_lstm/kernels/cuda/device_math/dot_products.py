"""Dot products of four terms at a time, with vector loads from shared memory.

Numba declares shared arrays with the alignment of one number, so the compiler would load one number at a time. The sizes of all
shared arrays here, and the offsets passed to :func:`load4`, are multiples of 16 bytes.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from ..runtime.compiler import cuda, device

ALIGNMENT = 16


@intrinsic
def load4(typing: Any, array: Any, index: Any) -> Any:
    """``array[index], ..., array[index + 3]`` by one vector load. ``index`` is an unsigned multiple of four."""

    def load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, (array, index) = signature.args[0], arguments
        data = context.make_array(kind)(context, builder, array).data
        vector = ir.VectorType(context.get_data_type(kind.dtype), 4)
        source = builder.bitcast(builder.gep(data, [index]), vector.as_pointer())
        numbers = builder.load(source, align=ALIGNMENT)
        elements = [builder.extract_element(numbers, ir.Constant(ir.IntType(32), k)) for k in range(4)]
        return context.make_tuple(builder, signature.return_type, elements)

    return types.UniTuple(array.dtype, 4)(array, index), load


@device
def dot(sum_, a, b):
    """Return ``sum_`` plus four products."""
    sum_ = cuda.fma(a[0], b[0], sum_)
    sum_ = cuda.fma(a[1], b[1], sum_)
    sum_ = cuda.fma(a[2], b[2], sum_)
    return cuda.fma(a[3], b[3], sum_)


@device
def gate_dots(sums, offset, ai, af, ag, ao, b0, b1, b2, b3):
    """Add four products to the sum of each gate. ``b0`` to ``b3`` hold one weight for each gate, ``ai`` the inputs of i."""
    sums[offset] = dot(sums[offset], ai, (b0[0], b1[0], b2[0], b3[0]))
    sums[offset + 1] = dot(sums[offset + 1], af, (b0[1], b1[1], b2[1], b3[1]))
    sums[offset + 2] = dot(sums[offset + 2], ag, (b0[2], b1[2], b2[2], b3[2]))
    sums[offset + 3] = dot(sums[offset + 3], ao, (b0[3], b1[3], b2[3], b3[3]))
