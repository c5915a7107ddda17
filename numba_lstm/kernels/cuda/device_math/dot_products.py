"""Chains of additions, four terms at a time: what one load from shared memory brings.

Numba declares shared arrays with the alignment of their numbers alone, so the compiler would load one number after another. All
shared arrays here are whole multiples of 16 bytes, one behind the other; so is every place that :func:`four` is asked for.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from ..runtime.compiler import cuda, device

ALIGNMENT = 16


@intrinsic
def four(typing: Any, array: Any, place: Any) -> Any:
    """``array[place], ..., array[place + 3]`` by one load; ``place`` is an unsigned multiple of four."""

    def load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, (array, place) = signature.args[0], arguments
        data = context.make_array(kind)(context, builder, array).data
        vector = ir.VectorType(context.get_data_type(kind.dtype), 4)
        source = builder.bitcast(builder.gep(data, [place]), vector.as_pointer())
        numbers = builder.load(source, align=ALIGNMENT)
        parts = [builder.extract_element(numbers, ir.Constant(ir.IntType(32), k)) for k in range(4)]
        return context.make_tuple(builder, signature.return_type, parts)

    return types.UniTuple(array.dtype, 4)(array, place), load


@device
def dot(sum_, a, b):
    """``sum_`` and four products."""
    sum_ = cuda.fma(a[0], b[0], sum_)
    sum_ = cuda.fma(a[1], b[1], sum_)
    sum_ = cuda.fma(a[2], b[2], sum_)
    return cuda.fma(a[3], b[3], sum_)


@device
def gate_dots(sums, at, ai, af, ag, ao, b0, b1, b2, b3):
    """Four products to each of four gates: ``b0`` to ``b3`` hold the gates' weights of one term each, ``ai`` what i sees."""
    sums[at] = dot(sums[at], ai, (b0[0], b1[0], b2[0], b3[0]))
    sums[at + 1] = dot(sums[at + 1], af, (b0[1], b1[1], b2[1], b3[1]))
    sums[at + 2] = dot(sums[at + 2], ag, (b0[2], b1[2], b2[2], b3[2]))
    sums[at + 3] = dot(sums[at + 3], ao, (b0[3], b1[3], b2[3], b3[3]))
