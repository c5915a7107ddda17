"""exp, tanh, sigmoid, ... on vectors, and the activations by name with their slopes.

Everything exponential is one scheme: ``n = round(x / log 2)``, ``r = x - n log 2``, ``exp x = 2**n (1 + r q(r))`` with q the
near-minimax polynomial of ``expm1(r) / r`` on ``abs(r) <= log(2) / 2`` (Chebyshev nodes; relative error 1.2e-8 in float32,
2.8e-19 in float64). One constant for log 2 suffices, since ``fma`` keeps ``x - n log 2`` exact but for n times the constant's
own error. Comparisons are ordered so that NaN passes: ``x > limit`` is false for NaN and selects x itself.
"""

from __future__ import annotations

from ..specs import ACTIVATIONS, Activation
from .arithmetic import absolute, by_dtype, copysign, fma, nearest, polynomial, scale, select
from .host import HOST
from .jit import choice, inlined
from .simd import like

LOG2E = 1.4426950408889634
LOG2 = 0.6931471805599453
HAS_FMA = HOST.fma

_expm1_ratio = polynomial(
    (1.0, 0.500000001362013868, 0.166665039637093043, 0.0416664633863395269, 0.00836929216505580311, 0.00139338204897760193),
    (
        1.0, 0.5, 0.166666666666666811, 0.041666666666666677, 0.00833333333331937925, 0.00138888888888789238,
        0.000198412698906356881, 0.0000248015873368416218, 2.75572402898052645e-6, 2.75572628524703981e-7,
        2.5110269804375772e-8, 2.09182952664352725e-9,
    ),
)  # fmt: skip

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
def flush(x):
    """x, or zero where it is so small that its square would be denormal."""
    return select(absolute(x) < by_dtype(x, 2.0**-62, 2.0**-510), 0.0, x)


@inlined
def rest(n, x):
    """``x - n log 2``, without loss: one fma, or two steps whose first is exact since its constant is short."""
    if HAS_FMA:
        return fma(n, -LOG2, x)
    high, low = by_dtype(x, 0.693359375, 0.693147180369123816), by_dtype(x, -2.12194440e-4, 1.90821492927058770e-10)
    return x - n * high - n * low


@inlined
def exp_normal(x):
    """exp(x) for x within the range of normal results."""
    n, bits = nearest(x * LOG2E)
    r = rest(n, x)
    return scale(like(x, 1.0), bits) * fma(r, _expm1_ratio(r), like(x, 1.0))  # scaled alone: NaN's bits must stay


@inlined
def exp(x):
    """exp(x): infinity above the largest finite result, zero below twice the smallest normal one."""
    low = by_dtype(x, -86.6434, -707.70327)
    high = by_dtype(x, 88.72283, 709.782712893384)
    clamped = maximum(minimum(x, high), low)
    n, bits = nearest(clamped * LOG2E - 1.0)  # one less, so that 2**128 is never needed
    r = rest(n + 1.0, clamped)
    value = scale(like(x, 1.0), bits) * fma(r, _expm1_ratio(r), like(x, 1.0)) * 2.0
    return select(x > high, float("inf"), select(x < low, 0.0, value))


@inlined
def expm1(x):
    """exp(x) - 1 for x <= 0, without cancellation."""
    clamped = maximum(x, by_dtype(x, -20.0, -40.0))
    n, bits = nearest(clamped * LOG2E)
    r = rest(n, clamped)
    power = scale(like(x, 1.0), bits)
    return fma(power, r * _expm1_ratio(r), power - 1.0)


@inlined
def sigmoid(x):
    """1 / (1 + exp(-x)), with full relative precision down to the smallest normal number."""
    limit = by_dtype(x, 87.0, 707.0)
    return like(x, 1.0) / (exp_normal(-maximum(minimum(x, limit), -limit)) + 1.0)


@inlined
def tanh(x):
    """tanh(x) = e / (e + 2) with e = expm1(2 abs x): full relative precision, and never beyond 1."""
    size = minimum(absolute(x), by_dtype(x, 10.0, 20.0))
    n, bits = nearest(size * (2.0 * LOG2E))
    r = rest(n, size + size)
    power = scale(like(x, 1.0), bits)
    e = fma(power, r * _expm1_ratio(r), power - 1.0)
    return copysign(e / (e + 2.0), x)


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
def normal_cdf(x):
    """The standard normal distribution function (1 + erf(x / sqrt 2)) / 2."""
    u = minimum(absolute(x) * 0.7071067811865476, by_dtype(x, 9.2, 26.0))
    k = by_dtype(x, 2.0, 3.0)
    square = u * u
    lost = fma(u, u, -square)  # what rounding the square lost
    tail = exp(-square) * (1.0 - lost) * _erfc_scaled((u - k) / (u + k)) / (u * 2.0 + 1.0) * 0.5
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


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

