"""Loss functions, which return one value a row, of arrays and of traced tensors. Training takes the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ..inputs.targets import as_rows
from ..ops.tensor import is_traced
from .base import Loss
from .crossentropies import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
)
from .ctc import CTC
from .formulas import row_losses
from .margins import CategoricalHinge, Hinge, KLDivergence, SquaredHinge
from .regression import (
    CosineSimilarity,
    GaussianNLL,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    Quantile,
    StudentTNLL,
)


def mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Mean squared error, ``mean (y_pred - y_true)^2``, over the last axis, as ``keras.losses.mean_squared_error``."""
    return _row_losses(y_true, y_pred, MeanSquaredError())


def mean_absolute_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Mean absolute error, ``mean |y_pred - y_true|``, over the last axis, as ``keras.losses.mean_absolute_error``."""
    return _row_losses(y_true, y_pred, MeanAbsoluteError())


def huber(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, delta: float = 1.0) -> Any:
    """Huber loss over the last axis (:class:`Huber`), as ``keras.losses.huber``."""
    return _row_losses(y_true, y_pred, Huber(delta))


def log_cosh(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Logarithm of the hyperbolic cosine over the last axis (:class:`LogCosh`), as ``keras.losses.log_cosh``."""
    return _row_losses(y_true, y_pred, LogCosh())


def binary_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Binary cross-entropy over the last axis (:class:`BinaryCrossentropy`), as ``keras.losses.binary_crossentropy``."""
    return _row_losses(y_true, y_pred, BinaryCrossentropy(from_logits, label_smoothing, axis))


def categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Cross-entropy of one-hot targets (:class:`CategoricalCrossentropy`), as ``keras.losses.categorical_crossentropy``."""
    return _row_losses(y_true, y_pred, CategoricalCrossentropy(from_logits, label_smoothing, axis))


def sparse_categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Cross-entropy of labels (:class:`SparseCategoricalCrossentropy`), as the function of this name in ``keras.losses``."""
    return _row_losses(y_true, y_pred, SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis))


def mean_absolute_percentage_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Mean absolute error in percent over the last axis, as ``keras.losses.mean_absolute_percentage_error``."""
    return _row_losses(y_true, y_pred, MeanAbsolutePercentageError())


def mean_squared_logarithmic_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Mean squared difference of ``log(1 + y)``, as ``keras.losses.mean_squared_logarithmic_error``."""
    return _row_losses(y_true, y_pred, MeanSquaredLogarithmicError())


def poisson(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Mean of ``y_pred - y_true log y_pred`` over the last axis, as ``keras.losses.poisson``."""
    return _row_losses(y_true, y_pred, Poisson())


def kl_divergence(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Kullback-Leibler divergence over the last axis, as ``keras.losses.kl_divergence``."""
    return _row_losses(y_true, y_pred, KLDivergence())


def cosine_similarity(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, axis: int = -1) -> Any:
    """Minus the cosine of the angle between two vectors, as ``keras.losses.cosine_similarity``."""
    return _row_losses(y_true, y_pred, CosineSimilarity(axis))


def hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Hinge loss over the last axis (:class:`Hinge`), as ``keras.losses.hinge``."""
    return _row_losses(y_true, y_pred, Hinge())


def squared_hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Squared hinge loss over the last axis (:class:`SquaredHinge`), as ``keras.losses.squared_hinge``."""
    return _row_losses(y_true, y_pred, SquaredHinge())


def categorical_hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """Hinge loss of one-hot targets (:class:`CategoricalHinge`), as ``keras.losses.categorical_hinge``."""
    return _row_losses(y_true, y_pred, CategoricalHinge())


def binary_focal_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Focal binary cross-entropy (:class:`BinaryFocalCrossentropy`), as ``keras.losses.binary_focal_crossentropy``."""
    loss = BinaryFocalCrossentropy(apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis)
    return _row_losses(y_true, y_pred, loss)


def categorical_focal_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Focal cross-entropy (:class:`CategoricalFocalCrossentropy`), as ``keras.losses.categorical_focal_crossentropy``."""
    return _row_losses(y_true, y_pred, CategoricalFocalCrossentropy(alpha, gamma, from_logits, label_smoothing, axis))


def quantile(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> Any:
    """Quantile loss over the last axis (:class:`Quantile`)."""
    return _row_losses(y_true, y_pred, Quantile(quantiles))


def gaussian_nll(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, full: bool = False) -> Any:
    """Negative log likelihood of normal distributions (:class:`GaussianNLL`)."""
    return _row_losses(y_true, y_pred, GaussianNLL(full))


def student_t_nll(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, df: float = 4.0) -> Any:
    """Negative log likelihood of Student's t distributions (:class:`StudentTNLL`)."""
    return _row_losses(y_true, y_pred, StudentTNLL(df))


def ctc(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Any:
    """CTC loss of each sample (:class:`CTC`), as ``keras.losses.ctc``."""
    return _row_losses(y_true, y_pred, CTC())


def _row_losses(y_true: Any, y_pred: Any, loss: Loss) -> Any:
    if is_traced(y_true, y_pred):
        return row_losses(y_true, y_pred, loss.spec)
    return loss.row_losses(as_rows(y_true, y_pred, loss.spec))
