"""Activations: the value as a function of the argument z, and the slope as a function of what the tape saves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ...formulas import TracedActivation
from .duals import evaluate, function_of

Array = npt.NDArray[Any]

SELU_SCALE, SELU_ALPHA = 1.05070098735548, 1.67326324235437


def sigmoid(z: Array) -> Array:
    """``1 / (1 + exp(-z))``, written so that no exponential overflows."""
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def elu(z: Array, alpha: float = 1.0) -> Array:
    """``z`` above 0, else ``alpha * (exp(z) - 1)``."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def softmax(z: Array) -> Array:
    """``exp(z) / sum exp(z)`` over the last axis; the largest z is subtracted first, so that no exponential overflows."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def normal_cdf(z: Array) -> Array:
    """The probability that a standard normal variable is at most ``z``."""
    erf = np.vectorize(math.erf, otypes=[np.float64])
    return ((1 + erf(z / math.sqrt(2))) / 2).astype(z.dtype)


def normal_pdf(z: Array) -> Array:
    """The density of a standard normal variable at ``z``."""
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


VALUES: dict[str, Callable[..., Array]] = {
    "linear": lambda z: z,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": lambda z: np.clip(z + 3, 0, 6) / 6,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z, slope=0.2: np.where(z > 0, z, slope * z),
    "elu": elu,
    "selu": lambda z: SELU_SCALE * elu(z, SELU_ALPHA),
    "softplus": lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "exponential": np.exp,
    "silu": lambda z: z * sigmoid(z),
    "gelu": lambda z: z * normal_cdf(z),
    "softmax": softmax,
}

#: d value / d z, of the value y or of z, as ``Activation.keeps`` states. Softmax is no function of one z: see :func:`gradient`.
SLOPES: dict[str, Callable[..., Array]] = {
    "linear": lambda y: np.ones_like(y),
    "tanh": lambda y: 1 - y**2,
    "sigmoid": lambda y: y * (1 - y),
    "hard_sigmoid": lambda y: np.where((y > 0) & (y < 1), 1 / 6, 0).astype(y.dtype),
    "relu": lambda y: np.where(y > 0, 1, 0).astype(y.dtype),
    "leaky_relu": lambda y, slope=0.2: np.where(y > 0, 1, slope).astype(y.dtype),
    "elu": lambda y, alpha=1.0: np.where(y > 0, 1, y + alpha),
    "selu": lambda y: np.where(y > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA),
    "softplus": sigmoid,
    "softsign": lambda y: (1 - np.abs(y)) ** 2,
    "exponential": lambda y: y,
    "silu": lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z))),
    "gelu": lambda z: normal_cdf(z) + z * normal_pdf(z),
}


def value(activation: Any, z: Array) -> Array:
    """``activation(z)``."""
    if activation.function is not None:
        return evaluate(_functions(activation)[0], z)[0]
    return VALUES[activation.name](z, *activation.parameters)


def _functions(activation: Any) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """Return a custom function and its derivative. Those of a traced activation come from its formulas."""
    if isinstance(activation, TracedActivation):
        return function_of(activation.formulas[0]), function_of(activation.formulas[1])
    return activation.function, activation.derivative


def saved_of(activation: Any, z: Array, y: Array) -> Array:
    """Return what a tape saves of ``y = activation(z)``."""
    return z if activation.keeps == "z" else y


def slope_from_saved(activation: Any, saved: Array) -> Array:
    """``activation'(z)``. A custom derivative is a function of z; without one, dual numbers give the slope."""
    if activation.derivative is not None:
        return evaluate(_functions(activation)[1], saved)[0]
    if activation.function is not None:
        return evaluate(_functions(activation)[0], saved)[1]
    return SLOPES[activation.name](saved, *activation.parameters)


def gradient(activation: Any, saved: Array, dy: Array) -> Array:
    """``dz`` for ``dy``: ``dy`` times the slope; softmax's Jacobian ``diag(y) - y y^T`` couples the elements of a row."""
    if activation.function is None and activation.name == "softmax":
        return saved * (dy - np.sum(dy * saved, axis=-1, keepdims=True))
    return dy * slope_from_saved(activation, saved)


def slope(activation: Any, z: Array) -> Array:
    """``activation'(z)``."""
    return slope_from_saved(activation, saved_of(activation, z, value(activation, z)))
