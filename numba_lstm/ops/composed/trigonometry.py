"""Trigonometric functions and their inverses, roundings and remainders, and the error function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..elementwise import add, divide, function_of, less, logical_and, multiply, not_equal, subtract, where
from ..tensor import elementwise, is_traced

sin = function_of("sin", "sin", "Return the sine.")
cos = function_of("cos", "cos", "Return the cosine.")
tan = function_of("tan", "tan", "Return the tangent.")
arcsin = function_of("arcsin", "arcsin", "Return the inverse of the sine, from -pi/2 to pi/2.")
arccos = function_of("arccos", "arccos", "Return the inverse of the cosine, from 0 to pi.")
arctan = function_of("arctan", "arctan", "Return the inverse of the tangent, from -pi/2 to pi/2.")
arctan2 = function_of("arctan2", "arctan2", "Return the angle of the point (x2, x1), from -pi to pi.")
floor = function_of("floor", "floor", "Return the largest whole number that is not above x. Its gradient is 0.")
ceil = function_of("ceil", "ceil", "Return the smallest whole number that is not below x. Its gradient is 0.")
_rint = function_of("rint", "rint", "Return the nearest whole number.")


def round(x: Any, decimals: int = 0) -> Any:
    """Return x rounded to decimals, half to even. Its gradient is 0."""
    if not is_traced(x):
        return np.round(x, decimals)
    return _rint(x) if decimals == 0 else divide(_rint(multiply(x, 10.0**decimals)), 10.0**decimals)


def trunc(x: Any) -> Any:
    """Return x without its fraction. Its gradient is 0."""
    return where(less(x, 0), ceil(x), floor(x)) if is_traced(x) else np.trunc(x)


def mod(x1: Any, x2: Any) -> Any:
    """Return the remainder of a division, with the sign of the divisor."""
    if not is_traced(x1, x2):
        return np.mod(x1, x2)
    rest = subtract(x1, multiply(floor(divide(x1, x2)), x2))
    crossed = logical_and(not_equal(rest, 0), not_equal(less(rest, 0), less(x2, 0)))  # the quotient was rounded up
    return where(crossed, add(rest, x2), rest)


def floor_divide(x1: Any, x2: Any) -> Any:
    """Return the largest whole number that is not above ``x1 / x2``. Its gradient is 0."""
    return floor(divide(x1, x2)) if is_traced(x1, x2) else np.floor_divide(x1, x2)


def deg2rad(x: Any) -> Any:
    """Return degrees in radians."""
    return multiply(x, math.pi / 180)


def rad2deg(x: Any) -> Any:
    """Return radians in degrees."""
    return multiply(x, 180 / math.pi)


def _of_numbers(operation: str, function: Any) -> Any:
    computed = np.vectorize(function, otypes=[np.float64])

    def of_elements(x: Any) -> Any:
        if is_traced(x):
            return elementwise(operation, x)
        numbers = np.asarray(x)
        return computed(numbers).astype(numbers.dtype if numbers.dtype.kind == "f" else "float32")

    of_elements.__name__ = of_elements.__qualname__ = operation
    return of_elements


erf = _of_numbers("erf", math.erf)
erf.__doc__ = "Return the error function."
erfc = _of_numbers("erfc", math.erfc)
erfc.__doc__ = "Return ``1 - erf(x)``, without cancellation."
