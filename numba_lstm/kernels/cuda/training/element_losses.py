"""Losses that are means over elements: device functions ``(y, target) -> (loss, slope)``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...specs import Activation, LossSpec
from ..device_math.activation import value
from ..runtime.compiler import device


def element_loss(spec: LossSpec, dtype: str) -> Any:
    """Return the device function of a loss."""
    return device(LOSSES[spec.name](np.dtype(dtype).type, spec))


def _mean_squared_error(real: Any, spec: LossSpec) -> Any:
    def squared(y, target):
        e = y - target
        return e * e, e + e

    return squared


def _mean_absolute_error(real: Any, spec: LossSpec) -> Any:
    zero, one = real(0), real(1)

    def absolute(y, target):
        e = y - target
        return abs(e), one if e > zero else -one if e < zero else e

    return absolute


def _huber(real: Any, spec: LossSpec) -> Any:
    delta, half, tangent = real(spec.delta), real(0.5), real(spec.delta / 2)

    def huber(y, target):
        e = y - target
        size = abs(e)
        if size > delta:
            return delta * (size - tangent), delta if e > delta else -delta
        return half * e * e, e

    return huber


def _log_cosh(real: Any, spec: LossSpec) -> Any:
    softplus, two = value(Activation("softplus"), np.dtype(real).name), real(2)
    log_two = real(math.log(2))

    def log_cosh(y, target):
        e = y - target
        return e + softplus(-two * e) - log_two, math.tanh(e)

    return log_cosh


def _binary_crossentropy(real: Any, spec: LossSpec) -> Any:
    zero, one, confidence, shift = real(0), real(1), real(1 - spec.label_smoothing), real(spec.label_smoothing / 2)
    low, high = real(spec.epsilon), real(1 - spec.epsilon)

    def from_logits_loss(y, target):
        q = target * confidence + shift
        loss = (zero if y <= zero else y) - y * q + math.log1p(math.exp(-abs(y)))
        return loss, one / (one + math.exp(-y)) - q

    def from_probabilities_loss(y, target):
        q = target * confidence + shift
        p = low if y < low else high if y > high else y
        loss = -(q * math.log(p) + (one - q) * math.log(one - p))
        return loss, zero if p != y and y == y else (p - q) / (p * (one - p))

    return from_logits_loss if spec.from_logits else from_probabilities_loss


LOSSES: dict[str, Callable[[Any, LossSpec], Any]] = {
    "mean_squared_error": _mean_squared_error,
    "mean_absolute_error": _mean_absolute_error,
    "huber": _huber,
    "log_cosh": _log_cosh,
    "binary_crossentropy": _binary_crossentropy,
}
