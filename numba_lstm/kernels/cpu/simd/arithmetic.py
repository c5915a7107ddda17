"""Arithmetic on vectors: Python's operators, and what they lack.

It is IEEE, never reassociated, and ``fma`` is the only fused operation, so a lane's bits do not depend on the vector's width.
"""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic

from .vector import INT32, MANTISSA, SUFFIX, Bits, Mask, Vector, broadcast, constant, fused


@intrinsic
def fma(typingctx, a, b, c):
    """``a * b + c``, rounded once. Scalars are broadcast to the vector's type."""
    vector = next(t for t in (a, b, c) if isinstance(t, Vector))

    def codegen(context, builder, sig, args):
        values = [_as_vector(context, builder, vector, t, v) for t, v in zip(sig.args, args, strict=True)]
        return fused(builder, vector, *values)

    return vector(a, b, c), codegen


def _as_vector(context, builder, vector, ty, value):
    """Return an operand as a vector: itself, or a scalar broadcast in the vector's dtype (never a wider one)."""
    if isinstance(ty, Vector):
        return value
    return broadcast(builder, context.cast(builder, value, ty, vector.dtype), vector.llvm)


def _operands(args):
    """Return the vector type of a binary operation's arguments, or None if they are not vectors of one type."""
    vectors = [a for a in args if isinstance(a, Vector)]
    if not vectors or any(v != vectors[0] for v in vectors):
        return None
    if not all(isinstance(a, Vector | types.Number) for a in args):
        return None
    return vectors[0]


def _binary(op, emit, returns_mask: bool = False) -> None:
    """Define a Python operator on vectors, and on a vector with a scalar."""

    @infer_global(op)
    class Template(AbstractTemplate):
        def generic(self, args, kws):
            vector = _operands(args)
            if vector is None or len(args) != 2:
                return None
            return signature(Mask(vector.n) if returns_mask else vector, *args)

    def lower(context, builder, sig, args):
        vector = _operands(sig.args)
        return emit(builder, *(_as_vector(context, builder, vector, t, v) for t, v in zip(sig.args, args, strict=True)))

    for left, right in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(op, left, right)(lower)


_binary(operator.add, lambda b, x, y: b.fadd(x, y))
_binary(operator.sub, lambda b, x, y: b.fsub(x, y))
_binary(operator.mul, lambda b, x, y: b.fmul(x, y))
_binary(operator.truediv, lambda b, x, y: b.fdiv(x, y))
_binary(operator.lt, lambda b, x, y: b.fcmp_ordered("<", x, y), returns_mask=True)
_binary(operator.le, lambda b, x, y: b.fcmp_ordered("<=", x, y), returns_mask=True)
_binary(operator.gt, lambda b, x, y: b.fcmp_ordered(">", x, y), returns_mask=True)
_binary(operator.ge, lambda b, x, y: b.fcmp_ordered(">=", x, y), returns_mask=True)
_binary(operator.eq, lambda b, x, y: b.fcmp_ordered("==", x, y), returns_mask=True)
_binary(operator.ne, lambda b, x, y: b.fcmp_unordered("!=", x, y), returns_mask=True)


@infer_global(operator.neg)
class _Negative(AbstractTemplate):
    def generic(self, args, kws):
        return signature(args[0], *args) if isinstance(args[0], Vector) else None


@lower_builtin(operator.neg, Vector)
def _negative(context, builder, sig, args):
    return builder.fneg(args[0])


@intrinsic
def select(typingctx, mask, a, b):
    """``a`` where the mask is true, else ``b``, lane by lane."""
    vector = a if isinstance(a, Vector) else b

    def codegen(context, builder, sig, args):
        x = _as_vector(context, builder, vector, sig.args[1], args[1])
        y = _as_vector(context, builder, vector, sig.args[2], args[2])
        return builder.select(args[0], x, y)

    return vector(mask, a, b), codegen


def library(name: str):
    """An LLVM intrinsic of vectors of one type. Where the processor has no such instruction, it is a call for each lane."""

    @intrinsic
    def function(typingctx, *vectors):
        v = vectors[0]

        def codegen(context, builder, sig, args):
            values = [builder.extract_value(args[0], k) for k in range(len(vectors))]
            ty = ir.FunctionType(v.llvm, [v.llvm] * len(values))
            llvm = cgutils.get_or_insert_function(builder.module, ty, f"llvm.{name}.v{v.n}{SUFFIX[v.dtype]}")
            return builder.call(llvm, values)

        return v(types.StarArgTuple(vectors)), codegen

    return function


sqrt, power = library("sqrt"), library("pow")


@intrinsic
def absolute(typingctx, v):
    """``abs(v)``."""

    def codegen(context, builder, sig, args):
        keep = constant(v.integers, (1 << (v.dtype.bitwidth - 1)) - 1)
        return builder.bitcast(builder.and_(builder.bitcast(args[0], v.integers), keep), v.llvm)

    return v(v), codegen


