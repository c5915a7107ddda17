"""Metrics, as ``keras.metrics``: classes and names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..naming.absent import absent
from ..objects import serialization
from .base import Metric
from .classes import (
    BinaryAccuracy,
    CategoricalAccuracy,
    DeferredAccuracy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
)

__all__ = [
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "deserialize",
    "get",
    "serialize",
]

#: The module whose functions are metrics of the same names.
_LOSSES = "numba_lstm.losses.functions"

_NO_FUNCTION = "Take one of numba_lstm.metrics, or compute it from model.predict(x) in on_epoch_end of a Callback."


#: Metric classes by class name, Keras's name and short name.
METRICS: dict[str, type[Metric]] = {
    "MeanSquaredError": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "RootMeanSquaredError": RootMeanSquaredError,
    "root_mean_squared_error": RootMeanSquaredError,
    "rmse": RootMeanSquaredError,
    "RMSE": RootMeanSquaredError,
    "MeanAbsoluteError": MeanAbsoluteError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "BinaryAccuracy": BinaryAccuracy,
    "binary_accuracy": BinaryAccuracy,
    "CategoricalAccuracy": CategoricalAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "SparseCategoricalAccuracy": SparseCategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "DeferredAccuracy": DeferredAccuracy,
    "accuracy": DeferredAccuracy,
    "acc": DeferredAccuracy,
}


def get(identifier: Any) -> Metric:
    """Return the metric that ``identifier`` stands for, as ``keras.metrics.get``.

    Parameters
    ----------
    identifier : str, function, dict, class or Metric
        A name, which becomes the metric's key; a function of :mod:`numba_lstm.losses`; a dict that :func:`serialize` returned;
        a class; or a metric, which is returned as it is.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else.
    """
    if getattr(identifier, "__module__", None) == _LOSSES:
        identifier = identifier.__name__
    if inspect.isfunction(identifier):
        raise TypeError(f"the function {identifier.__name__!r} cannot be a metric. {_NO_FUNCTION}")
    name = identifier
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        identifier = "accuracy"  # in any case, as Keras takes it
    metric = serialization.get(identifier, METRICS, "metric", Metric)
    if isinstance(name, str):
        metric.name = name
    return metric


def serialize(metric: Metric) -> dict[str, Any]:
    """Return a dict of a metric's class name and config."""
    return serialization.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, type[Metric]] | None = None) -> Metric:
    """Return the metric of a dict that :func:`serialize` returned; ``custom_objects`` maps names to custom classes."""
    return serialization.get(config, {**METRICS, **(custom_objects or {})}, "metric", Metric)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
