"""Vectors as values: a Numba type for the floats of a SIMD register, and pointers to load it from.

Inside a kernel ``Vector(dtype, n)`` is an LLVM ``<n x float>``. LLVM keeps it in one register, or splits it over several.
Sizes are literal arguments: ``load(p, i, 8)`` inside a closure over ``V = 8`` is ``load(p, i, V)``.
"""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

from ..compiler.cpu_info import HOST

_LLVM = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}
SUFFIX = {types.float32: "f32", types.float64: "f64"}
MANTISSA = {types.float32: 23, types.float64: 52}
INT32 = ir.IntType(32)


class Vector(types.Type):
    """``n`` floats of one dtype."""

    def __init__(self, dtype: types.Float, n: int) -> None:
        self.dtype = dtype
        self.n = n
        super().__init__(name=f"Vector({dtype}, {n})")

    @property
    def llvm(self) -> ir.VectorType:
        """The LLVM type."""
        return ir.VectorType(_LLVM[self.dtype], self.n)

    @property
    def integers(self) -> ir.VectorType:
        """The LLVM type of integers of the same width."""
        return ir.VectorType(ir.IntType(self.dtype.bitwidth), self.n)


class Mask(types.Type):
    """``n`` truth values: the result of comparing vectors."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"Mask({n})")


class Bits(types.Type):
    """The integers behind ``n`` floats of one dtype."""

    def __init__(self, dtype: types.Float, n: int) -> None:
        self.dtype = dtype
        self.n = n
        super().__init__(name=f"Bits({dtype}, {n})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, fe_type.llvm)


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.VectorType(ir.IntType(1), fe_type.n))


@register_model(Bits)
class _BitsModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.VectorType(ir.IntType(fe_type.dtype.bitwidth), fe_type.n))


def broadcast(builder, scalar, ty: ir.VectorType):
    """An LLVM vector with ``scalar`` in every lane."""
    first = builder.insert_element(ir.Constant(ty, ir.Undefined), scalar, ir.Constant(INT32, 0))
    lanes = ir.Constant(ir.VectorType(INT32, ty.count), [0] * ty.count)
    return builder.shuffle_vector(first, ir.Constant(ty, ir.Undefined), lanes)


def constant(ty: ir.VectorType, value):
    """An LLVM vector constant."""
    return ir.Constant(ty, [value] * ty.count)


def fused(builder, vector: Vector, a, b, c):
    """``a * b + c`` rounded once; twice where the host has no such instruction (a library call there)."""
    if not HOST.fma:
        return builder.fadd(builder.fmul(a, b), c)
    name = f"llvm.fma.v{vector.n}{SUFFIX[vector.dtype]}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector.llvm, [vector.llvm] * 3), name)
    return builder.call(function, [a, b, c])


# -- pointers -------------------------------------------------------------------------------------------------------------


@intrinsic
def data(typingctx, array):
    """The address of an array's first element, as a pointer to its dtype. The caller keeps the array alive."""
    result = types.CPointer(array.dtype)

    def codegen(context, builder, sig, args):
        return context.make_array(array)(context, builder, args[0]).data

    return result(array), codegen


@intrinsic
def pointer(typingctx, address, like):
    """An address as a pointer of ``like``'s type."""

    def codegen(context, builder, sig, args):
        return builder.inttoptr(args[0], args[1].type)

    return like(types.intp, like), codegen


@intrinsic
def offset(typingctx, p, i):
    """``p`` moved on by ``i`` elements."""

    def codegen(context, builder, sig, args):
        return builder.gep(args[0], [args[1]])

    return p(p, types.intp), codegen


def element_pointer(builder, p, i, ty):
    """The address of element ``i`` as a pointer to a vector of LLVM type ``ty``."""
    return builder.bitcast(builder.gep(p, [i]), ty.as_pointer())


