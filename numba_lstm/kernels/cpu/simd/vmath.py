"""exp, log, tanh, sigmoid, ... on vectors.

Everything exponential is one scheme: ``n = round(x / log 2)``, ``r = x - n log 2``, ``exp x = 2**n (1 + r q(r))`` with q the
near-minimax polynomial of ``expm1(r) / r`` on ``abs(r) <= log(2) / 2`` (Chebyshev nodes; relative error 1.2e-8 in float32,
2.8e-19 in float64). One constant for log 2 suffices, since ``fma`` keeps ``x - n log 2`` exact but for n times the constant's
own error. Comparisons are ordered so that NaN passes: ``x > limit`` is false for NaN and selects x itself.
"""

from __future__ import annotations

from ..compiler.cpu_info import HOST
from ..compiler.jit import inlined
from .arithmetic import absolute, by_dtype, copysign, fma, polynomial, power_near, power_of_two, select, split_exponent
from .vector import like

LOG2E = 1.4426950408889634
LOG2 = 0.6931471805599453
HAS_FMA = HOST.fma

_power = power_near(LOG2E)
_half_power = power_near(LOG2E, less=1)  # so that 2**128 is never needed
_square_power = power_near(2.0 * LOG2E)
_inverse_power = power_near(-LOG2E)

_EXPM1_RATIO = (
    (1.0, 0.500000001362013868, 0.166665039637093043, 0.0416664633863395269, 0.00836929216505580311, 0.00139338204897760193),
    (
        1.0, 0.5, 0.166666666666666811, 0.041666666666666677, 0.00833333333331937925, 0.00138888888888789238,
        0.000198412698906356881, 0.0000248015873368416218, 2.75572402898052645e-6, 2.75572628524703981e-7,
        2.5110269804375772e-8, 2.09182952664352725e-9,
    ),
)  # fmt: skip
_expm1_ratio = polynomial(*_EXPM1_RATIO)
_minus_expm1_ratio_of_minus = polynomial(*([c if k % 2 else -c for k, c in enumerate(row)] for row in _EXPM1_RATIO))
_twice_expm1_ratio_of_twice = polynomial(*([c * 2.0 ** (k + 1) for k, c in enumerate(row)] for row in _EXPM1_RATIO))

# atanh(s) / s in s^2 on [0, 1/9]
_atanh_ratio = polynomial(
    (1.00000000384087944, 0.333331608206888866, 0.20012297615351874, 0.139825788725986344, 0.140788891815545403),
    (
        1.0, 0.333333333333333331, 0.20000000000000134, 0.142857142856878258, 0.11111111113820866, 0.0909090892609061359,
        0.0769231411063232102, 0.0666649976019258537, 0.0588530927762415459, 0.0522747375776543135, 0.0504909273431702978,
        0.0289270449883382503, 0.0803628306733913592,
    ),
)  # fmt: skip

# (1 + 2 x) exp(x^2) erfc(x) in t = (x - k) / (x + k), k = 2 and 3: the form of Shepherd & Laframboise (1981)
_erfc_scaled = polynomial(
    (
        1.27697837921810133, -0.0927640961704279673, -0.16603073236221124, 0.164057612638469261, -0.054208943105883963,
        -0.00807160501785662009, 0.00863922774126845274, 0.00133330949834583944, -0.00123017205314779713,
        -0.000407469280552583735,
    ),
    (
        1.25300805826972963, -0.135621106124580736, -0.0475622943534452285, 0.129645158702710968, -0.119273663415584373,
        0.0683080273456290056, -0.0237705149131881836, 0.00252939179092522605, 0.00188869030220122562,
        -0.000779832060407033944, -0.000105159438659029425, 0.0001250982671472729, 4.94798820449212103e-6,
        -0.0000200970053775790858, -7.27306277418468065e-7, 3.46476791397870965e-6, 3.48758099660940837e-7,
        -6.05978073937786897e-7, -1.31135972398923479e-7, 9.25506490453012875e-8, 3.30939647679923076e-8,
        -8.7085507804314208e-9, -4.30108775426581762e-9,
    ),
)  # fmt: skip


@inlined
def minimum(x, limit):
    """The smaller of x and ``limit``; NaN where x is."""
    return select(x > limit, limit, x)


@inlined
def maximum(x, limit):
    """The larger of x and ``limit``; NaN where x is."""
    return select(x < limit, limit, x)


@inlined
def rest(n, x):
    """``x - n log 2``, without loss: one fma, or two steps whose first is exact since its constant is short."""
    if HAS_FMA:
        return fma(n, -LOG2, x)
    high, low = by_dtype(x, 0.693359375, 0.693147180369123816), by_dtype(x, -2.12194440e-4, 1.90821492927058770e-10)
    return x - n * high - n * low


@inlined
def half_rest(n, x):
    """``x - n log(2) / 2``, computed like :func:`rest`."""
    if HAS_FMA:
        return fma(n, -0.5 * LOG2, x)
    return rest(n * 0.5, x)


@inlined
def exp(x):
    """exp(x): infinity above the largest finite result, zero below twice the smallest normal one."""
    low = by_dtype(x, -86.6434, -707.70327)
    high = by_dtype(x, 88.72283, 709.782712893384)
    clamped = maximum(minimum(x, high), low)
    n, half = _half_power(clamped)
    r = rest(n, clamped)
    value = half * fma(r, _expm1_ratio(r), like(x, 1.0)) * 2.0
    return select(x > high, float("inf"), select(x < low, 0.0, value))


