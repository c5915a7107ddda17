"""Formulas: custom activations traced to a list of operations, one per line, which a device can compile.

Tracing runs the function once with a symbolic argument, which records the operations. So the function may be any Python that
results in these operations: closures, helpers, loops over constants. Two functions with the same operations have one formula.
The text of a formula identifies a compiled kernel on disk. The derivative is another formula, by forward-mode differentiation
with the rules of :mod:`.slopes`: at a kink it is the left derivative.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .slopes import COMPARISONS as COMPARISONS
from .slopes import SLOPES
from .specs import FUNCTIONS, Activation

#: Operations that round, the trigonometric functions with their inverses, and the error function with its complement.
TRIGONOMETRIC = (*("floor", "ceil", "rint", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "erf", "erfc"),)
#: The operations of a formula, by NumPy's names; ``constant(x, number)`` is a number in the type of x.
OPERATIONS = (
    *("constant", "add", "subtract", "multiply", "divide", "negative", "absolute", "reciprocal", "square", "sqrt", "power"),
    *("exp", "expm1", "log", "log1p", "tanh", "sign", "maximum", "minimum", "where", *COMPARISONS, *TRIGONOMETRIC),
)

SUPPORTED_OPERATIONS = (
    "An activation may use + - * / (y = y + x, not y += x), x ** number, comparisons, "
    f"{', '.join(f'np.{name}' for name in FUNCTIONS)}."
)

#: Integer powers up to this one become products.
MAX_PRODUCT_POWER = 64


TOO_LARGE = "a number in it is beyond the largest one, 1.8e308. Write np.inf, or a smaller number."


def is_number(value: Any) -> bool:
    """Whether ``value`` is a real number, as which an array without axes counts too."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "fiub"
    return isinstance(value, numbers.Real)


def _as_float(number: Any) -> float:
    """A number as a float; TypeError for one that is too large, which no device could compute with."""
    try:
        return float(number)
    except OverflowError:
        raise TypeError(f"an activation computes with floats, and {TOO_LARGE}") from None


class Term(NDArrayOperatorsMixin):
    """A term of a formula: an operation and its operands, which are earlier terms. An operation on it records a new term."""

    def __init__(self, lines: dict[tuple[Any, ...], Term], operation: str, operands: tuple[Any, ...]) -> None:
        self.lines, self.operation, self.operands, self.number = lines, operation, operands, len(lines)

    def then(self, operation: str, *operands: Any) -> Term:
        """Return the term of ``operation`` on operands. The same operation on the same operands gives the same term."""
        terms = tuple(x if isinstance(x, Term) else self.constant(x) for x in operands)
        return self._line(operation, terms, (operation, *(term.number for term in terms)))

    def constant(self, value: Any) -> Term:
        """Return the term of a number."""
        if not is_number(value):
            what = type(value).__name__
            raise TypeError(f"an activation computes with its argument and with numbers, got {what}. {SUPPORTED_OPERATIONS}")
        number = _as_float(value)
        return self._line("constant", (number,), ("constant", repr(number)))

    def _line(self, operation: str, operands: tuple[Any, ...], key: tuple[Any, ...]) -> Term:
        if key not in self.lines:
            self.lines[key] = Term(self.lines, operation, operands)
        return self.lines[key]

    @property
    def as_number(self) -> Term:
        """The term itself. A comparison becomes 1 where it holds and 0 elsewhere."""
        return self.then("where", self, 1.0, 0.0) if self.operation in COMPARISONS else self

    @property
    def as_condition(self) -> Term:
        """The term itself if it is a comparison, otherwise whether it is not 0."""
        return self if self.operation in COMPARISONS else self.then("not_equal", self, 0.0)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Term:
        """Record operators, comparisons and elementary functions."""
        name = ufunc.__name__
        if name not in OPERATIONS or name == "power" or method != "__call__" or kwargs:
            suffix = "" if method == "__call__" else f".{method}"
            suffix += f" with {', '.join(kwargs)}" if kwargs else ""
            raise TypeError(f"an activation cannot use np.{name}{suffix}. {SUPPORTED_OPERATIONS}")
        return self.then(name, *(x.as_number if isinstance(x, Term) else x for x in inputs))

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Term:
        """Record ``np.where`` and ``np.clip``, which are no ufuncs."""
        if function is np.where:
            return self._where(*args, **kwargs)
        if function is np.clip:
            return self._clip(*args, **kwargs)
        raise TypeError(f"an activation cannot use np.{function.__name__}. {SUPPORTED_OPERATIONS}")

    def _where(self, condition: Any, x: Any, y: Any) -> Term:
        condition, x, y = (v if isinstance(v, Term) else self.constant(v) for v in (condition, x, y))
        return self.then("where", condition.as_condition, x.as_number, y.as_number)

    def _clip(self, a: Any, a_min: Any, a_max: Any) -> Term:
        bounded: Term = np.minimum(np.maximum(a, a_min), a_max)
        return bounded

    def __pow__(self, exponent: Any) -> Term:
        """Record integer powers as products, and the power 0.5 as a square root."""
        if not is_number(exponent):
            raise TypeError(f"an activation can raise x to the power of a number alone, got {type(exponent).__name__}.")
        power: Term = _power(self.as_number, _as_float(exponent))
        return power

    def __bool__(self) -> bool:
        raise TypeError(
            "an activation cannot branch on its argument (if, and, or, min, max), which is an array of numbers: "
            "use np.where(x > 0, a, b), np.minimum or np.maximum."
        )

    def __float__(self) -> float:
        raise TypeError("an activation's argument is an array of numbers: use NumPy's functions, np.exp instead of math.exp.")


