"""Elementary functions of the elements of arrays and tensors, composed of those that kernels have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..elementwise import (
    absolute,
    add,
    divide,
    equal,
    exp,
    expm1,
    greater,
    less,
    less_equal,
    log,
    log1p,
    logical_not,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    sign,
    sqrt,
    square,
    subtract,
    where,
    zeros_like,
)
from ..tensor import is_traced

LARGEST = 3.4028234663852886e38  #: of float32


def log2(x: Any) -> Any:
    """Return the logarithm to the base 2."""
    return multiply(log(x), 1 / math.log(2)) if is_traced(x) else np.log2(x)


def log10(x: Any) -> Any:
    """Return the logarithm to the base 10."""
    return multiply(log(x), 1 / math.log(10)) if is_traced(x) else np.log10(x)


def exp2(x: Any) -> Any:
    """Return ``2 ** x``."""
    return power(2.0, x)


def logaddexp(x1: Any, x2: Any) -> Any:
    """Return ``log(exp(x1) + exp(x2))``, without overflow."""
    if not is_traced(x1, x2):
        return np.logaddexp(x1, x2)
    larger, smaller = maximum(x1, x2), minimum(x1, x2)
    return add(larger, log1p(exp(subtract(smaller, larger))))


def sinh(x: Any) -> Any:
    """Return the hyperbolic sine."""
    return multiply(subtract(expm1(x), expm1(negative(x))), 0.5) if is_traced(x) else np.sinh(x)


def cosh(x: Any) -> Any:
    """Return the hyperbolic cosine."""
    return multiply(add(exp(x), exp(negative(x))), 0.5) if is_traced(x) else np.cosh(x)


def arcsinh(x: Any) -> Any:
    """Return the inverse of :func:`sinh`."""
    if not is_traced(x):
        return np.arcsinh(x)
    size = absolute(x)
    square_ = square(size)
    return multiply(sign(x), log1p(add(size, divide(square_, add(sqrt(add(square_, 1.0)), 1.0)))))


def arccosh(x: Any) -> Any:
    """Return the inverse of :func:`cosh`, for numbers from 1 on."""
    return log(add(x, sqrt(subtract(square(x), 1.0)))) if is_traced(x) else np.arccosh(x)


def arctanh(x: Any) -> Any:
    """Return the inverse of the hyperbolic tangent."""
    return multiply(subtract(log1p(x), log1p(negative(x))), 0.5) if is_traced(x) else np.arctanh(x)


def hypot(x1: Any, x2: Any) -> Any:
    """Return ``sqrt(x1**2 + x2**2)``."""
    return sqrt(add(square(x1), square(x2))) if is_traced(x1, x2) else np.hypot(x1, x2)


def divide_no_nan(x1: Any, x2: Any) -> Any:
    """Return ``x1 / x2``, and 0 where ``x2`` is 0."""
    is_zero = equal(x2, 0.0)
    return where(is_zero, 0.0, divide(x1, where(is_zero, 1.0, x2)))


def isnan(x: Any) -> Any:
    """Return where x is not a number."""
    return not_equal(x, x) if is_traced(x) else np.isnan(x)


def isinf(x: Any) -> Any:
    """Return where x is infinite."""
    return equal(absolute(x), math.inf) if is_traced(x) else np.isinf(x)


def isfinite(x: Any) -> Any:
    """Return where x is a finite number."""
    return less(absolute(x), math.inf) if is_traced(x) else np.isfinite(x)


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Return where two numbers differ by at most ``atol + rtol * abs(x2)``, or are equal."""
    if not is_traced(x1, x2):
        return np.isclose(x1, x2, rtol, atol, equal_nan)
    near = less_equal(absolute(subtract(x1, x2)), add(multiply(absolute(x2), rtol), atol))
    near = where(equal(x1, x2), True, where(isfinite(x2), near, False))
    return where(isnan(x1), isnan(x2), near) if equal_nan else near


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Return x with other numbers in place of NaN and of infinities, by default 0 and the largest ones."""
    if not is_traced(x):
        return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
    high, low = LARGEST if posinf is None else posinf, -LARGEST if neginf is None else neginf
    bounded = where(equal(x, math.inf), high, where(equal(x, -math.inf), low, x))
    return where(isnan(x), nan, bounded)


def logical_xor(x1: Any, x2: Any) -> Any:
    """Return where exactly one of two conditions holds."""
    if not is_traced(x1, x2):
        return np.logical_xor(x1, x2)
    return where(not_equal(x1, 0), logical_not(x2), greater(absolute(add(x2, zeros_like(x2))), 0))