def unaligned_load(builder, vector: Vector, p, i):
    """Load a vector from element ``i`` on; only elements are aligned."""
    value = builder.load(element_pointer(builder, p, i, vector.llvm))
    value.align = vector.dtype.bitwidth // 8
    return value


def unaligned_store(builder, vector: Vector, p, i, value):
    """Store a vector from element ``i`` on."""
    done = builder.store(value, element_pointer(builder, p, i, vector.llvm))
    done.align = vector.dtype.bitwidth // 8


def prefetch(builder, p, i, level: int = 1) -> None:
    """Prefetch the cache line of element ``i``, which need not exist, to the L1 or L2 cache."""
    byte = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(ir.VoidType(), [byte, INT32, INT32, INT32]), "llvm.prefetch.p0i8"
    )
    builder.call(function, [builder.bitcast(builder.gep(p, [i]), byte), INT32(0), INT32(4 - level), INT32(1)])


@intrinsic
def fetch(typingctx, p, i, step, count):
    """Prefetch the cache lines of ``p[i + k * step]``, k < count."""

    def codegen(context, builder, sig, args):
        with cgutils.for_range(builder, args[3]) as loop:
            prefetch(builder, args[0], builder.add(args[1], builder.mul(loop.index, args[2])))
        return context.get_dummy_value()

    return types.void(p, types.intp, types.intp, types.intp), codegen


@intrinsic(prefer_literal=True)
def load(typingctx, p, i, n):
    """``n`` elements from ``p[i]`` on."""
    vector = Vector(p.dtype, n.literal_value)

    def codegen(context, builder, sig, args):
        return unaligned_load(builder, vector, args[0], args[1])

    return vector(p, types.intp, n), codegen


@intrinsic
def store(typingctx, p, i, v):
    """Write a vector to ``p[i]`` and on."""

    def codegen(context, builder, sig, args):
        unaligned_store(builder, v, args[0], args[1], args[2])
        return context.get_dummy_value()

    return types.void(p, types.intp, v), codegen


@intrinsic(prefer_literal=True)
def flags(typingctx, p, i, n):
    """A mask of ``n`` booleans from ``p[i]`` on, a byte each."""
    ty = ir.VectorType(ir.IntType(8), n.literal_value)

    def codegen(context, builder, sig, args):
        value = builder.load(element_pointer(builder, args[0], args[1], ty))
        value.align = 1
        return builder.icmp_unsigned("!=", value, constant(ty, 0))

    return Mask(n.literal_value)(p, types.intp, n), codegen


@intrinsic(prefer_literal=True)
def load_each(typingctx, p, i, n, times):
    """``n`` elements from ``p[i]`` on, each in ``times`` adjacent lanes."""
    narrow, lanes = Vector(p.dtype, n.literal_value), [k for k in range(n.literal_value) for _ in range(times.literal_value)]

    def codegen(context, builder, sig, args):
        value = unaligned_load(builder, narrow, args[0], args[1])
        mask = ir.Constant(ir.VectorType(INT32, len(lanes)), lanes)
        return builder.shuffle_vector(value, ir.Constant(narrow.llvm, ir.Undefined), mask)

    return Vector(p.dtype, len(lanes))(p, types.intp, n, times), codegen


@intrinsic(prefer_literal=True)
def splat(typingctx, p, value, n):
    """A vector of the dtype that ``p`` points to, ``value`` in all ``n`` lanes."""
    vector = Vector(p.dtype, n.literal_value)

    def codegen(context, builder, sig, args):
        scalar = context.cast(builder, args[1], sig.args[1], vector.dtype)
        return broadcast(builder, scalar, vector.llvm)

    return vector(p, value, n), codegen


@intrinsic
def like(typingctx, v, value):
    """A vector of ``v``'s type, ``value`` in all lanes."""

    def codegen(context, builder, sig, args):
        return broadcast(builder, context.cast(builder, args[1], sig.args[1], v.dtype), v.llvm)

    return v(v, value), codegen
