"""Loss functions, which return one value a row. Training takes the classes."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ..inputs.targets import as_rows
from .base import Loss
from .classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)

Array = npt.NDArray[Any]


def mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean squared error, ``mean (y_pred - y_true)^2``, over the last axis, as ``keras.losses.mean_squared_error``."""
    return _row_losses(y_true, y_pred, MeanSquaredError())


def mean_absolute_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean absolute error, ``mean |y_pred - y_true|``, over the last axis, as ``keras.losses.mean_absolute_error``."""
    return _row_losses(y_true, y_pred, MeanAbsoluteError())


def huber(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, delta: float = 1.0) -> Array:
    """Huber loss over the last axis (:class:`Huber`), as ``keras.losses.huber``."""
    return _row_losses(y_true, y_pred, Huber(delta))


def log_cosh(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Logarithm of the hyperbolic cosine over the last axis (:class:`LogCosh`), as ``keras.losses.log_cosh``."""
    return _row_losses(y_true, y_pred, LogCosh())


def binary_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Binary cross-entropy over the last axis (:class:`BinaryCrossentropy`), as ``keras.losses.binary_crossentropy``."""
    return _row_losses(y_true, y_pred, BinaryCrossentropy(from_logits, label_smoothing, axis))


def categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Cross-entropy of one-hot targets (:class:`CategoricalCrossentropy`), as ``keras.losses.categorical_crossentropy``."""
    return _row_losses(y_true, y_pred, CategoricalCrossentropy(from_logits, label_smoothing, axis))


def sparse_categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Array:
    """Cross-entropy of labels (:class:`SparseCategoricalCrossentropy`), as the function of this name in ``keras.losses``."""
    return _row_losses(y_true, y_pred, SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis))


def _row_losses(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, loss: Loss) -> Array:
    return loss.row_losses(as_rows(y_true, y_pred, loss.spec))
