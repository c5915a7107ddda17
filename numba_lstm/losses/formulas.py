"""Losses of traced tensors, for custom functions that call losses of this package: functions ``(y, target, spec) -> losses``.

The contract's ``loss`` op has the equations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import ops
from ..inputs.target_shapes import is_sparse
from ..kernels.specs import LossSpec
from .reductions import NONE

LOG_2 = math.log(2.0)


def row_losses(y_true: Any, y_pred: Any, spec: LossSpec) -> Any:
    """Return the losses over the last axis, for targets in the shape of the outputs, or labels without that axis.

    Raises
    ------
    TypeError
        For a loss that has no formula.
    """
    if spec.name not in FORMULAS:
        raise TypeError(f"{spec.name} cannot be part of a function of tensors. Give it to compile as the loss.")
    y, target = ops.convert_to_tensor(y_pred), ops.convert_to_tensor(y_true)
    if is_sparse(spec):
        if target.ndim == y.ndim and target.shape[-1] == 1:
            target = ops.squeeze(target, -1)
    elif target.ndim == y.ndim - 1 and y.shape[-1] == 1:
        target = ops.expand_dims(target, -1)
    return FORMULAS[spec.name](y, target, spec)


def _huber(y: Any, target: Any, spec: Any) -> Any:
    size = ops.abs(y - target)
    return ops.mean(ops.where(size <= spec.delta, 0.5 * size * size, spec.delta * (size - 0.5 * spec.delta)), axis=-1)


def _log_cosh(y: Any, target: Any, spec: Any) -> Any:
    e = y - target
    return ops.mean(e + ops.softplus(-2.0 * e) - LOG_2, axis=-1)


def _percentage(y: Any, target: Any, spec: Any) -> Any:
    return 100.0 * ops.mean(ops.abs(y - target) / ops.maximum(ops.abs(target), spec.epsilon), axis=-1)


def _logarithmic(y: Any, target: Any, spec: Any) -> Any:
    return ops.mean(ops.square(ops.log1p(ops.maximum(y, spec.epsilon)) - ops.log1p(ops.maximum(target, spec.epsilon))), axis=-1)


def _divergence(y: Any, target: Any, spec: Any) -> Any:
    p, q = ops.clip(y, spec.epsilon, 1.0), ops.clip(target, spec.epsilon, 1.0)
    return ops.sum(q * ops.log(q / p), axis=-1)


def _unit(x: Any, epsilon: float) -> Any:
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=-1, keepdims=True), epsilon**2))


def _cosine(y: Any, target: Any, spec: Any) -> Any:
    return -ops.sum(_unit(y, spec.epsilon) * _unit(target, spec.epsilon), axis=-1)


def _margin(y: Any, target: Any) -> Any:
    """Return the hinge of each element, for targets -1 and 1, or 0 and 1 where all of them are."""
    binary = ops.all(ops.logical_or(ops.equal(target, 0.0), ops.equal(target, 1.0)))
    return ops.maximum(1.0 - ops.where(binary, 2.0 * target - 1.0, target) * y, 0.0)


def _categorical_hinge(y: Any, target: Any, spec: Any) -> Any:
    return ops.maximum(ops.max((1.0 - target) * y, axis=-1) - ops.sum(target * y, axis=-1) + 1.0, 0.0)


def _binary(y: Any, target: Any, spec: Any) -> Any:
    q = target * (1.0 - spec.label_smoothing) + 0.5 * spec.label_smoothing
    if spec.from_logits:
        return ops.mean(ops.softplus(y) - y * q, axis=-1)
    p = ops.clip(y, spec.epsilon, 1.0 - spec.epsilon)
    return -ops.mean(q * ops.log(p) + (1.0 - q) * ops.log(1.0 - p), axis=-1)


def _entropy(y: Any, q: Any, spec: Any) -> Any:
    if spec.from_logits:
        return -ops.sum(q * ops.log_softmax(y, axis=-1), axis=-1)
    p = ops.clip(y / ops.sum(y, axis=-1, keepdims=True), spec.epsilon, 1.0 - spec.epsilon)
    return -ops.sum(q * ops.log(p), axis=-1)


def _categorical(y: Any, target: Any, spec: Any) -> Any:
    return _entropy(y, target * (1.0 - spec.label_smoothing) + spec.label_smoothing / y.shape[-1], spec)


def _sparse(y: Any, target: Any, spec: Any) -> Any:
    losses = _entropy(y, ops.one_hot(target, y.shape[-1]), spec)
    return losses if spec.ignore_class is None else ops.where(ops.equal(target, spec.ignore_class), 0.0, losses)


def _quantile(y: Any, target: Any, spec: Any) -> Any:
    e, levels = target - y, list(spec.quantiles)
    return ops.mean(ops.maximum(e * levels, e * [level - 1.0 for level in levels]), axis=-1)


#: Name of a loss -> its formula.
FORMULAS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "mean_squared_error": lambda y, target, spec: ops.mean(ops.square(y - target), axis=-1),
    "mean_absolute_error": lambda y, target, spec: ops.mean(ops.abs(y - target), axis=-1),
    "mean_absolute_percentage_error": _percentage,
    "mean_squared_logarithmic_error": _logarithmic,
    "huber": _huber,
    "log_cosh": _log_cosh,
    "poisson": lambda y, target, spec: ops.mean(y - target * ops.log(y + spec.epsilon), axis=-1),
    "kl_divergence": _divergence,
    "cosine_similarity": _cosine,
    "hinge": lambda y, target, spec: ops.mean(_margin(y, target), axis=-1),
    "squared_hinge": lambda y, target, spec: ops.mean(ops.square(_margin(y, target)), axis=-1),
    "categorical_hinge": _categorical_hinge,
    "binary_crossentropy": _binary,
    "categorical_crossentropy": _categorical,
    "sparse_categorical_crossentropy": _sparse,
    "quantile": _quantile,
}


def reduced(losses: Any, sample_weight: Any, reduction: str | None) -> Any:
    """Return losses of traced tensors times the weights of their leading axes, reduced as those of arrays are."""
    if sample_weight is not None:
        weight = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
        weight = ops.reshape(weight, (*weight.shape, *(1,) * (losses.ndim - weight.ndim)))
        losses = losses * weight
        if reduction == "mean_with_sample_weight":
            return ops.sum(losses) / ops.maximum(ops.sum(ops.broadcast_to(weight, losses.shape)), 1e-7)
    if reduction in NONE:
        return losses
    return ops.sum(losses) if reduction == "sum" else ops.mean(losses)
