"""Custom activations on the device: the operations of a formula as device functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..runtime.compiler import device, real


class Operations(NamedTuple):
    """Device functions by the names of the operations."""

    names: dict[str, Any]

    def function(self, formula: str) -> Any:
        """Compile a formula to a device function of one number."""
        *lines, result = formula.split("\n")
        names = {**self.names, "inf": math.inf, "nan": math.nan}
        exec("\n    ".join(["def custom(x):", *lines, f"return {result}"]), names)
        return device(names["custom"])


@cache
def operations(dtype: str) -> Operations:
    """Return the operations on numbers of ``dtype``. NaN propagates."""
    number, typed = real(dtype), np.dtype(dtype).type
    zero, one = typed(0), typed(1)

    def where(condition: Any, a: Any, b: Any) -> Any:
        return a if condition else b

    def sign(x: Any) -> Any:
        return one if x > zero else -one if x < zero else x

    functions: dict[str, Callable[..., Any]] = {
        **_by_operator(),
        "constant": lambda x, value: number(value),
        "negative": lambda a: -a,
        "absolute": lambda a: abs(a),
        "square": lambda a: a * a,
        "reciprocal": lambda a: one / a,
        "sqrt": lambda a: math.sqrt(a),
        "exp": lambda a: math.exp(a),
        "expm1": lambda a: math.expm1(a),
        "log": lambda a: math.log(a),
        "log1p": lambda a: math.log1p(a),
        "tanh": lambda a: math.tanh(a),
        "sigmoid": lambda a: one / (one + math.exp(-a)),
        "power": lambda a, b: math.pow(a, b),
        "maximum": lambda a, b: b if b > a or b != b else a,
        "minimum": lambda a, b: b if b < a or b != b else a,
        "where": where,
        "sign": sign,
        **_rounding(dtype),
        "sin": lambda a: math.sin(a),
        "cos": lambda a: math.cos(a),
        "tan": lambda a: math.tan(a),
        "arcsin": lambda a: math.asin(a),
        "arccos": lambda a: math.acos(a),
        "arctan": lambda a: math.atan(a),
        "arctan2": lambda a, b: math.atan2(a, b),
        "erf": lambda a: math.erf(a),
        "erfc": lambda a: math.erfc(a),
    }
    return Operations({name: device(function) for name, function in functions.items()})


def _rounding(dtype: str) -> dict[str, Callable[..., Any]]:
    """Return roundings to whole numbers. The sum with a number whose last place is 1 rounds, half to even."""
    if np.dtype(dtype).kind != "f":  # such numbers are whole
        return {}
    typed = np.dtype(dtype).type
    whole, zero, one = typed(2.0 ** np.finfo(dtype).nmant), typed(0), typed(1)

    def rint(a: Any) -> Any:
        size = abs(a)
        if not size < whole:
            return a
        near = (size + whole) - whole
        return -near if a < zero else near

    nearest = device(rint)

    def floor(a: Any) -> Any:
        near = nearest(a)
        return near - one if near > a else near

    def ceil(a: Any) -> Any:
        near = nearest(a)
        return near + one if near < a else near

    return {"rint": rint, "floor": floor, "ceil": ceil}


def _by_operator() -> dict[str, Callable[..., Any]]:
    return {
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
        "divide": lambda a, b: a / b,
        "greater": lambda a, b: a > b,
        "greater_equal": lambda a, b: a >= b,
        "less": lambda a, b: a < b,
        "less_equal": lambda a, b: a <= b,
        "equal": lambda a, b: a == b,
        "not_equal": lambda a, b: a != b,
    }
