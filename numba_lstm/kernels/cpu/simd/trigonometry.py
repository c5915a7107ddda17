"""sin, cos, tan, their inverses and erf on vectors.

``x = n pi/2 + r`` with n whole and r at most pi/4 in magnitude, where pi/2 is a sum of parts: with ``fma`` three of full
length, otherwise short ones whose products with n are exact. So r has full relative precision up to :data:`_LIMITS`. Lanes
beyond call the functions of the C library. The near-minimax polynomials (Chebyshev nodes) are wrong by 2e-9 in float32 and
1.4e-17 in float64. sin, cos, arctan and arctan2 are within 2 units in the last place, tan, arcsin, arccos and erf within 3,
erfc within 16 up to 9, beyond which it has the error of exp. NaN, infinities and zeros of both signs give what NumPy's
functions give.
"""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from ..compiler.jit import inlined
from .arithmetic import absolute, by_dtype, copysign, fma, library, polynomial, select, sqrt
from .vector import SUFFIX, constant, like
from .vmath import HAS_FMA, erfc_of_positive, maximum, minimum

floor, ceil, rint = library("floor"), library("ceil"), library("rint")

#: Largest magnitude whose quotient by pi/2 has exact products with the parts of pi/2, for float32 and float64.
_LIMITS = (524288.0, 2.0**30) if HAS_FMA else (2048.0, 2.0**20)

_sine = polynomial(
    (-0.166666666637413677, 0.00833333183062942836, -0.000198400630408041169, 2.72468687228779445e-6),
    (
        -0.166666666666666667, 0.00833333333333333138, -0.000198412698412648216, 2.75573192191507816e-6,
        -2.50521061673357064e-8, 1.60585213499549863e-10, -7.58609478967262007e-13,
    ),
)  # fmt: skip
_cosine = polynomial(
    (0.0416666645988279801, -0.00138882913005569332, 0.0000245454190783532953),
    (
        0.0416666666666666653, -0.00138888888888873212, 0.0000248015872986512916, -2.75573172126865901e-7,
        2.08761340240901462e-9, -1.13817546536629368e-11,
    ),
)  # fmt: skip
# (atan(t) / t - 1) / t^2 in t^2 on [0, tan(pi/8)^2]
_arctangent = polynomial(
    (-0.333333316864519456, 0.199995233972277078, -0.142633665797256098, 0.107373969671627199, -0.0643103871071544206),
    (
        -0.333333333333333332, 0.199999999999997838, -0.142857142856546389, 0.111111111046522548, -0.0909090872858745904,
        0.0769229565832787351, -0.0666641207772527434, 0.0587878246944398118, -0.0522938047378184059, 0.0454671950955516654,
        -0.0344458444235773849, 0.0161482285467718696,
    ),
)  # fmt: skip
# erf(x) / x in x^2 on [0, 1]
_erf_ratio = polynomial(
    (
        1.12837916584835095, -0.37612626666720331, 0.112835947151602177, -0.0268542120106264124, 0.00518908742343397399,
        -0.000801686428716586953, 0.0000787587506268548834,
    ),
    (
        1.12837916709551257, -0.376126389031837481, 0.112837916709548787, -0.0268661706450767932, 0.00522397762481801447,
        -0.000854832698083378991, 0.000120553311116427109, -0.0000149255952668311816, 1.6461000484121368e-6,
        -1.6350312701054695e-7, 1.46597752740474358e-8, -1.13728488566917737e-9, 5.9571761477489114e-11,
    ),
)  # fmt: skip


def _library_beyond(name: str):
    """Return an intrinsic that replaces ``value`` by the C library's function of x where x is beyond :data:`_LIMITS`."""

    @intrinsic
    def function(typingctx, x, value):
        limit = _LIMITS[0 if x.dtype == types.float32 else 1]

        def codegen(context, builder, sig, args):
            keep = constant(x.integers, (1 << (x.dtype.bitwidth - 1)) - 1)
            size = builder.bitcast(builder.and_(builder.bitcast(args[0], x.integers), keep), x.llvm)
            far = builder.fcmp_ordered(">", size, constant(x.llvm, limit))
            some = builder.icmp_unsigned("!=", builder.bitcast(far, ir.IntType(x.n)), ir.Constant(ir.IntType(x.n), 0))
            before = builder.basic_block
            scalar = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(x.llvm.element, [x.llvm.element]), f"llvm.{name}.{SUFFIX[x.dtype]}"
            )
            with builder.if_then(some, likely=False):
                result = args[1]
                for k in range(x.n):
                    lane = ir.Constant(ir.IntType(32), k)
                    exact = builder.call(scalar, [builder.extract_element(args[0], lane)])
                    chosen = builder.select(builder.extract_element(far, lane), exact, builder.extract_element(args[1], lane))
                    result = builder.insert_element(result, chosen, lane)
                inside = builder.basic_block
            merged = builder.phi(x.llvm)
            merged.add_incoming(args[1], before)
            merged.add_incoming(result, inside)
            return merged

        return x(x, value), codegen

    return function


_far_sine, _far_cosine = _library_beyond("sin"), _library_beyond("cos")


