"""Metrics, as ``keras.metrics``: classes and names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..naming.absent import absent
from ..objects import serialization
from . import functions
from .base import Metric
from .class_metrics import (
    F1Score,
    FBetaScore,
    R2Score,
    SymmetricMeanAbsolutePercentageError,
)
from .classes import (
    BinaryAccuracy,
    CategoricalAccuracy,
    DeferredAccuracy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from .custom import FunctionMetric
from .functions import *  # noqa: F403
from .intersections import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from .loss_metrics import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Perplexity,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from .means import Accuracy, ConcordanceCorrelation, PearsonCorrelation
from .reductions import Mean, MeanMetricWrapper, Sum
from .thresholds import (
    AUC,
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Perplexity",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "SymmetricMeanAbsolutePercentageError",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "deserialize",
    "get",
    "serialize",
    *functions.__all__,
]

#: The modules whose functions are metrics of the same names.
_MODULES = ("numba_lstm.losses.functions", functions.__name__)

#: Metric classes by class name, Keras's name and short name.
METRICS: dict[str, type[Metric]] = {
    name: cls
    for cls, *names in (
        (MeanSquaredError, "mean_squared_error", "mse", "MSE"),
        (RootMeanSquaredError, "root_mean_squared_error", "rmse", "RMSE"),
        (MeanAbsoluteError, "mean_absolute_error", "mae", "MAE"),
        (MeanAbsolutePercentageError, "mean_absolute_percentage_error", "mape", "MAPE"),
        (MeanSquaredLogarithmicError, "mean_squared_logarithmic_error", "msle", "MSLE"),
        (SymmetricMeanAbsolutePercentageError, "symmetric_mean_absolute_percentage_error", "smape", "SMAPE"),
        (LogCoshError, "log_cosh_error", "log_cosh", "logcosh"),
        (Poisson, "poisson"),
        (KLDivergence, "kl_divergence", "kld", "KLD"),
        (CosineSimilarity, "cosine_similarity"),
        (Hinge, "hinge"),
        (SquaredHinge, "squared_hinge"),
        (CategoricalHinge, "categorical_hinge"),
        (BinaryCrossentropy, "binary_crossentropy", "bce", "BCE"),
        (CategoricalCrossentropy, "categorical_crossentropy"),
        (SparseCategoricalCrossentropy, "sparse_categorical_crossentropy"),
        (Perplexity, "perplexity"),
        (BinaryAccuracy, "binary_accuracy"),
        (CategoricalAccuracy, "categorical_accuracy"),
        (SparseCategoricalAccuracy, "sparse_categorical_accuracy"),
        (TopKCategoricalAccuracy, "top_k_categorical_accuracy"),
        (SparseTopKCategoricalAccuracy, "sparse_top_k_categorical_accuracy"),
        (DeferredAccuracy, "accuracy", "acc"),
        (TruePositives, "true_positives"),
        (FalsePositives, "false_positives"),
        (TrueNegatives, "true_negatives"),
        (FalseNegatives, "false_negatives"),
        (Precision, "precision"),
        (Recall, "recall"),
        (AUC, "auc"),
        (FBetaScore, "f_beta_score", "fbeta_score"),
        (F1Score, "f1_score"),
        (R2Score, "r2_score"),
        (PearsonCorrelation, "pearson_correlation"),
        (ConcordanceCorrelation, "concordance_correlation"),
        (BinaryIoU, "binary_io_u"),
        (Mean, "mean"),
        (Sum, "sum"),
    )
    for name in (cls.__name__, *names)
}

#: Classes that dicts name too, but for which a name alone does not stand.
_BY_CONFIG: dict[str, type[Metric]] = {
    **METRICS,
    "FunctionMetric": FunctionMetric,
    **{
        cls.__name__: cls
        for cls in (
            *(Accuracy, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU),
            *(PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity),
        )
    },
}


def get(identifier: Any) -> Metric:
    """Return the metric that ``identifier`` stands for, as ``keras.metrics.get``.

    Parameters
    ----------
    identifier : str, function, dict, class or Metric
        A name, which becomes the metric's key; a function of :mod:`numba_lstm.losses`, or one of your own,
        ``f(y_true, y_pred)``; a dict that :func:`serialize` returned; a class; or a metric, which is returned as it is.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else.
    """
    if getattr(identifier, "__module__", None) in _MODULES:
        identifier = identifier.__name__
    if inspect.isfunction(identifier) or inspect.ismethod(identifier) or isinstance(identifier, partial):
        return FunctionMetric(identifier)
    name = identifier
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        identifier = "accuracy"  # in any case, as Keras takes it
    metric = serialization.get(identifier, METRICS if isinstance(identifier, str) else _BY_CONFIG, "metric", Metric)
    if isinstance(name, str):
        metric.name = name
    return metric


def serialize(metric: Metric) -> dict[str, Any]:
    """Return a dict of a metric's class name and config."""
    return serialization.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, type[Metric]] | None = None) -> Metric:
    """Return the metric of a dict that :func:`serialize` returned; ``custom_objects`` maps names to custom classes."""
    return serialization.get(config, {**_BY_CONFIG, **(custom_objects or {})}, "metric", Metric)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
