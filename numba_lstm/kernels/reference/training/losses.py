"""Losses and their gradients, and metrics. A loss is a function ``(y, target, spec) -> (l, dl)`` over the last axis C."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import LossSpec
from ..functions.activations import VALUES, sigmoid, softmax
from .ctc import ctc
from .further_losses import FURTHER
from .probabilities import clip_probability

Array = npt.NDArray[Any]
softplus = VALUES["softplus"]


def mean_squared_error(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean (y - target)^2``."""
    e = y - target
    return np.mean(e**2, axis=-1), 2 * e / y.shape[-1]


def mean_absolute_error(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean |y - target|``."""
    e = y - target
    return np.mean(np.abs(e), axis=-1), np.sign(e) / y.shape[-1]


def huber(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """A parabola up to ``delta``, its tangent beyond (Huber 1964)."""
    e, delta = y - target, spec.delta
    size = np.abs(e)
    losses = np.where(size <= delta, e**2 / 2, delta * (size - delta / 2))
    return np.mean(losses, axis=-1), np.clip(e, -delta, delta) / y.shape[-1]


def log_cosh(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``mean log cosh (y - target)``."""
    e = y - target
    return np.mean(e + softplus(-2 * e) - math.log(2), axis=-1), np.tanh(e) / y.shape[-1]


def binary_crossentropy(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``-mean (q log p + (1 - q) log(1 - p))``."""
    q = target * (1 - spec.label_smoothing) + spec.label_smoothing / 2
    if spec.from_logits:
        losses = np.maximum(y, 0) - y * q + np.log1p(np.exp(-np.abs(y)))
        return np.mean(losses, axis=-1), (sigmoid(y) - q) / y.shape[-1]
    p, inside = clip_probability(y, spec.epsilon)
    losses = -(q * np.log(p) + (1 - q) * np.log(1 - p))
    return np.mean(losses, axis=-1), inside * (p - q) / (p * (1 - p)) / y.shape[-1]


def categorical_crossentropy(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``-sum q log p``."""
    q = target * (1 - spec.label_smoothing) + spec.label_smoothing / y.shape[-1]
    return crossentropy(y, q, spec)


def sparse_categorical_crossentropy(y: Array, target: Array, spec: Any) -> tuple[Array, Array]:
    """``-log p[target]``: the categorical loss with all of q at the target's index."""
    return crossentropy(y, (target[..., None] == np.arange(y.shape[-1])).astype(y.dtype), spec)


def crossentropy(y: Array, q: Array, spec: Any) -> tuple[Array, Array]:
    """``-sum q log p``. From logits, the largest one is subtracted first, so that no exponential overflows."""
    if spec.from_logits:
        shifted = y - y.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
        return -np.sum(q * log_p, axis=-1), softmax(y) * np.sum(q, axis=-1, keepdims=True) - q
    total = np.sum(y, axis=-1, keepdims=True)
    share = y / total
    p, inside = clip_probability(share, spec.epsilon)
    dp = -(inside * q / p)
    return -np.sum(q * np.log(p), axis=-1), (dp - np.sum(dp * share, axis=-1, keepdims=True)) / total


LOSSES: dict[str, Callable[[Array, Array, Any], tuple[Array, Array]]] = {
    f.__name__: f
    for f in (
        mean_squared_error,
        mean_absolute_error,
        huber,
        log_cosh,
        binary_crossentropy,
        categorical_crossentropy,
        sparse_categorical_crossentropy,
        *FURTHER,
    )
}


def in_top_k(y: Array, labels: Array, k: int) -> Array:
    """Return where fewer than ``k`` outputs of a row are larger than that of the label, a finite one."""
    known = (labels >= 0) & (labels < y.shape[-1])
    chosen = np.take_along_axis(y, np.where(known, labels, 0)[..., None], axis=-1)
    return known & np.isfinite(chosen[..., 0]) & (np.sum(y > chosen, axis=-1) < k)


METRICS: dict[str, Callable[[Array, Array, Any], Array]] = {
    "mean_squared_error": lambda y, target, spec: np.mean((y - target) ** 2, axis=-1),
    "mean_absolute_error": lambda y, target, spec: np.mean(np.abs(y - target), axis=-1),
    "binary_accuracy": lambda y, target, spec: np.mean((y > y.dtype.type(spec.threshold)) == target, axis=-1),
    "categorical_accuracy": lambda y, target, spec: np.argmax(y, axis=-1) == np.argmax(target, axis=-1),
    "sparse_categorical_accuracy": lambda y, target, spec: np.argmax(y, axis=-1) == target,
    "top_k_categorical_accuracy": lambda y, target, spec: in_top_k(y, np.argmax(target, axis=-1), spec.k),
    "sparse_top_k_categorical_accuracy": lambda y, target, spec: in_top_k(y, target, spec.k),
}


def loss(
    y: Array, target: Array, spec: Any, *, weight: Array | None = None, mask: Array | None = None, gradient: bool
) -> tuple[Any, Array | None]:
    """The weighted mean over the leading axes."""
    losses, slopes = ctc(y, target, mask, spec) if spec.name == "ctc" else LOSSES[spec.name](y, target, spec)
    w = np.ones_like(losses) if weight is None else weight
    if spec.name == "ctc":
        losses = np.where(w == 0, 0, losses)  # a sample of weight 0 may have no path
    value = np.sum(w * losses) / losses.size
    return value, w[..., None] * slopes / losses.size if gradient else None


def metric(y: Array, target: Array, spec: Any, *, weight: Array | None = None) -> tuple[Any, Any]:
    """The weighted sum over the leading axes, in float64."""
    values = LOSSES[spec.name](y, target, spec)[0] if isinstance(spec, LossSpec) else METRICS[spec.name](y, target, spec)
    w = np.ones(values.shape) if weight is None else weight
    return np.sum(w * values, dtype=np.float64), np.sum(w, dtype=np.float64)
