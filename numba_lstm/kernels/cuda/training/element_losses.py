"""Losses that are means over elements: device functions ``(y, target) -> (loss, slope)``.

Hinge losses take targets of -1 and 1, see :func:`.signs.as_signs`.
"""

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


def _mean_absolute_percentage_error(real: Any, spec: LossSpec) -> Any:
    zero, hundred, epsilon = real(0), real(100), real(spec.epsilon)

    def percentage(y, target):
        e, size = y - target, abs(target)
        scale = hundred / (size if size > epsilon else epsilon)
        return scale * abs(e), scale if e > zero else -scale if e < zero else e

    return percentage


def _mean_squared_logarithmic_error(real: Any, spec: LossSpec) -> Any:
    zero, one, two, epsilon = real(0), real(1), real(2), real(spec.epsilon)

    def logarithmic(y, target):
        bounded = epsilon if y < epsilon else y
        e = math.log(bounded + one) - math.log((epsilon if target < epsilon else target) + one)
        return e * e, zero if y < epsilon else two * e / (bounded + one)

    return logarithmic


def _poisson(real: Any, spec: LossSpec) -> Any:
    one, epsilon = real(1), real(spec.epsilon)

    def poisson(y, target):
        return y - target * math.log(y + epsilon), one - target / (y + epsilon)

    return poisson


def _hinge(real: Any, spec: LossSpec) -> Any:
    zero, one = real(0), real(1)

    def hinge(y, target):
        margin = one - target * y
        return (zero, zero) if margin <= zero else (margin, zero * margin - target)

    return hinge


def _squared_hinge(real: Any, spec: LossSpec) -> Any:
    zero, one, two = real(0), real(1), real(2)

    def squared_hinge(y, target):
        margin = one - target * y
        margin = zero if margin < zero else margin
        return margin * margin, -two * margin * target

    return squared_hinge


def _binary_focal_crossentropy(real: Any, spec: LossSpec) -> Any:
    zero, one, confidence, shift = real(0), real(1), real(1 - spec.label_smoothing), real(spec.label_smoothing / 2)
    low, high, gamma, less = real(spec.epsilon), real(1 - spec.epsilon), real(spec.gamma), real(spec.gamma - 1)
    alpha, rest_alpha, two = real(spec.alpha), real(1 - spec.alpha), real(2)
    from_logits, balanced = spec.from_logits, spec.apply_class_balancing

    def focal(y, target):
        q = target * confidence + shift
        s = one / (one + math.exp(-y)) if from_logits else y
        p = low if s < low else high if s > high else s
        loss = -(q * math.log(p) + (one - q) * math.log(one - p))
        slope = zero if p != s and s == s else (p - q) / (p * (one - p))
        balance = q * alpha + (one - q) * rest_alpha if balanced else one
        rest = one - (q * s + (one - q) * (one - s))
        factor = math.pow(rest, gamma)
        slope = balance * (factor * slope - gamma * math.pow(rest, less) * (two * q - one) * loss)
        return balance * factor * loss, slope * s * (one - s) if from_logits else slope

    return focal


LOSSES: dict[str, Callable[[Any, LossSpec], Any]] = {
    "mean_squared_error": _mean_squared_error,
    "mean_absolute_error": _mean_absolute_error,
    "huber": _huber,
    "log_cosh": _log_cosh,
    "binary_crossentropy": _binary_crossentropy,
    "mean_absolute_percentage_error": _mean_absolute_percentage_error,
    "mean_squared_logarithmic_error": _mean_squared_logarithmic_error,
    "poisson": _poisson,
    "hinge": _hinge,
    "squared_hinge": _squared_hinge,
    "binary_focal_crossentropy": _binary_focal_crossentropy,
}
