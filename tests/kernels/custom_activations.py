"""Custom activations as NumPy formulas, for comparing a device with the reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from numba_lstm.kernels.specs import Activation


def mish(x: Any) -> Any:
    return x * np.tanh(np.log1p(np.exp(x)))


def bent(x: Any) -> Any:
    return x / np.sqrt(1 + np.square(x))


def bent_slope(x: Any) -> Any:
    return np.reciprocal((1 + x * x) * np.sqrt(1 + x * x))


def ramp(x: Any) -> Any:
    return np.clip(0.3 * x + 0.45, 0, 0.9)


def logarithm(x: Any) -> Any:
    return np.sign(x) * np.log1p(np.abs(x)) - 0.1


def capped(x: Any) -> Any:
    return np.where(x > -0.2, np.minimum(x, 1.3), np.expm1(x) / 2)


#: Custom activations, one of them with its derivative.
CUSTOM = [
    Activation("mish", function=mish),
    Activation("bent", function=bent, derivative=bent_slope),
    Activation("ramp", function=ramp),
    Activation("logarithm", function=logarithm),
    Activation("capped", function=capped),
]