#: The codes by which kernels know activations.
LINEAR, TANH, SIGMOID, HARD_SIGMOID, RELU, LEAKY_RELU, ELU, SELU, SOFTPLUS, SOFTSIGN, EXPONENTIAL, SILU, GELU = range(13)
CODES = {
    "linear": LINEAR, "tanh": TANH, "sigmoid": SIGMOID, "hard_sigmoid": HARD_SIGMOID, "relu": RELU, "leaky_relu": LEAKY_RELU,
    "elu": ELU, "selu": SELU, "softplus": SOFTPLUS, "softsign": SOFTSIGN, "exponential": EXPONENTIAL, "silu": SILU,
    "gelu": GELU,
}  # fmt: skip


def code(activation: Activation) -> tuple[int, float]:
    """``(code, parameter)`` of an activation."""
    parameters = activation.parameters or ACTIVATIONS[activation.name][1]
    return CODES[activation.name], float(parameters[0]) if parameters else 0.0


def label(activation: Activation) -> str:
    """An activation as a part of a kernel's name."""
    return "_".join([activation.name, *(float(p).hex().replace(".", "p").replace("-", "m") for p in activation.parameters)])


def keeps_z(activation: Activation) -> bool:
    """Whether the tape keeps the argument instead of the value."""
    return activation.keeps == "z"


def activate(code, parameter, z):
    """The activation ``code`` (a literal) of the vector z."""


def slope(code, parameter, kept):
    """The derivative of the activation ``code`` at what the tape keeps of it."""


_VALUES = {
    LINEAR: lambda code, parameter, z: z,
    TANH: lambda code, parameter, z: tanh(z),
    SIGMOID: lambda code, parameter, z: sigmoid(z),
    HARD_SIGMOID: lambda code, parameter, z: minimum(maximum(z + 3.0, like(z, 0.0)), like(z, 6.0)) * (1.0 / 6.0),
    RELU: lambda code, parameter, z: maximum(z, like(z, 0.0)),
    LEAKY_RELU: lambda code, parameter, z: select(z > 0.0, z, z * parameter),
    ELU: lambda code, parameter, z: select(z > 0.0, z, expm1(z) * parameter),
    SELU: lambda code, parameter, z: select(z > 0.0, z * SELU_SCALE, expm1(z) * (SELU_SCALE * SELU_ALPHA)),
    SOFTPLUS: lambda code, parameter, z: softplus(z),
    SOFTSIGN: lambda code, parameter, z: z / (absolute(z) + 1.0),
    EXPONENTIAL: lambda code, parameter, z: exp(z),
    SILU: lambda code, parameter, z: silu(z),
    GELU: lambda code, parameter, z: gelu(z),
}


@inlined
def _silu_slope(z):
    s = sigmoid(z)
    return select(z < by_dtype(z, -87.0, -707.0), 0.0, fma(z * s, 1.0 - s, s))


@inlined
def _gelu_slope(z):
    return select(z < by_dtype(z, -13.0, -36.7), 0.0, fma(z, normal_pdf(z), normal_cdf(z)))


@inlined
def _softsign_slope(y):
    rest = 1.0 - absolute(y)
    return rest * rest


_SLOPES = {
    LINEAR: lambda code, parameter, kept: like(kept, 1.0),
    TANH: lambda code, parameter, kept: fma(-kept, kept, like(kept, 1.0)),
    SIGMOID: lambda code, parameter, kept: fma(-kept, kept, kept),
    HARD_SIGMOID: lambda code, parameter, kept: select(kept > 0.0, select(kept < 1.0, like(kept, 1.0 / 6.0), 0.0), 0.0),
    RELU: lambda code, parameter, kept: select(kept > 0.0, like(kept, 1.0), 0.0),
    LEAKY_RELU: lambda code, parameter, kept: select(kept > 0.0, like(kept, 1.0), parameter),
    ELU: lambda code, parameter, kept: select(kept > 0.0, 1.0, kept + parameter),
    SELU: lambda code, parameter, kept: select(kept > 0.0, SELU_SCALE, kept + SELU_SCALE * SELU_ALPHA),
    SOFTPLUS: lambda code, parameter, kept: sigmoid(kept),
    SOFTSIGN: lambda code, parameter, kept: _softsign_slope(kept),
    EXPONENTIAL: lambda code, parameter, kept: kept,
    SILU: lambda code, parameter, kept: _silu_slope(kept),
    GELU: lambda code, parameter, kept: _gelu_slope(kept),
}


@choice(activate)
def _activate(code, parameter, z):
    return _VALUES[code.literal_value]


@choice(slope)
def _slope(code, parameter, kept):
    return _SLOPES[code.literal_value]
