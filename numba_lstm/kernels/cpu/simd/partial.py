"""Loads and stores of the first lanes of a vector, by masked instructions: no other element is touched."""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .vector import INT32, SUFFIX, Vector, broadcast, constant, element_pointer


def _first_lanes(builder, count, n: int):
    """Return a mask of the first ``count`` of n lanes."""
    numbers = ir.VectorType(INT32, n)
    limit = broadcast(builder, builder.trunc(count, INT32), numbers)
    return builder.icmp_signed("<", ir.Constant(numbers, list(range(n))), limit)


def _masked(builder, kind: str, vector: Vector, result, arguments):
    """Return the call of ``llvm.masked.load`` or ``llvm.masked.store``."""
    suffix = f"v{vector.n}{SUFFIX[vector.dtype]}"
    name = f"llvm.masked.{kind}.{suffix}.p0{suffix}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, [a.type for a in arguments]), name)
    return builder.call(function, arguments)


def masked_load(builder, vector: Vector, p, i, count):
    """Load the first ``count`` lanes of a vector from element ``i`` on, and zeros in the other lanes."""
    place, align = element_pointer(builder, p, i, vector.llvm), INT32(vector.dtype.bitwidth // 8)
    mask = _first_lanes(builder, count, vector.n)
    return _masked(builder, "load", vector, vector.llvm, [place, align, mask, constant(vector.llvm, 0.0)])


@intrinsic(prefer_literal=True)
def load_first(typingctx, p, i, count, n):
    """The first ``count`` of ``n`` elements from ``p[i]`` on, and zeros in the other lanes."""
    vector = Vector(p.dtype, n.literal_value)

    def codegen(context, builder, sig, args):
        return masked_load(builder, vector, *args[:3])

    return vector(p, types.intp, types.intp, n), codegen


@intrinsic
def store_first(typingctx, p, i, v, count):
    """Write the first ``count`` lanes of a vector to ``p[i]`` and on."""

    def codegen(context, builder, sig, args):
        place, align = element_pointer(builder, args[0], args[1], v.llvm), INT32(v.dtype.bitwidth // 8)
        _masked(builder, "store", v, ir.VoidType(), [args[2], place, align, _first_lanes(builder, args[3], v.n)])
        return context.get_dummy_value()

    return types.void(p, types.intp, v, types.intp), codegen