@inlined
def _quarter_turns(x):
    """Return ``(q, r)``: n modulo 4, and r."""
    n = rint(x * 0.6366197723675814)
    if HAS_FMA:
        r = fma(n, by_dtype(x, -1.5707963705062866, -1.5707963267948966), x)
        r = fma(n, by_dtype(x, 4.3711388286737929e-8, -6.1232339957367661e-17), r)
        r = fma(n, by_dtype(x, 1.7151245100058819e-15, 1.4973849048591698e-33), r)
    else:
        r = x - n * by_dtype(x, 1.5703125, 1.5707963267341256)
        r = r - n * by_dtype(x, 0.0004837512969970703, 6.077100506303966e-11)
        r = r - n * by_dtype(x, 7.549533620476723e-8, 2.0222662487111665e-21)
        r = r - n * by_dtype(x, 2.5632829192545614e-12, 8.478427660348229e-32)
    return n - floor(n * 0.25) * 4.0, r


@inlined
def _sine_of(r):
    square = r * r
    return fma(r * square, _sine(square), r)


@inlined
def _cosine_of(r):
    square = r * r
    return fma(square, fma(square, _cosine(square), -0.5), like(r, 1.0))


@inlined
def sin(x):
    """sin(x)."""
    q, r = _quarter_turns(x)
    y = select(absolute(q - 2.0) == 1.0, _cosine_of(r), _sine_of(r))
    return _far_sine(x, select(x == 0.0, x, select(q > 1.0, -y, y)))


@inlined
def cos(x):
    """cos(x)."""
    q, r = _quarter_turns(x)
    y = select(absolute(q - 2.0) == 1.0, _sine_of(r), _cosine_of(r))
    return _far_cosine(x, select(absolute(q - 1.5) < 1.0, -y, y))


@inlined
def tan(x):
    """tan(x), the quotient of sine and cosine."""
    q, r = _quarter_turns(x)
    s, c = _sine_of(r), _cosine_of(r)
    odd = absolute(q - 2.0) == 1.0
    y = select(odd, -c, s) / select(odd, s, c)
    far = like(x, 0.0)
    return select(
        absolute(x) > by_dtype(x, _LIMITS[0], _LIMITS[1]), _far_sine(x, far) / _far_cosine(x, far), select(x == 0.0, x, y)
    )


@inlined
def _arctangent_of(y, x):
    """arctan(y / x) for numbers that are not negative; NaN where one is."""
    infinite = minimum(x, y) == float("inf")
    scale = select(maximum(x, y) > by_dtype(x, 2.0**125, 2.0**1021), by_dtype(x, 0.25, 0.25), 1.0)
    a, b = select(infinite, 1.0, y * scale), select(infinite, 1.0, x * scale)
    steep = a > b
    n, d = select(steep, b, a), select(steep, a, b)
    middle = n > d * 0.41421356237309503
    t = select(middle, n - d, n) / select(middle, n + d, select(d == 0.0, 1.0, d))
    square = t * t
    low = select(middle, by_dtype(x, -2.1855694143368964e-8, 3.061616997868383e-17), 0.0)
    y0 = fma(t * square, _arctangent(square), low) + t
    y0 = select(middle, y0 + 0.7853981633974483, y0)
    half, rest = by_dtype(x, 1.5707963705062866, 1.5707963267948966), by_dtype(x, -4.3711388286737929e-8, 6.123233995736766e-17)
    return select(steep, half - (y0 - rest), y0)


@inlined
def _nan_of(x, y):
    """y, but NaN where x is."""
    return select(x == x, y, x)


@inlined
def arctan(x):
    """arctan(x)."""
    return _nan_of(x, copysign(_arctangent_of(absolute(x), like(x, 1.0)), x))


@inlined
def _angle(y, x):
    """The angle of a point from 0 to pi for ``y >= 0``."""
    angle = _arctangent_of(y, absolute(x))
    turned = by_dtype(x, 3.1415927410125732, 3.141592653589793) - (
        angle - by_dtype(x, -8.7422776573475858e-8, 1.2246467991473532e-16)
    )
    return select(copysign(like(x, 1.0), x) < 0.0, turned, angle)


@inlined
def arctan2(y, x):
    """The angle of the point (x, y) from -pi to pi."""
    return _nan_of(x, _nan_of(y, copysign(_angle(absolute(y), x), y)))


@inlined
def _other_side(x):
    """sqrt(1 - x^2); NaN beyond 1."""
    size = absolute(x)
    return sqrt((1.0 - size) * (size + 1.0))


@inlined
def arcsin(x):
    """arcsin(x); NaN beyond 1."""
    other = _other_side(x)
    return _nan_of(other, copysign(_arctangent_of(absolute(x), other), x))


@inlined
def arccos(x):
    """arccos(x); NaN beyond 1."""
    other = _other_side(x)
    return _nan_of(other, _angle(other, x))


@inlined
def erf(x):
    """The error function."""
    size = absolute(x)
    far = copysign(1.0 - erfc_of_positive(size), x)
    return select(size < 1.0, x * _erf_ratio(x * x), far)


@inlined
def erfc(x):
    """1 - erf(x), without cancellation: zero where it would be denormal."""
    tail = select(absolute(x) > by_dtype(x, 9.19, 26.5), 0.0, erfc_of_positive(absolute(x)))
    return _nan_of(x, select(x < 0.0, 2.0 - tail, tail))
