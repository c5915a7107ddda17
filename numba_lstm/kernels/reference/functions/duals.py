"""Dual numbers: the value and the exact slope of a custom activation in one run of the function (Wengert 1964).

A dual number is ``a + a' e`` with ``e**2 = 0``: ``a`` a value and ``a'`` its slope in z. Sums, products and functions of duals
follow from that, ``f(a + a' e) = f(a) + f'(a) a' e``, so a function of ``z + 1 e`` gives its value and its slope in z.

At a kink the slope is the left one, as the contract states: with falling z, ``max(a, b)`` of equals follows the operand that
falls less, the one with the smaller slope. The slopes of ``abs``, ``minimum`` and ``clip`` follow from that of ``maximum``.
Where an operation overflows the slope is NaN, for example that of ``np.log1p(np.exp(z))`` where ``exp(z)`` is infinite.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from ...specs import FUNCTIONS

Array = npt.NDArray[Any]

SUPPORTED_OPERATIONS = (
    "An activation may use + - * / (y = y + x, not y += x), x ** number, comparisons, "
    f"{', '.join(f'np.{name}' for name in FUNCTIONS)}."
)


class Dual(NDArrayOperatorsMixin):
    """Arrays of values and of slopes, of one shape. A constant has the slope 0. Operators use :meth:`__array_ufunc__`."""

    def __init__(self, value: Any, slope: Any = 0.0) -> None:
        self.value, self.slope = value, slope

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Dual:
        """Compute operators, comparisons and elementary functions."""
        if ufunc not in SLOPES or method != "__call__" or kwargs:
            suffix = "" if method == "__call__" else f".{method}"
            suffix += f" with {', '.join(kwargs)}" if kwargs else ""
            raise TypeError(f"an activation cannot use np.{ufunc.__name__}{suffix}. {SUPPORTED_OPERATIONS}")
        duals = [as_dual(x) for x in inputs]
        y = ufunc(*(x.value for x in duals))
        return Dual(y, SLOPES[ufunc](y, *(each for x in duals for each in (x.value, x.slope))))

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Dual:
        """Compute ``np.where`` and ``np.clip``, which are no ufuncs."""
        if function not in ROUTINES:
            raise TypeError(f"an activation cannot use np.{function.__name__}. {SUPPORTED_OPERATIONS}")
        return ROUTINES[function](*args, **kwargs)

    def __pow__(self, exponent: float) -> Dual:
        """``(a^k)' = k a^(k-1) a'`` for a number k."""
        if not isinstance(exponent, numbers.Real):
            raise TypeError(f"an activation can raise x to the power of a number alone, got {type(exponent).__name__}.")
        return Dual(self.value**exponent, exponent * self.value ** (exponent - 1) * self.slope)

    def __bool__(self) -> bool:
        raise TypeError(
            "an activation cannot branch on its argument (if, and, or, min, max), which is an array of numbers: "
            "use np.where(x > 0, a, b), np.minimum or np.maximum."
        )

    def __float__(self) -> float:
        raise TypeError("an activation's argument is an array of numbers: use NumPy's functions, np.exp instead of math.exp.")


def as_dual(x: Any) -> Dual:
    """Return a number as a constant, a dual number unchanged."""
    if isinstance(x, Dual):
        return x
    if isinstance(x, numbers.Real):
        return Dual(x)
    raise TypeError(
        f"an activation computes with its argument and with numbers, got {type(x).__name__}. {SUPPORTED_OPERATIONS}"
    )


def where(condition: Any, x: Any, y: Any) -> Dual:
    """Select the value and the slope of one side."""
    a, b = as_dual(x), as_dual(y)
    selected = as_dual(condition).value
    return Dual(np.where(selected, a.value, b.value), np.where(selected, a.slope, b.slope))


def clip(a: Any, a_min: Any, a_max: Any) -> Dual:
    """``min(max(a, a_min), a_max)``."""
    return np.minimum(np.maximum(a, a_min), a_max)


def larger(y: Array, a: Array, da: Array, b: Array, db: Array) -> Array:
    """Return the slope of ``max(a, b)``."""
    return np.where(a > b, da, np.where(a < b, db, np.minimum(da, db)))


def flat(y: Array, a: Array, da: Array, *other: Array) -> float:
    """Return the slope of a step function."""
    return 0.0


#: Elementary function y of a (and b) -> y', from y, a, a' (and b, b').
SLOPES: dict[np.ufunc, Callable[..., Any]] = {
    np.add: lambda y, a, da, b, db: da + db,
    np.subtract: lambda y, a, da, b, db: da - db,
    np.multiply: lambda y, a, da, b, db: da * b + a * db,
    np.divide: lambda y, a, da, b, db: (da - y * db) / b,
    np.negative: lambda y, a, da: -da,
    np.reciprocal: lambda y, a, da: -(y**2) * da,
    np.square: lambda y, a, da: 2 * a * da,
    np.sqrt: lambda y, a, da: da / (2 * y),
    np.exp: lambda y, a, da: y * da,
    np.expm1: lambda y, a, da: (y + 1) * da,
    np.log: lambda y, a, da: da / a,
    np.log1p: lambda y, a, da: da / (1 + a),
    np.tanh: lambda y, a, da: (1 - y**2) * da,
    np.maximum: larger,
    np.minimum: lambda y, a, da, b, db: -larger(-y, -a, -da, -b, -db),
    np.absolute: lambda y, a, da: larger(y, a, da, -a, -da),
    np.sin: lambda y, a, da: np.cos(a) * da,
    np.cos: lambda y, a, da: -np.sin(a) * da,
    np.tan: lambda y, a, da: (1 + y**2) * da,
    np.arcsin: lambda y, a, da: da / np.sqrt(1 - a**2),
    np.arccos: lambda y, a, da: -da / np.sqrt(1 - a**2),
    np.arctan: lambda y, a, da: da / (1 + a**2),
    np.arctan2: lambda y, a, da, b, db: (b * da - a * db) / (a**2 + b**2),
    **dict.fromkeys((np.sign, np.floor, np.ceil, np.rint), flat),
    **dict.fromkeys((np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal), flat),
}

ROUTINES: dict[Callable[..., Any], Callable[..., Dual]] = {np.where: where, np.clip: clip}


#: The operations of a formula on dual numbers that are not NumPy functions of the same name.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "constant": lambda x, number: Dual(number),
    "power": lambda x, exponent: x**exponent.value,
    "where": where,
}


@cache
def function_of(formula: str) -> Callable[[Any], Any]:
    """Compile a formula of :mod:`..formulas` to a function of one dual number."""
    *lines, result = formula.split("\n")
    names = {**{ufunc.__name__: ufunc for ufunc in SLOPES}, **OPERATIONS, "inf": np.inf, "nan": np.nan}
    exec("\n    ".join(["def custom(x):", *lines, f"return {result}"]), names)
    function: Callable[[Any], Any] = names["custom"]
    return function


def evaluate(function: Callable[[Any], Any], z: Array) -> tuple[Array, Array]:
    """Return the value and the slope of ``function`` at ``z``, in the shape and dtype of z.

    Raises
    ------
    TypeError
        If the function branches on its argument, or uses anything but :data:`..specs.FUNCTIONS` and operators.
    """
    with np.errstate(all="ignore"):  # np.where computes both sides
        y = as_dual(function(Dual(z, np.ones_like(z))))
    value, slope = (np.broadcast_to(each, z.shape).astype(z.dtype) for each in (y.value, y.slope))
    return value, slope
