"""Activations of the elements of arrays and tensors."""

from __future__ import annotations

from typing import Any

from ..elementwise import (
    absolute,
    add,
    clip,
    elu,
    expm1,
    greater,
    hard_sigmoid,
    less_equal,
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
from ..shaping import split

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