@intrinsic
def copysign(typingctx, magnitude, sign):
    """``magnitude`` (not negative) with the sign of ``sign``."""

    def codegen(context, builder, sig, args):
        ty = magnitude.integers
        bit = builder.and_(builder.bitcast(args[1], ty), constant(ty, 1 << (magnitude.dtype.bitwidth - 1)))
        return builder.bitcast(builder.or_(builder.bitcast(args[0], ty), bit), magnitude.llvm)

    return magnitude(magnitude, sign), codegen


def _narrow(builder, k):
    """Return small integers in 32 bits: few processors convert 64-bit integers to floats."""
    return builder.trunc(k, ir.VectorType(INT32, k.type.count)) if k.type.element.width > 32 else k


@intrinsic
def split_exponent(typingctx, v):
    """``(k, m)`` with ``v = m * 2**k`` and m in [sqrt(1/2), sqrt(2)), for normal positive v; k is as floating as v."""
    result = types.Tuple((v, v))
    half_root = {types.float32: 0x3F3504F3, types.float64: 0x3FE6A09E667F3BCD}[v.dtype]  # the bits of sqrt(1/2)

    def codegen(context, builder, sig, args):
        bits = builder.bitcast(args[0], v.integers)
        shift = constant(v.integers, MANTISSA[v.dtype])
        k = builder.ashr(builder.sub(bits, constant(v.integers, half_root)), shift)
        m = builder.bitcast(builder.sub(bits, builder.shl(k, shift)), v.llvm)
        return context.make_tuple(builder, result, [builder.sitofp(_narrow(builder, k), v.llvm), m])

    return result(v), codegen


@intrinsic
def power_of_two(typingctx, v):
    """``2**v`` for an integer v whose result is normal."""

    def codegen(context, builder, sig, args):
        bias = (1 << (v.dtype.bitwidth - 2 - MANTISSA[v.dtype])) - 1
        whole = builder.fptosi(args[0], ir.VectorType(INT32, v.n))
        whole = whole if v.dtype == types.float32 else builder.sext(whole, v.integers)
        biased = builder.add(whole, constant(v.integers, bias))
        return builder.bitcast(builder.shl(biased, constant(v.integers, MANTISSA[v.dtype])), v.llvm)

    return v(v), codegen


@intrinsic
def nearest(typingctx, v):
    """Return ``(n, bits)``: v rounded to an integer (half to even), for ``abs(v) < 2**21``, and n's low bits as an integer.

    Adding ``1.5 * 2**mantissa`` leaves n in the lowest bits of the sum.
    """
    magic = 1.5 * 2.0 ** MANTISSA[v.dtype]
    result = types.Tuple((v, Bits(v.dtype, v.n)))

    def codegen(context, builder, sig, args):
        shifted = builder.fadd(args[0], constant(v.llvm, magic))
        n = builder.fsub(shifted, constant(v.llvm, magic))
        return context.make_tuple(builder, result, [n, builder.bitcast(shifted, v.integers)])

    return result(v), codegen


def power_near(factor: float, less: int = 0):
    """Return an intrinsic for ``(n, 2**(n - less))`` with n = ``factor * v`` rounded (once, with an fma).

    The power must be normal. As in :func:`nearest` n comes to the lowest bits of a sum, here with the exponent's bias, so that
    a shift makes the power. Of NaN the power is any number, and n is NaN.
    """

    @intrinsic
    def power(typingctx, v):
        bias = (1 << (v.dtype.bitwidth - 2 - MANTISSA[v.dtype])) - 1
        magic = 1.5 * 2.0 ** MANTISSA[v.dtype] + bias - less
        result = types.Tuple((v, v))

        def codegen(context, builder, sig, args):
            shifted = fused(builder, v, args[0], constant(v.llvm, factor), constant(v.llvm, magic))
            n = builder.fsub(shifted, constant(v.llvm, magic))
            bits = builder.shl(builder.bitcast(shifted, v.integers), constant(v.integers, MANTISSA[v.dtype]))
            return context.make_tuple(builder, result, [n, builder.bitcast(bits, v.llvm)])

        return result(v), codegen

    return power


def polynomial(single, double):
    """An intrinsic that evaluates a polynomial by Horner's rule: coefficients from the constant up, for each dtype."""
    coefficients = {types.float32: single, types.float64: double}

    @intrinsic
    def evaluate(typingctx, v):
        def codegen(context, builder, sig, args):
            *low, result = (constant(v.llvm, c) for c in coefficients[v.dtype])
            for c in reversed(low):
                result = fused(builder, v, args[0], result, c)
            return result

        return v(v), codegen

    return evaluate


@intrinsic(prefer_literal=True)
def by_dtype(typingctx, v, single, double):
    """The constant for ``v``'s dtype, in all lanes."""
    literal = {types.float32: single, types.float64: double}[v.dtype]

    def codegen(context, builder, sig, args):
        value = args[1] if v.dtype == types.float32 else args[2]
        return broadcast(builder, context.cast(builder, value, types.unliteral(literal), v.dtype), v.llvm)

    return v(v, single, double), codegen
