"""Activations as device functions: the value, and the slope as a function of what the tape saves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ...formulas import formulas
from ...specs import ACTIVATIONS, ROWWISE, Activation
from ..runtime.compiler import device
from .custom_activation import operations

SELU_SCALE, SELU_ALPHA = 1.05070098735548, 1.67326324235437

#: Formulas -> the first activation with them, so that no formula is compiled twice.
_canonical_customs: dict[tuple[str, str], Activation] = {}


@lru_cache(256)
def canonical(activation: Activation) -> Activation:
    """Return the activation that identifies kernels: with all parameters, or the first custom one with the same formulas."""
    if activation.function is not None:
        return _canonical_customs.setdefault(formulas(activation), replace(activation, name="custom"))
    given = activation.parameters
    return replace(activation, parameters=given + ACTIVATIONS[activation.name][1][len(given) :])


@cache
def value(activation: Activation, dtype: str) -> Any:
    """Return the device function ``value(z)``."""
    return _function(activation, dtype, 0)


@cache
def slope(activation: Activation, dtype: str) -> Any:
    """Return the device function ``slope(saved)`` of the value or of z, as ``activation.keeps`` states."""
    return _function(activation, dtype, 1)


def _function(activation: Activation, dtype: str, index: int) -> Any:
    activation = canonical(activation)
    if activation.function is not None:
        return operations(dtype).function(formulas(activation)[index])
    if activation.name in ROWWISE:
        raise ValueError(f"{activation.name} needs whole rows: it is no function of one number.")
    factory = (VALUES, SLOPES)[index][activation.name]
    return device(factory(np.dtype(dtype).type, *activation.parameters))


Factory = Callable[..., Callable[[Any], Any]]


def _linear(real: Any) -> Any:
    return lambda z: z


def _linear_slope(real: Any) -> Any:
    one = real(1)
    return lambda y: one


def _tanh(real: Any) -> Any:
    return lambda z: math.tanh(z)


def _tanh_slope(real: Any) -> Any:
    one = real(1)
    return lambda y: one - y * y


def _sigmoid(real: Any) -> Any:
    one = real(1)
    return lambda z: one / (one + math.exp(-z))


def _sigmoid_slope(real: Any) -> Any:
    one = real(1)
    return lambda y: y * (one - y)


def _hard_sigmoid(real: Any) -> Any:
    zero, three, six = real(0), real(3), real(6)

    def hard_sigmoid(z):
        shifted = z + three
        if shifted < zero:
            return zero
        if shifted > six:
            return six / six
        return shifted / six

    return hard_sigmoid


def _hard_sigmoid_slope(real: Any) -> Any:
    zero, one, slope = real(0), real(1), real(1 / 6)
    return lambda y: slope if y > zero and y < one else zero


def _relu(real: Any) -> Any:
    zero = real(0)
    return lambda z: zero if z <= zero else z


def _relu_slope(real: Any) -> Any:
    zero, one = real(0), real(1)
    return lambda y: one if y > zero else zero


def _leaky_relu(real: Any, slope: float) -> Any:
    zero, below = real(0), real(slope)
    return lambda z: z if z > zero else below * z


def _leaky_relu_slope(real: Any, slope: float) -> Any:
    zero, one, below = real(0), real(1), real(slope)
    return lambda y: one if y > zero else below


def _elu(real: Any, alpha: float, scale: float = 1.0) -> Any:
    zero, above, below = real(0), real(scale), real(scale * alpha)
    return lambda z: above * z if z > zero else below * math.expm1(z)


def _elu_slope(real: Any, alpha: float, scale: float = 1.0) -> Any:
    zero, above, below = real(0), real(scale), real(scale * alpha)
    return lambda y: above if y > zero else y + below


def _softplus(real: Any) -> Any:
    zero = real(0)
    return lambda z: (zero if z <= zero else z) + math.log1p(math.exp(-abs(z)))


def _softsign(real: Any) -> Any:
    one = real(1)
    return lambda z: z / (one + abs(z))


def _softsign_slope(real: Any) -> Any:
    one = real(1)
    return lambda y: (one - abs(y)) * (one - abs(y))


def _silu(real: Any) -> Any:
    one = real(1)
    return lambda z: z / (one + math.exp(-z))


def _silu_slope(real: Any) -> Any:
    one = real(1)

    def silu_slope(z):
        s = one / (one + math.exp(-z))
        return s * (one + z * (one - s))

    return silu_slope


def _gelu(real: Any) -> Any:
    half, root = real(0.5), real(math.sqrt(0.5))
    return lambda z: z * (half * math.erfc(-z * root))


def _gelu_slope(real: Any) -> Any:
    half, root, density = real(0.5), real(math.sqrt(0.5)), real(1 / math.sqrt(2 * math.pi))
    return lambda z: half * math.erfc(-z * root) + z * density * math.exp(-half * z * z)


VALUES: dict[str, Factory] = {
    "linear": _linear,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "hard_sigmoid": _hard_sigmoid,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": lambda real: _elu(real, SELU_ALPHA, SELU_SCALE),
    "softplus": _softplus,
    "softsign": _softsign,
    "exponential": lambda real: lambda z: math.exp(z),
    "silu": _silu,
    "gelu": _gelu,
}

SLOPES: dict[str, Factory] = {
    "linear": _linear_slope,
    "tanh": _tanh_slope,
    "sigmoid": _sigmoid_slope,
    "hard_sigmoid": _hard_sigmoid_slope,
    "relu": _relu_slope,
    "leaky_relu": _leaky_relu_slope,
    "elu": _elu_slope,
    "selu": lambda real: _elu_slope(real, SELU_ALPHA, SELU_SCALE),
    "softplus": _sigmoid,
    "softsign": _softsign_slope,
    "exponential": lambda real: lambda y: y,
    "silu": _silu_slope,
    "gelu": _gelu_slope,
}
