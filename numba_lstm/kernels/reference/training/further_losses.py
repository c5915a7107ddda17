"""Losses of probabilities, margins, counts, quantiles and likelihoods: functions ``(y, target, spec) -> (l, dl)``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..functions.activations import sigmoid, softmax
from .probabilities import clip_probability

Array = npt.NDArray[Any]


def mean_absolute_percentage_error(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``100 mean |y - target| / max(|target|, epsilon)``."""
    e, scale = y - target, 100 / np.maximum(np.abs(target), spec.epsilon)
    return np.mean(scale * np.abs(e), axis=-1), scale * np.sign(e) / y.shape[-1]


def mean_squared_logarithmic_error(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean (log(1 + y) - log(1 + target))^2``, both at least epsilon."""
    bounded = np.maximum(y, spec.epsilon)
    e = np.log(bounded + 1) - np.log(np.maximum(target, spec.epsilon) + 1)
    return np.mean(e**2, axis=-1), np.where(bounded == y, 2 * e / (bounded + 1), 0 * y) / y.shape[-1]


def poisson(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean (y - target log y)``."""
    return np.mean(y - target * np.log(y + spec.epsilon), axis=-1), (1 - target / (y + spec.epsilon)) / y.shape[-1]


def kl_divergence(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``sum q log(q / p)`` (Kullback and Leibler 1951)."""
    p, q = np.clip(y, spec.epsilon, 1), np.clip(target, spec.epsilon, 1)
    return np.sum(q * np.log(q / p), axis=-1), np.where(p == y, -q / p, 0 * y)


def cosine_similarity(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """Minus the cosine of the angle between y and the target."""
    norm = np.sqrt(np.sum(y**2, axis=-1, keepdims=True))
    length = np.maximum(norm, spec.epsilon)
    unit = target / np.maximum(np.sqrt(np.sum(target**2, axis=-1, keepdims=True)), spec.epsilon)
    cosine = np.sum(y * unit, axis=-1, keepdims=True) / length
    along = np.where(length == norm, cosine * y / length, 0 * y)
    return -cosine[..., 0], (along - unit) / length


def as_signs(target: Array) -> Array:
    """Return targets of 0 and 1 as -1 and 1, and any others as they are."""
    return 2 * target - 1 if np.all((target == 0) | (target == 1)) else target


def hinge(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean max(1 - q y, 0)``."""
    q = as_signs(target)
    margin = np.maximum(1 - q * y, 0)
    return np.mean(margin, axis=-1), np.where(margin == 0, 0 * y, -q) / y.shape[-1]


def squared_hinge(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean max(1 - q y, 0)^2``."""
    q = as_signs(target)
    margin = np.maximum(1 - q * y, 0)
    return np.mean(margin**2, axis=-1), -2 * margin * q / y.shape[-1]


def categorical_hinge(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``max(0, 1 + max (1 - target) y - sum target y)``."""
    wrong = (1 - target) * y
    margin = np.max(wrong, axis=-1) - np.sum(target * y, axis=-1) + 1
    first = np.arange(y.shape[-1]) == np.argmax(wrong, axis=-1)[..., None]
    slope = first * (1 - target) - target
    return np.maximum(margin, 0), np.where(margin[..., None] <= 0, 0 * y, slope + 0 * margin[..., None])


def binary_focal_crossentropy(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """A binary cross-entropy that counts certain outputs less (Lin et al. 2018)."""
    q = target * (1 - spec.label_smoothing) + spec.label_smoothing / 2
    s = sigmoid(y) if spec.from_logits else y
    p, inside = clip_probability(s, spec.epsilon)
    entropy, entropy_slope = -(q * np.log(p) + (1 - q) * np.log(1 - p)), inside * (p - q) / (p * (1 - p))
    rest = 1 - (q * s + (1 - q) * (1 - s))
    balance = q * spec.alpha + (1 - q) * (1 - spec.alpha) if spec.apply_class_balancing else 1.0
    factor, factor_slope = rest**spec.gamma, -spec.gamma * rest ** (spec.gamma - 1) * (2 * q - 1)
    slope = balance * (factor * entropy_slope + factor_slope * entropy)
    if spec.from_logits:
        slope = slope * s * (1 - s)
    return np.mean(balance * factor * entropy, axis=-1), slope / y.shape[-1]


def categorical_focal_crossentropy(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """A cross-entropy that counts certain outputs less (Lin et al. 2018)."""
    q = target * (1 - spec.label_smoothing) + spec.label_smoothing / y.shape[-1]
    s = softmax(y) if spec.from_logits else y
    total = np.sum(s, axis=-1, keepdims=True)
    share = s / total
    p, inside = clip_probability(share, spec.epsilon)
    factor = spec.alpha * (1 - p) ** spec.gamma
    dp = inside * q * (spec.alpha * spec.gamma * (1 - p) ** (spec.gamma - 1) * np.log(p) - factor / p)
    ds = (dp - np.sum(dp * share, axis=-1, keepdims=True)) / total
    losses = -np.sum(factor * q * np.log(p), axis=-1)
    return losses, s * (ds - np.sum(ds * s, axis=-1, keepdims=True)) if spec.from_logits else ds


def quantile(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean max(u e, (u - 1) e)`` with e = target - y, for a quantile u of each output."""
    e, u = target - y, np.array(spec.quantiles, y.dtype)
    slope = np.where(e >= 0, -u, 1 - u) + 0 * e
    return np.mean(np.maximum(u * e, (u - 1) * e), axis=-1), slope / y.shape[-1]


def gaussian_nll(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """Minus the log likelihood under normal distributions of these means and logarithms of variances."""
    mean, s = np.split(y, 2, axis=-1)
    e, precision = mean - target, np.exp(-s)
    constant = math.log(2 * math.pi) / 2 if spec.full else 0.0
    slopes = np.concatenate([e * precision, (1 - e**2 * precision) / 2], axis=-1)
    return np.mean((s + e**2 * precision) / 2, axis=-1) + constant, slopes / mean.shape[-1]


def student_t_nll(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """Minus the log likelihood under Student's t distributions of these means and logarithms of scales."""
    mean, s = np.split(y, 2, axis=-1)
    df, z = spec.df, (mean - target) * np.exp(-s)
    constant = math.log(df * math.pi) / 2 + math.lgamma(df / 2) - math.lgamma((df + 1) / 2)
    pull = (df + 1) * z / (df + z**2)
    slopes = np.concatenate([pull * np.exp(-s), 1 - pull * z], axis=-1)
    return np.mean(s + (df + 1) / 2 * np.log1p(z**2 / df), axis=-1) + constant, slopes / mean.shape[-1]


FURTHER: tuple[Callable[[Array, Array, Any], tuple[Array, Array]], ...] = (
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
    poisson,
    kl_divergence,
    cosine_similarity,
    hinge,
    squared_hinge,
    categorical_hinge,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    quantile,
    gaussian_nll,
    student_t_nll,
)
