"""Activations that kernels compute by their formulas, as they compute custom functions.

Where a function has a kink, the derivative is that of Keras on JAX.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..kernels.formulas import TracedActivation, trace
from ..kernels.specs import Activation


class ElementFormula(NamedTuple):
    """A function of each element."""

    function: Callable[..., Any]  #: of the element and the parameters
    defaults: tuple[float | None, ...] = ()  #: of the parameters; None for one without a default
    derivative: Callable[[Any], Any] | None = None  #: None for that of the operations
    without: tuple[float, ...] | None = None  #: parameters for which kernels know the function by its name


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _celu(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def _gelu(x: Any, approximate: float) -> Any:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _hard_shrink(x: Any, threshold: float) -> Any:
    return np.where(np.abs(x) > threshold, x, 0)


def _soft_shrink(x: Any, threshold: float) -> Any:
    return np.where(x > threshold, x - threshold, np.where(x < -threshold, x + threshold, 0))


def _hard_silu(x: Any) -> Any:
    return x * np.clip(x + 3, 0, 6) / 6


def _hard_silu_slope(x: Any) -> Any:
    return np.where(x <= -3, 0, np.where(x >= 3, 1, (2 * x + 3) / 6))


def _sparse_plus(x: Any) -> Any:
    return np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))


def _sparse_sigmoid_slope(x: Any) -> Any:
    return np.where(np.abs(x) < 1, 0.5, np.where(np.abs(x) == 1, 0.25, 0))


def _threshold(x: Any, threshold: float, default_value: float) -> Any:
    return np.where(x > threshold, x, default_value)


def _hard_tanh(x: Any) -> Any:
    return np.where(x > 1, 1, np.where(x < -1, -1, x))


def _log_sigmoid(x: Any) -> Any:
    return -_softplus(-x)


def _mish(x: Any) -> Any:
    return x * np.tanh(_softplus(x))


def _relu6(x: Any) -> Any:
    return np.where(x > 0, np.where(x < 6, x, 6), 0)


def _sparse_sigmoid(x: Any) -> Any:
    return 0.5 * np.clip(x, -1, 1) + 0.5


def _tanh_shrink(x: Any) -> Any:
    return x - np.tanh(x)


def _squareplus(x: Any, b: float) -> Any:
    return (x + np.sqrt(x * x + b)) / 2


#: Name -> its formula.
ELEMENT_FORMULAS: dict[str, ElementFormula] = {
    "celu": ElementFormula(_celu, (1.0,)),
    "gelu": ElementFormula(_gelu, (0.0,), without=(0.0,)),
    "hard_shrink": ElementFormula(_hard_shrink, (0.5,)),
    "hard_silu": ElementFormula(_hard_silu, (), _hard_silu_slope),
    "hard_tanh": ElementFormula(_hard_tanh),
    "log_sigmoid": ElementFormula(_log_sigmoid),
    "mish": ElementFormula(_mish),
    "relu6": ElementFormula(_relu6),
    "soft_shrink": ElementFormula(_soft_shrink, (0.5,)),
    "sparse_plus": ElementFormula(_sparse_plus),
    "sparse_sigmoid": ElementFormula(_sparse_sigmoid, (), _sparse_sigmoid_slope),
    "squareplus": ElementFormula(_squareplus, (4.0,)),
    "tanh_shrink": ElementFormula(_tanh_shrink),
    "threshold": ElementFormula(_threshold, (None, None)),
}


@lru_cache(256)
def element_formula(name: str, parameters: tuple[float, ...]) -> Activation:
    """Return the spec of an activation with all of its parameters."""
    formula = ELEMENT_FORMULAS[name]
    if parameters == formula.without:
        return Activation(name)
    function = partial(formula.function, **dict(zip(_names(formula.function), parameters, strict=True)))
    traced = trace(name, function, formula.derivative)
    return TracedActivation(name, parameters, function, formula.derivative, traced.formulas)


def is_element_formula(activation: Activation) -> bool:
    """Return whether an activation is one of these, and no function of a user under the same name."""
    known = ELEMENT_FORMULAS.get(activation.name)
    if known is None or activation.function is None or len(activation.parameters) != len(known.defaults):
        return False
    return element_formula(activation.name, activation.parameters) == activation


def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[1 : code.co_argcount]
