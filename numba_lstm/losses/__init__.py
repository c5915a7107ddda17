"""Losses, as ``keras.losses``: classes, functions and names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..naming.absent import absent
from ..objects import serialization
from . import functions
from .base import Loss
from .composed import (
    CategoricalGeneralizedCrossEntropy,
    Circle,
    Dice,
    Tversky,
    categorical_generalized_cross_entropy,
    circle,
    dice,
    tversky,
)
from .crossentropies import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
)
from .ctc import CTC, ctc_loss
from .custom import FunctionLoss
from .functions import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    cosine_similarity,
    ctc,
    gaussian_nll,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    quantile,
    sparse_categorical_crossentropy,
    squared_hinge,
    student_t_nll,
)
from .margins import (
    CategoricalHinge,
    Hinge,
    KLDivergence,
    SquaredHinge,
)
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

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CTC",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "Quantile",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "StudentTNLL",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "ctc_loss",
    "deserialize",
    "dice",
    "gaussian_nll",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "quantile",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "student_t_nll",
    "tversky",
]

#: Loss classes by class name, function name and Keras's short name.
LOSSES: dict[str, type[Loss]] = {
    name: cls
    for cls, *names in (
        (MeanSquaredError, "mean_squared_error", "mse", "MSE"),
        (MeanAbsoluteError, "mean_absolute_error", "mae", "MAE"),
        (MeanAbsolutePercentageError, "mean_absolute_percentage_error", "mape", "MAPE"),
        (MeanSquaredLogarithmicError, "mean_squared_logarithmic_error", "msle", "MSLE"),
        (Huber, "huber", "huber_loss"),
        (LogCosh, "log_cosh", "logcosh"),
        (Poisson, "poisson"),
        (KLDivergence, "kl_divergence", "kld", "KLD"),
        (CosineSimilarity, "cosine_similarity"),
        (Hinge, "hinge"),
        (SquaredHinge, "squared_hinge"),
        (CategoricalHinge, "categorical_hinge"),
        (BinaryCrossentropy, "binary_crossentropy", "bce", "BCE"),
        (BinaryFocalCrossentropy, "binary_focal_crossentropy"),
        (CategoricalCrossentropy, "categorical_crossentropy"),
        (CategoricalFocalCrossentropy, "categorical_focal_crossentropy"),
        (SparseCategoricalCrossentropy, "sparse_categorical_crossentropy"),
        (CTC, "ctc"),
        (Circle, "circle"),
        (Dice, "dice"),
        (Tversky, "tversky"),
        (Quantile, "quantile"),
        (GaussianNLL, "gaussian_nll"),
        (StudentTNLL, "student_t_nll"),
    )
    for name in (cls.__name__, *names)
}

#: Classes that dicts name too, but for which a name alone does not stand.
_BY_CONFIG: dict[str, type[Loss]] = {
    **LOSSES,
    "FunctionLoss": FunctionLoss,
    "CategoricalGeneralizedCrossEntropy": CategoricalGeneralizedCrossEntropy,
}


def get(identifier: Any) -> Loss:
    """Return the loss that ``identifier`` stands for, as ``keras.losses.get``.

    Parameters
    ----------
    identifier : str, function, class, dict or Loss
        A name, as ``"mse"``; a function or class of this module; a function of your own, ``f(y_true, y_pred)``; a dict that
        :func:`serialize` returned; or a loss, which is returned as it is.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else.
    """
    if getattr(identifier, "__module__", None) == functions.__name__:
        identifier = identifier.__name__
    if inspect.isfunction(identifier) or inspect.ismethod(identifier) or isinstance(identifier, partial):
        return FunctionLoss(identifier)
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        raise ValueError(
            f"{identifier!r} stands for three losses. Write 'binary_crossentropy' for outputs of one unit, "
            "'sparse_categorical_crossentropy' for labels, or 'categorical_crossentropy' for one-hot targets."
        )
    return serialization.get(identifier, LOSSES if isinstance(identifier, str) else _BY_CONFIG, "loss", Loss)


def serialize(loss: Loss) -> dict[str, Any]:
    """Return a dict of a loss's class name and config."""
    return serialization.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, type[Loss]] | None = None) -> Loss:
    """Return the loss of a name or of :func:`serialize`'s dict; ``custom_objects`` maps names to custom classes."""
    return get(name) if not custom_objects else serialization.get(name, {**_BY_CONFIG, **custom_objects}, "loss", Loss)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