@inlined
def larger(a, b):
    """The larger of a and b; NaN where one is."""
    return select(a > b, a, select(a == a, b, a))


@inlined
def smaller(a, b):
    """The smaller of a and b; NaN where one is."""
    return select(a < b, a, select(a == a, b, a))


@inlined
def sign(x):
    """-1, 0 or 1; NaN where x is."""
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, x))


@inlined
def expm1(x):
    """exp(x) - 1, without cancellation."""
    low, high = by_dtype(x, -20.0, -40.0), by_dtype(x, 88.72283, 709.782712893384)
    clamped = maximum(minimum(x, high), low)
    n, half = _half_power(clamped)
    r = rest(n, clamped)
    return select(x > high, float("inf"), fma(half, r * _expm1_ratio(r), half - 0.5) * 2.0)


@inlined
def expm1_negative(x):
    """exp(x) - 1 for x <= 0, with fewer operations."""
    clamped = maximum(x, by_dtype(x, -20.0, -40.0))
    n, power = _power(clamped)
    r = rest(n, clamped)
    return fma(power, r * _expm1_ratio(r), power - 1.0)


@inlined
def sigmoid(x):
    """1 / (1 + exp(-x)), with full relative precision down to the smallest normal number."""
    limit = by_dtype(x, 87.0, 707.0)
    clamped = maximum(minimum(x, limit), -limit)
    n, power = _inverse_power(clamped)
    r = rest(-n, clamped)  # exp(-r) is 1 - r q(-r)
    return like(x, 1.0) / fma(power, fma(r, _minus_expm1_ratio_of_minus(r), like(x, 1.0)), like(x, 1.0))


@inlined
def tanh(x):
    """tanh(x) = e / (e + 2) with e = expm1(2 abs x): full relative precision, and never beyond 1."""
    size = minimum(absolute(x), by_dtype(x, 10.0, 20.0))
    n, power = _square_power(size)
    r = half_rest(n, size)
    e = fma(power, r * _twice_expm1_ratio_of_twice(r), power - 1.0)
    return copysign(e / (e + 2.0), x)


@inlined
def _log_of_parts(k, f):
    """k log 2 + log(1 + f) for f from sqrt(1/2) - 1 to sqrt(2) - 1: log(1 + f) = 2 atanh(f / (2 + f))."""
    s = f / (f + 2.0)
    high, low = by_dtype(f, 0.693359375, 0.693147180369123816), by_dtype(f, -2.12194440e-4, 1.90821492927058770e-10)
    return k * high + fma(k, low, s * 2.0 * _atanh_ratio(s * s))


@inlined
def log(x):
    """log(x) with full relative precision; of 0 it is -infinity, of less NaN."""
    small = x < by_dtype(x, 2.0**-126, 2.0**-1022)
    k, m = split_exponent(select(small, x * by_dtype(x, 2.0**24, 2.0**53), x))
    y = _log_of_parts(k - select(small, by_dtype(x, 24.0, 53.0), 0.0), m - 1.0)
    return _with_ends(x, y)


@inlined
def log1p(x):
    """log(1 + x) with full relative precision; of -1 it is -infinity, of less NaN.

    With 1 + x in [sqrt(1/2), sqrt(2)) times 2**k, what is above 2**k is rounded once, from x itself.
    """
    near = minimum(x, by_dtype(x, 2.0**30, 2.0**60))  # beyond, log(x) is the same
    k, _ = split_exponent(near + 1.0)
    share = power_of_two(-k)
    far, m = split_exponent(x)
    y = _log_of_parts(select(x > near, far, k), select(x > near, m - 1.0, fma(near, share, share - 1.0)))
    return _with_ends(x + 1.0, y)


@inlined
def _with_ends(x, y):
    """y, or the logarithm of an x that is not positive and finite."""
    return select(x > 0.0, select(x < float("inf"), y, x), select(x == 0.0, -float("inf"), select(x < 0.0, float("nan"), x)))


@inlined
def log1p_exp(x):
    """log(1 + exp(x)) for x <= 0: log1p(e) = 2 atanh(e / (2 + e))."""
    e = exp(x)
    s = e / (e + 2.0)
    return s * 2.0 * _atanh_ratio(s * s)


@inlined
def softplus(x):
    """log(1 + exp(x))."""
    return maximum(x, like(x, 0.0)) + log1p_exp(-absolute(x))


@inlined
def erfc_of_positive(x):
    """erfc(x) for x >= 0."""
    u = minimum(x, by_dtype(x, 9.2, 26.5))
    k = by_dtype(x, 2.0, 3.0)
    square = u * u
    lost = fma(u, u, -square)  # what rounding the square lost
    return exp(-square) * (1.0 - lost) * _erfc_scaled((u - k) / (u + k)) / (u * 2.0 + 1.0)


@inlined
def normal_cdf(x):
    """The standard normal distribution function (1 + erf(x / sqrt 2)) / 2."""
    tail = erfc_of_positive(absolute(x) * 0.7071067811865476) * 0.5
    return select(x > 0.0, 1.0 - tail, tail)


@inlined
def normal_pdf(x):
    """The standard normal density."""
    return exp(x * x * -0.5) * 0.3989422804014327


@inlined
def silu(x):
    """x sigmoid(x): zero where the sigmoid would be denormal."""
    return select(x < by_dtype(x, -87.0, -707.0), 0.0, x * sigmoid(x))


@inlined
def gelu(x):
    """x times the normal distribution function: zero where that would be denormal."""
    return select(x < by_dtype(x, -13.0, -36.7), 0.0, x * normal_cdf(x))