def _power(x: Term, k: float) -> Any:
    if k == 0.5:
        return np.sqrt(x)
    if k != int(k) or abs(k) > MAX_PRODUCT_POWER:
        return x.then("power", x, k)
    if k < 0:
        return np.reciprocal(_power(x, -k))
    if k < 2:
        return x if k == 1 else x.constant(1)
    half = np.square(_power(x, k // 2))
    return half * x if k % 2 else half


# -- formulas of functions -------------------------------------------------------------------------------------------------


def _trace(function: Callable[[Any], Any]) -> tuple[Term, Term]:
    """Run ``function`` on a symbolic argument. Returns the terms of the argument and of the value."""
    x = Term({}, "argument", ())
    x.lines["argument",] = x
    y = function(x)
    return x, y.as_number if isinstance(y, Term) else x.constant(y)


def _derivative(x: Term, y: Term) -> Term:
    slopes: dict[int, Any] = {x.number: 1.0}
    for term in list(x.lines.values())[1:]:
        pairs = (each for a in term.operands if isinstance(a, Term) for each in (a, slopes[a.number]))
        slopes[term.number] = SLOPES[term.operation](term, *pairs)
    slope = slopes[y.number]
    return slope.as_number if isinstance(slope, Term) else x.constant(slope)


def _text(y: Term) -> str:
    """Return the terms that y depends on as assignments, and its name on the last line."""
    needed, waiting = {y.number: y}, [y]
    while waiting:
        for operand in waiting.pop().operands:
            if isinstance(operand, Term) and operand.number not in needed:
                needed[operand.number] = operand
                waiting.append(operand)
    needed[0] = Term({}, "argument", ())
    names = {number: f"v{k}" if k else "x" for k, number in enumerate(sorted(needed))}

    def operands(term: Term) -> str:
        if term.operation == "constant":
            return f"x, {term.operands[0]!r}"
        return ", ".join(names[a.number] for a in term.operands)

    lines = [f"{names[n]} = {needed[n].operation}({operands(needed[n])})" for n in sorted(needed) if n > 0]
    return "\n".join([*lines, names[y.number]])


@dataclass(frozen=True)
class TracedActivation(Activation):
    """A custom activation with its formulas, which devices compute.

    A function may read global variables, attributes or other functions, which can change later. The formulas are those of the
    time of tracing. Two traced activations are equal if their formulas are equal.
    """

    function: Callable[[Any], Any] | None = field(default=None, compare=False)
    derivative: Callable[[Any], Any] | None = field(default=None, compare=False)
    formulas: tuple[str, str] = ("", "")  #: of the value and of the derivative


def trace(name: str, function: Callable[[Any], Any], derivative: Callable[[Any], Any] | None = None) -> TracedActivation:
    """Trace ``function`` and its derivative.

    Raises
    ------
    TypeError
        As :func:`formulas`.
    """
    return TracedActivation(name, (), function, derivative, _trace_both(function, derivative))


def formulas(activation: Activation) -> tuple[str, str]:
    """Return the formulas of a custom activation and of its derivative, which is derived if the activation has none.

    A formula has lines ``v2 = multiply(x, v1)`` with the :data:`OPERATIONS`. Its last line is the name of the result.

    Raises
    ------
    TypeError
        If the function branches on its argument, or uses anything but :data:`.specs.FUNCTIONS` and operators.
    """
    return activation.formulas if isinstance(activation, TracedActivation) else _trace_once(activation)


@lru_cache(256)
def _trace_once(activation: Activation) -> tuple[str, str]:
    """Trace a spec of this package, whose functions read nothing that changes."""
    assert activation.function is not None
    return _trace_both(activation.function, activation.derivative)


def _trace_both(function: Callable[[Any], Any], derivative: Callable[[Any], Any] | None) -> tuple[str, str]:
    """Return the formulas of the value and of the derivative."""
    x, y = _trace(function)
    value = _text(y)
    return value, _text(_derivative(x, y) if derivative is None else _trace(derivative)[1])
