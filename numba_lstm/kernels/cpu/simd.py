"""Vectors as values: a Numba type for a SIMD register's worth of floats, its operators, and pointers to load it from.

Inside a kernel ``Vector(dtype, n)`` is an LLVM ``<n x float>``. LLVM keeps it in one register, or splits it over several;
arithmetic is IEEE, never reassociated, and ``fma`` is the only fused operation, so a lane's bits do not depend on ``n``.
Sizes are literal arguments: ``load(p, i, 8)`` inside a closure over ``V = 8`` is ``load(p, i, V)``.
"""

# Intrinsics take (typing context, types...) and answer (signature, code generator): Numba's convention.
from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

from .host import HOST

_LLVM = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}
_SUFFIX = {types.float32: "f32", types.float64: "f64"}
_MANTISSA = {types.float32: 23, types.float64: 52}
_I32 = ir.IntType(32)


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
    """``n`` truth values: what comparing vectors answers."""

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
    first = builder.insert_element(ir.Constant(ty, ir.Undefined), scalar, ir.Constant(_I32, 0))
    lanes = ir.Constant(ir.VectorType(_I32, ty.count), [0] * ty.count)
    return builder.shuffle_vector(first, ir.Constant(ty, ir.Undefined), lanes)


def constant(ty: ir.VectorType, value):
    """An LLVM vector constant."""
    return ir.Constant(ty, [value] * ty.count)


def fused(builder, vector: Vector, a, b, c):
    """``a * b + c`` rounded once; twice where the host has no such instruction (a library call there)."""
    if not HOST.fma:
        return builder.fadd(builder.fmul(a, b), c)
    name = f"llvm.fma.v{vector.n}{_SUFFIX[vector.dtype]}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector.llvm, [vector.llvm] * 3), name)
    return builder.call(function, [a, b, c])


# -- pointers -------------------------------------------------------------------------------------------------------------


@intrinsic
def data(typingctx, array):
    """The address of an array's first element, as a pointer to its dtype. Whoever passed the array keeps it alive."""
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
    """Load a vector from element ``i`` on; no alignment but the element's own."""
    value = builder.load(element_pointer(builder, p, i, vector.llvm))
    value.align = vector.dtype.bitwidth // 8
    return value


def unaligned_store(builder, vector: Vector, p, i, value):
    """Store a vector from element ``i`` on."""
    done = builder.store(value, element_pointer(builder, p, i, vector.llvm))
    done.align = vector.dtype.bitwidth // 8


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
                mask = ir.VectorType(_I32, size)
                rows[r] = builder.shuffle_vector(a, b, ir.Constant(mask, low))
                rows[r + step] = builder.shuffle_vector(a, b, ir.Constant(mask, high))
            step //= 2
        for r, row in enumerate(rows):
            unaligned_store(builder, vector, q, builder.mul(q_rows, index(r)), row)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp, n), codegen


# -- arithmetic -----------------------------------------------------------------------------------------------------------


@intrinsic
def fma(typingctx, a, b, c):
    """``a * b + c``, rounded once. Scalars are broadcast to the vector's type."""
    vector = next(t for t in (a, b, c) if isinstance(t, Vector))

    def codegen(context, builder, sig, args):
        values = [_as_vector(context, builder, vector, t, v) for t, v in zip(sig.args, args, strict=True)]
        return fused(builder, vector, *values)

    return vector(a, b, c), codegen


def _as_vector(context, builder, vector, ty, value):
    """Operand as a vector: itself, or a scalar broadcast in the vector's dtype (never a wider one)."""
    if isinstance(ty, Vector):
        return value
    return broadcast(builder, context.cast(builder, value, ty, vector.dtype), vector.llvm)


def _operands(args):
    """The vector type of a binary operation's arguments, or None where it is none of ours."""
    vectors = [a for a in args if isinstance(a, Vector)]
    if not vectors or any(v != vectors[0] for v in vectors):
        return None
    if not all(isinstance(a, Vector | types.Number) for a in args):
        return None
    return vectors[0]


def _binary(op, emit, answers_mask: bool = False) -> None:
    """Give a Python operator its meaning on vectors and on a vector with a scalar."""

    @infer_global(op)
    class Template(AbstractTemplate):
        def generic(self, args, kws):
            vector = _operands(args)
            if vector is None or len(args) != 2:
                return None
            return signature(Mask(vector.n) if answers_mask else vector, *args)

    def lower(context, builder, sig, args):
        vector = _operands(sig.args)
        return emit(builder, *(_as_vector(context, builder, vector, t, v) for t, v in zip(sig.args, args, strict=True)))

    for left, right in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(op, left, right)(lower)


_binary(operator.add, lambda b, x, y: b.fadd(x, y))
_binary(operator.sub, lambda b, x, y: b.fsub(x, y))
_binary(operator.mul, lambda b, x, y: b.fmul(x, y))
_binary(operator.truediv, lambda b, x, y: b.fdiv(x, y))
_binary(operator.lt, lambda b, x, y: b.fcmp_ordered("<", x, y), answers_mask=True)
_binary(operator.le, lambda b, x, y: b.fcmp_ordered("<=", x, y), answers_mask=True)
_binary(operator.gt, lambda b, x, y: b.fcmp_ordered(">", x, y), answers_mask=True)
_binary(operator.ge, lambda b, x, y: b.fcmp_ordered(">=", x, y), answers_mask=True)
_binary(operator.eq, lambda b, x, y: b.fcmp_ordered("==", x, y), answers_mask=True)


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


@intrinsic
def square_root(typingctx, v):
    """``sqrt(v)``, correctly rounded."""

    def codegen(context, builder, sig, args):
        name = f"llvm.sqrt.v{v.n}{_SUFFIX[v.dtype]}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(v.llvm, [v.llvm]), name)
        return builder.call(function, args)

    return v(v), codegen


@intrinsic
def nearest(typingctx, v):
    """``(n, bits)``: v rounded to whole numbers (to even), for ``abs(v) < 2**21``, and n's two's complement in the low bits.

    Adding ``1.5 * 2**mantissa`` leaves n in the lowest bits of the sum, ready for :func:`scale`.
    """
    magic = 1.5 * 2.0 ** _MANTISSA[v.dtype]
    result = types.Tuple((v, Bits(v.dtype, v.n)))

    def codegen(context, builder, sig, args):
        shifted = builder.fadd(args[0], constant(v.llvm, magic))
        n = builder.fsub(shifted, constant(v.llvm, magic))
        return context.make_tuple(builder, result, [n, builder.bitcast(shifted, v.integers)])

    return result(v), codegen


@intrinsic
def scale(typingctx, v, bits):
    """``v * 2**n`` with n from :func:`nearest`, by adding to the exponent: v and the result must be normal."""

    def codegen(context, builder, sig, args):
        shifted = builder.shl(args[1], constant(v.integers, _MANTISSA[v.dtype]))
        return builder.bitcast(builder.add(builder.bitcast(args[0], v.integers), shifted), v.llvm)

    return v(v, bits), codegen


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
