"""Custom activations in kernels: the formulas of a user's function as functions of vectors.

A formula is Python source that calls vector functions only, which Numba compiles. Its code is a digest of its text, which is
the same in every process, so that kernels are found again on disk, and functions with the same formulas share kernels.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ...formulas import COMPARISONS, TRIGONOMETRIC, formulas
from ...specs import Activation, LSTMSpec
from ..compiler.jit import inlined
from . import arithmetic, trigonometry, vmath
from .vector import like

_OPERATORS = dict(zip(COMPARISONS, (operator.gt, operator.ge, operator.lt, operator.le, operator.eq, operator.ne), strict=True))


@inlined
def _square(x):
    return x * x


@inlined
def _reciprocal(x):
    return 1.0 / x


#: The vector functions of a formula's operations.
VECTORS: dict[str, Callable[..., Any]] = {
    **_OPERATORS,
    "constant": like, "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negative": operator.neg, "absolute": arithmetic.absolute, "square": _square, "reciprocal": _reciprocal,
    "sqrt": arithmetic.sqrt, "power": arithmetic.power, "where": arithmetic.select, "sign": vmath.sign,
    "maximum": vmath.larger, "minimum": vmath.smaller, "tanh": vmath.tanh,
    "exp": vmath.exp, "expm1": vmath.expm1, "log": vmath.log, "log1p": vmath.log1p,
    **{name: getattr(trigonometry, name) for name in TRIGONOMETRIC},
}  # fmt: skip

#: Code -> the first activation with these formulas. It stands for all others, so that a formula is compiled once.
_known: dict[int, Activation] = {}


def code(activation: Activation) -> int:
    """Return the code of a custom activation: 60 bits of the digest of its formulas."""
    number = int(sha256("\n".join(formulas(activation)).encode()).hexdigest()[:15], 16)
    _known.setdefault(number, replace(activation, name="custom"))
    return number


def is_custom(number: int) -> bool:
    """Whether ``number`` is the code of a custom activation."""
    return number in _known


def value(number: int) -> Callable[..., Any]:
    """Return the custom activation of this code, as a function of code, parameter and z."""
    return _function(formulas(_known[number])[0], "z")


def slope(number: int) -> Callable[..., Any]:
    """Return its derivative, as a function of code, parameter and kept."""
    return _function(formulas(_known[number])[1], "kept")


def _function(formula: str, argument: str) -> Callable[..., Any]:
    *lines, result = formula.split("\n")
    names = {**VECTORS, "inf": float("inf"), "nan": float("nan")}
    exec("\n    ".join([f"def custom(code, parameter, {argument}):", f"x = {argument}", *lines, f"return {result}"]), names)
    return names["custom"]


@lru_cache(256)
def canonical(activation: Activation) -> Activation:
    """Return the activation that kernels are compiled for: the first one with the same formulas."""
    return activation if activation.function is None else _known[code(activation)]


@lru_cache(256)
def canonical_spec(spec: LSTMSpec) -> LSTMSpec:
    """Return a spec with canonical activations."""
    roles = ("activation", "recurrent_activation", "output_activation")
    if all(getattr(spec, role).function is None for role in roles):
        return spec
    return replace(spec, **{role: canonical(getattr(spec, role)) for role in roles})
