"""Activations of the elements of arrays and tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..elementwise import (
    absolute,
    add,
    cast,
    clip,
    divide,
    elu,
    expm1,
    greater,
    hard_sigmoid,
    less,
    less_equal,
    maximum,
    minimum,
    multiply,
    negative,
    relu,
    sigmoid,
    sign,
    silu,
    softplus,
    sqrt,
    square,
    subtract,
    tanh,
    where,
    zeros_like,
)
from ..reducing import sum as sum_
from ..shaping import flip, moveaxis, split
from ..tensor import is_traced
from .sorting import sort
from .sums import cumsum
from .trigonometry import erfc

swish = silu


def selu(x: Any) -> Any:
    """Return the scaled :func:`elu` that preserves mean and variance (Klambauer et al. 2017)."""
    return multiply(elu(x, 1.6732632423543772), 1.0507009873554805)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Return ``max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`` (Barron 2017)."""
    return add(relu(x), multiply(expm1(multiply(minimum(x, 0.0), 1 / alpha)), alpha))


def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of an axis times the sigmoid of the second half (Dauphin et al. 2017)."""
    first, second = split(x, 2, axis)
    return multiply(first, sigmoid(second))


def hard_tanh(x: Any) -> Any:
    """Return x, bounded by -1 and 1."""
    return clip(x, -1.0, 1.0)


def hard_silu(x: Any) -> Any:
    """Return ``x * hard_sigmoid(x)``."""
    return multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


def log_sigmoid(x: Any) -> Any:
    """Return ``log(sigmoid(x))``."""
    return negative(softplus(negative(x)))


def squareplus(x: Any, b: int = 4) -> Any:
    """Return ``(x + sqrt(x**2 + b)) / 2``."""
    return multiply(add(x, sqrt(add(square(x), float(b)))), 0.5)


def tanh_shrink(x: Any) -> Any:
    """Return ``x - tanh(x)``."""
    return subtract(x, tanh(x))


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x, closer to 0 by ``threshold``."""
    return multiply(sign(x), relu(subtract(absolute(x), threshold)))


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x where its absolute value is above ``threshold``, else 0."""
    return where(greater(absolute(x), threshold), x, zeros_like(x))


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """Return x where it is above ``threshold``, else ``default_value``."""
    return where(less_equal(x, threshold), default_value, x)


def gelu(x: Any, approximate: bool = True) -> Any:
    """Return x times the normal distribution function (Hendrycks and Gimpel 2016), or an approximation by tanh."""
    if not approximate:
        return multiply(multiply(x, erfc(multiply(x, -math.sqrt(0.5)))), 0.5)
    inner = multiply(add(x, multiply(multiply(square(x), x), 0.044715)), math.sqrt(2 / math.pi))
    return multiply(multiply(x, add(tanh(inner), 1.0)), 0.5)


def sparse_plus(x: Any) -> Any:
    """Return ``(x + 1)**2 / 4`` from -1 to 1, 0 below and x above."""
    return where(greater(x, -1.0), where(less(x, 1.0), multiply(square(add(x, 1.0)), 0.25), x), zeros_like(x))


def sparse_sigmoid(x: Any) -> Any:
    """Return ``(x + 1) / 2``, bounded by 0 and 1."""
    return multiply(add(hard_tanh(x), 1.0), 0.5)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """Return the nearest probabilities to an axis of x, some of which are 0 (Martins and Astudillo 2016)."""
    if not is_traced(x):
        x = np.asarray(x)
    rows = moveaxis(x, axis, -1)
    ordered = flip(sort(rows), -1)
    sums, counts = cumsum(ordered, -1), np.arange(1.0, rows.shape[-1] + 1)
    supported = cast(greater(add(multiply(ordered, counts), 1.0), sums), "float32")
    total = sum_(multiply(ordered, supported), -1, True)
    threshold = divide(subtract(total, 1.0), sum_(supported, -1, True))
    return moveaxis(maximum(subtract(rows, threshold), zeros_like(rows)), -1, axis)
