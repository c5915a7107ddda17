"""Derivatives of the operations of a formula (forward mode).

A derivative is a term of a formula, or the number 0 or 1, which the rules simplify away.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")


def _plus(a: Any, b: Any) -> Any:
    return b if _is(a, 0) else a if _is(b, 0) else a + b


def _minus(a: Any, b: Any) -> Any:
    return a if _is(b, 0) else -b if _is(a, 0) else a - b


def _times(a: Any, b: Any) -> Any:
    return 0.0 if _is(a, 0) or _is(b, 0) else b if _is(a, 1) else a if _is(b, 1) else a * b


def _over(a: Any, b: Any) -> Any:
    return 0.0 if _is(a, 0) else np.reciprocal(b) if _is(a, 1) else a / b


def _is(a: Any, number: Any) -> bool:
    return isinstance(a, numbers.Real) and a == number


def _larger(a: Any, da: Any, b: Any, db: Any) -> Any:
    least = min(da, db) if isinstance(da, numbers.Real) and isinstance(db, numbers.Real) else np.minimum(da, db)
    return _where(a > b, da, _where(a < b, db, least))


def _where(condition: Any, a: Any, b: Any) -> Any:
    return a if a is b or (isinstance(a, numbers.Real) and _is(b, a)) else np.where(condition, a, b)


def _power_slope(y: Any, a: Any, da: Any, k: Any, dk: Any) -> Any:
    exponent = k.operands[0]
    return _times(exponent * a ** (exponent - 1), da)


def _flat(y: Any, *operands: Any) -> float:
    return 0.0


#: Operation y(a, b) -> its derivative y' as a function of y, a, a' (and b, b').
SLOPES: dict[str, Callable[..., Any]] = {
    "constant": _flat,
    "add": lambda y, a, da, b, db: _plus(da, db),
    "subtract": lambda y, a, da, b, db: _minus(da, db),
    "multiply": lambda y, a, da, b, db: _plus(_times(da, b), _times(a, db)),
    "divide": lambda y, a, da, b, db: _over(_minus(da, _times(y, db)), b),
    "negative": lambda y, a, da: _minus(0.0, da),
    "reciprocal": lambda y, a, da: -_times(y * y, da) if not _is(da, 0) else 0.0,
    "square": lambda y, a, da: _times(2 * a, da),
    "power": _power_slope,
    "sqrt": lambda y, a, da: _over(da, 2 * y),
    "exp": lambda y, a, da: _times(y, da),
    "expm1": lambda y, a, da: _times(y + 1, da),
    "log": lambda y, a, da: _over(da, a),
    "log1p": lambda y, a, da: _over(da, 1 + a),
    "tanh": lambda y, a, da: _times(1 - y * y, da),
    "maximum": lambda y, a, da, b, db: _larger(a, da, b, db),
    "minimum": lambda y, a, da, b, db: _minus(0.0, _larger(-a, _minus(0.0, da), -b, _minus(0.0, db))),
    "absolute": lambda y, a, da: _larger(a, da, -a, _minus(0.0, da)),
    "sin": lambda y, a, da: _times(np.cos(a), da),
    "cos": lambda y, a, da: _times(-np.sin(a), da),
    "tan": lambda y, a, da: _times(1 + y * y, da),
    "arcsin": lambda y, a, da: _over(da, np.sqrt(1 - a * a)),
    "arccos": lambda y, a, da: _minus(0.0, _over(da, np.sqrt(1 - a * a))),
    "arctan": lambda y, a, da: _over(da, 1 + a * a),
    "arctan2": lambda y, a, da, b, db: _over(_minus(_times(b, da), _times(a, db)), a * a + b * b),
    **dict.fromkeys(("sign", "floor", "ceil", "rint"), _flat),
    "where": lambda y, condition, dcondition, a, da, b, db: _where(condition, da, db),
    **dict.fromkeys(COMPARISONS, _flat),
}
