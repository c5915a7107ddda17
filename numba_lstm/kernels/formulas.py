"""Formulas: a person's own activation written out, one operation a line, so that a device can compile it.

The function is run once with a stand-in for its argument, which writes down what is done to it. So it may be any Python that
comes to these operations (closures, helpers, loops over constants), two functions that say the same have one formula, and a
formula's text names a compiled kernel on disk. Its derivative is another formula, by the rules that the witness has for dual
numbers: at a kink the slope is the left one.
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

#: The operations of a formula, by NumPy's names; ``constant(x, number)`` is a number in the type of x.
OPERATIONS = (
    *("constant", "add", "subtract", "multiply", "divide", "negative", "absolute", "reciprocal", "square", "sqrt", "power"),
    *("exp", "expm1", "log", "log1p", "tanh", "sign", "maximum", "minimum", "where", *COMPARISONS),
)

VOCABULARY = (
    "An activation may use + - * / (y = y + x, not y += x), x ** number, comparisons, "
    f"{', '.join(f'np.{name}' for name in FUNCTIONS)}."
)

#: Whole powers up to this one are products.
PRODUCTS = 64


class Term(NDArrayOperatorsMixin):
    """A line of a formula: an operation and the lines before it that it takes. What is done to it becomes a new line."""

    def __init__(self, lines: dict[tuple[Any, ...], Term], operation: str, operands: tuple[Any, ...]) -> None:
        self.lines, self.operation, self.operands, self.number = lines, operation, operands, len(lines)

    def then(self, operation: str, *operands: Any) -> Term:
        """The line of ``operation``; the one that is there already, where it was done before."""
        terms = tuple(x if isinstance(x, Term) else self.constant(x) for x in operands)
        return self._line(operation, terms, (operation, *(term.number for term in terms)))

    def constant(self, value: Any) -> Term:
        """The line of a number."""
        if not isinstance(value, numbers.Real):
            what = type(value).__name__
            raise TypeError(f"an activation computes with its argument and with numbers, got {what}. {VOCABULARY}")
        return self._line("constant", (float(value),), ("constant", repr(float(value))))

    def _line(self, operation: str, operands: tuple[Any, ...], key: tuple[Any, ...]) -> Term:
        if key not in self.lines:
            self.lines[key] = Term(self.lines, operation, operands)
        return self.lines[key]

    @property
    def as_number(self) -> Term:
        """The line itself; of a comparison, 1 where it holds and else 0."""
        return self.then("where", self, 1.0, 0.0) if self.operation in COMPARISONS else self

    @property
    def as_condition(self) -> Term:
        """The line itself if it is a comparison; else whether it is not 0."""
        return self if self.operation in COMPARISONS else self.then("not_equal", self, 0.0)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Term:
        """Operators, comparisons and elementary functions."""
        name = ufunc.__name__
        if name not in OPERATIONS or name == "power" or method != "__call__" or kwargs:
            how = "" if method == "__call__" else f".{method}"
            how += f" with {', '.join(kwargs)}" if kwargs else ""
            raise TypeError(f"an activation cannot use np.{name}{how}. {VOCABULARY}")
        return self.then(name, *(x.as_number if isinstance(x, Term) else x for x in inputs))

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Term:
        """``np.where`` and ``np.clip``, which NumPy does not count among its elementary functions."""
        if function is np.where:
            return self._where(*args, **kwargs)
        if function is np.clip:
            return self._clip(*args, **kwargs)
        raise TypeError(f"an activation cannot use np.{function.__name__}. {VOCABULARY}")

    def _where(self, condition: Any, x: Any, y: Any) -> Term:
        condition, x, y = (v if isinstance(v, Term) else self.constant(v) for v in (condition, x, y))
        return self.then("where", condition.as_condition, x.as_number, y.as_number)

    def _clip(self, a: Any, a_min: Any, a_max: Any) -> Term:
        bounded: Term = np.minimum(np.maximum(a, a_min), a_max)
        return bounded

    def __pow__(self, exponent: Any) -> Term:
        """Whole powers and the square root as such."""
        if not isinstance(exponent, numbers.Real):
            raise TypeError(f"an activation can raise x to the power of a number alone, got {type(exponent).__name__}.")
        power: Term = _power(self.as_number, float(exponent))
        return power

    def __bool__(self) -> bool:
        raise TypeError(
            "an activation cannot branch on its argument (if, and, or, min, max), which is many numbers at once: "
            "use np.where(x > 0, a, b), np.minimum or np.maximum."
        )

    def __float__(self) -> float:
        raise TypeError("an activation's argument is many numbers at once: use NumPy's functions, np.exp instead of math.exp.")


def _power(x: Term, k: float) -> Any:
    if k == 0.5:
        return np.sqrt(x)
    if k != int(k) or abs(k) > PRODUCTS:
        return x.then("power", x, k)
    if k < 0:
        return np.reciprocal(_power(x, -k))
    if k < 2:
        return x if k == 1 else x.constant(1)
    half = np.square(_power(x, k // 2))
    return half * x if k % 2 else half


# -- formulas of functions -------------------------------------------------------------------------------------------------


def _trace(function: Callable[[Any], Any]) -> tuple[Term, Term]:
    """The lines of the argument and of the value of ``function``."""
    x = Term({}, "argument", ())
    x.lines["argument",] = x
    y = function(x)
    return x, y.as_number if isinstance(y, Term) else x.constant(y)


def _derivative(x: Term, y: Term) -> Term:
    slopes: dict[int, Any] = {x.number: 1.0}
    for term in list(x.lines.values())[1:]:
        pairs = (part for a in term.operands if isinstance(a, Term) for part in (a, slopes[a.number]))
        slopes[term.number] = SLOPES[term.operation](term, *pairs)
    slope = slopes[y.number]
    return slope.as_number if isinstance(slope, Term) else x.constant(slope)


def _text(y: Term) -> str:
    """The lines that y needs, as assignments, and last its name."""
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
    """A person's own activation as it was when it was traced: its formulas are what it is, and what devices compute.

    A function may read global variables, attributes or other functions, which change while the function stays the same
    object. So two traced activations are equal where their formulas are, whatever functions these came from.
    """

    function: Callable[[Any], Any] | None = field(default=None, compare=False)
    derivative: Callable[[Any], Any] | None = field(default=None, compare=False)
    formulas: tuple[str, str] = ("", "")  #: of the value and of the derivative


def trace(name: str, function: Callable[[Any], Any], derivative: Callable[[Any], Any] | None = None) -> TracedActivation:
    """``function`` as it is now, with its derivative.

    Raises
    ------
    TypeError
        As :func:`formulas`.
    """
    return TracedActivation(name, (), function, derivative, _written(function, derivative))


def formulas(activation: Activation) -> tuple[str, str]:
    """The formulas of a person's own activation and of its derivative, the latter derived where none is given.

    A formula is lines ``v2 = multiply(x, v1)`` in :data:`OPERATIONS`, and a last line that names the result.

    Raises
    ------
    TypeError
        Where the function branches on its argument, or takes anything beyond :data:`.specs.FUNCTIONS` and operators.
    """
    return activation.formulas if isinstance(activation, TracedActivation) else _of_constants(activation)


@lru_cache(256)
def _of_constants(activation: Activation) -> tuple[str, str]:
    """The formulas of a spec that was never traced: the package makes these, of functions that read nothing that changes."""
    assert activation.function is not None
    return _written(activation.function, activation.derivative)


def _written(function: Callable[[Any], Any], derivative: Callable[[Any], Any] | None) -> tuple[str, str]:
    x, y = _trace(function)
    value = _text(y)
    return value, _text(_derivative(x, y) if derivative is None else _trace(derivative)[1])
