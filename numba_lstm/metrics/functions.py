"""Functions of ``keras.metrics``, of arrays and of traced tensors: accuracies and correlations, and those of losses."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..losses.functions import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    cosine_similarity,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)

__all__ = [
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "concordance_correlation",
    "cosine_similarity",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "pearson_correlation",
    "poisson",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

EPSILON = 1e-7


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where an output is its target, else 0."""
    target, y = _of_one_rank(y_true, y_pred)
    return ops.cast(ops.equal(target, y), "float32")


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return 1 where an output is on its target's side of ``threshold``, else 0."""
    target, y = _of_one_rank(y_true, y_pred)
    return ops.cast(ops.equal(target, ops.cast(ops.greater(y, threshold), "float32")), "float32")


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 for each row whose largest output is at the one of its one-hot target, else 0."""
    target, y = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    return ops.cast(ops.equal(ops.argmax(target, axis=-1), ops.argmax(y, axis=-1)), "float32")


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 for each row whose largest output is at its label, else 0."""
    labels, y = _labels(y_true, y_pred)
    return ops.cast(ops.equal(labels, ops.argmax(y, axis=-1)), "float32")


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return 1 for each row whose one-hot target is at one of the ``k`` largest outputs, else 0."""
    labels = ops.argmax(ops.convert_to_tensor(y_true), axis=-1)
    return ops.cast(ops.in_top_k(labels, ops.convert_to_tensor(y_pred), k), "float32")


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """Return 1 for each row whose label is at one of the ``k`` largest outputs, else 0.

    With ``from_sorted_ids`` the outputs are labels, the best first.
    """
    labels, y = _labels(y_true, y_pred)
    if from_sorted_ids:
        return ops.cast(ops.any(ops.equal(y[..., :k], ops.expand_dims(labels, -1)), axis=-1), "float32")
    return ops.cast(ops.in_top_k(labels, y, k), "float32")


def pearson_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """Return Pearson's correlation of targets and outputs over axes."""
    target, y = (x - ops.mean(x, axis=axis, keepdims=True) for x in _of_one_rank(y_true, y_pred))
    target, y = (x / ops.std(x, axis=axis, keepdims=True) for x in (target, y))
    return ops.mean(target * y, axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """Return the concordance of targets and outputs over axes (Lin 1989): a correlation that counts their distance too."""
    target, y = _of_one_rank(y_true, y_pred)
    means = [ops.mean(x, axis=axis, keepdims=True) for x in (target, y)]
    spread = ops.var(target, axis=axis, keepdims=True) + ops.var(y, axis=axis, keepdims=True)
    shared = 2.0 * (target - means[0]) * (y - means[1])
    return ops.mean(shared / (spread + ops.square(means[0] - means[1]) + EPSILON), axis=axis)


def _of_one_rank(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return targets and outputs, of which the one without a last axis of size 1 gets it."""
    target, y = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if target.ndim == y.ndim - 1 and y.shape[-1] == 1:
        target = ops.expand_dims(target, -1)
    elif y.ndim == target.ndim - 1 and target.shape[-1] == 1:
        y = ops.expand_dims(y, -1)
    return target, y


def _labels(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return labels without a last axis of size 1, and outputs."""
    labels, y = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    return ops.squeeze(labels, -1) if labels.ndim == y.ndim and labels.shape[-1] == 1 else labels, y
