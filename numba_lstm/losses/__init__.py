"""Losses, as ``keras.losses``: classes, functions and names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..naming.absent import absent
from ..objects import serialization
from . import functions
from .base import INSTEAD, Loss
from .classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from .functions import (
    binary_crossentropy,
    categorical_crossentropy,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Huber",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
]

#: Loss classes by class name, function name and Keras's short name.
LOSSES: dict[str, type[Loss]] = {
    name: cls
    for cls, *names in (
        (MeanSquaredError, "mean_squared_error", "mse", "MSE"),
        (MeanAbsoluteError, "mean_absolute_error", "mae", "MAE"),
        (Huber, "huber", "huber_loss"),
        (LogCosh, "log_cosh", "logcosh"),
        (BinaryCrossentropy, "binary_crossentropy", "bce", "BCE"),
        (CategoricalCrossentropy, "categorical_crossentropy"),
        (SparseCategoricalCrossentropy, "sparse_categorical_crossentropy"),
    )
    for name in (cls.__name__, *names)
}


def get(identifier: Any) -> Loss:
    """Return the loss that ``identifier`` stands for, as ``keras.losses.get``.

    Parameters
    ----------
    identifier : str, function, class, dict or Loss
        A name, as ``"mse"``; a function or class of this module; a dict that :func:`serialize` returned; or a loss, which is
        returned as it is.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else.
    """
    if getattr(identifier, "__module__", None) == functions.__name__:
        identifier = identifier.__name__
    if inspect.isfunction(identifier):
        raise TypeError(f"the function {identifier.__name__!r} cannot be a loss, since training needs its gradient. {INSTEAD}")
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        raise ValueError(
            f"{identifier!r} stands for three losses. Write 'binary_crossentropy' for outputs of one unit, "
            "'sparse_categorical_crossentropy' for labels, or 'categorical_crossentropy' for one-hot targets."
        )
    return serialization.get(identifier, LOSSES, "loss", Loss)


def serialize(loss: Loss) -> dict[str, Any]:
    """Return a dict of a loss's class name and config."""
    return serialization.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, type[Loss]] | None = None) -> Loss:
    """Return the loss of a name or of :func:`serialize`'s dict; ``custom_objects`` maps names to custom classes."""
    return get(name) if not custom_objects else serialization.get(name, {**LOSSES, **custom_objects}, "loss", Loss)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
