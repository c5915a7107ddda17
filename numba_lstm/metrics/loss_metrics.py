"""Means of losses as metrics, as those of ``keras.metrics``. The contract's ``loss`` op has the equations."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..inputs import as_number, as_whole
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec
from .base import Metric, check_dtype


class MeanAbsolutePercentageError(Metric):
    """Mean absolute error in percent of the target, as ``keras.metrics.MeanAbsolutePercentageError``."""

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("mean_absolute_percentage_error"), name)


class MeanSquaredLogarithmicError(Metric):
    """Mean squared difference of ``log(1 + y)``, as ``keras.metrics.MeanSquaredLogarithmicError``."""

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("mean_squared_logarithmic_error"), name)


class LogCoshError(Metric):
    """Mean logarithm of the hyperbolic cosine of the error, as ``keras.metrics.LogCoshError``."""

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("log_cosh"), name)


class Poisson(Metric):
    """Mean of ``y - target log y``, as ``keras.metrics.Poisson``."""

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("poisson"), name)


class KLDivergence(Metric):
    """Mean Kullback-Leibler divergence, as ``keras.metrics.KLDivergence``."""

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("kl_divergence"), name)


class CosineSimilarity(Metric):
    """Mean cosine of the angle between outputs and targets, as ``keras.metrics.CosineSimilarity``.

    Parameters
    ----------
    name : str
        The metric's key in a History.
    dtype : "float32" or "float64", optional
        Has no effect: sums are float64.
    axis : int
        Axis of the vectors, only -1.
    """

    direction = "max"

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        check_dtype(dtype)
        if axis != -1:
            raise ValueError(f"{name} takes axis=-1 only, got {axis!r}. Move the vectors to the last axis.")
        super().__init__(LossSpec("cosine_similarity"), name)

    def finish(self, mean: float) -> float:
        """Return the cosine: the loss is its opposite."""
        return -mean


class Hinge(Metric):
    """Mean of ``max(1 - target y, 0)``, as ``keras.metrics.Hinge``."""

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("hinge"), name)


class SquaredHinge(Metric):
    """Mean of ``max(1 - target y, 0)^2``, as ``keras.metrics.SquaredHinge``."""

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("squared_hinge"), name)


class CategoricalHinge(Metric):
    """Mean hinge loss of one-hot targets, as ``keras.metrics.CategoricalHinge``."""

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(LossSpec("categorical_hinge"), name)


class BinaryCrossentropy(Metric):
    """Mean binary cross-entropy, as ``keras.metrics.BinaryCrossentropy``; see the loss of this name for the arguments."""

    parameters = ("from_logits", "label_smoothing")

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        check_dtype(dtype)
        super().__init__(_crossentropy("binary_crossentropy", from_logits, label_smoothing), name)


class CategoricalCrossentropy(Metric):
    """Mean cross-entropy, as ``keras.metrics.CategoricalCrossentropy``; see the loss of this name for the arguments."""

    parameters = ("from_logits", "label_smoothing")

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        check_dtype(dtype)
        super().__init__(_crossentropy("categorical_crossentropy", from_logits, label_smoothing, axis), name)


class SparseCategoricalCrossentropy(Metric):
    """Mean cross-entropy of labels, as ``keras.metrics.SparseCategoricalCrossentropy``; see the loss for the arguments."""

    parameters = ("from_logits", "ignore_class")

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        check_dtype(dtype)
        self._ignored = None if ignore_class is None else as_whole(ignore_class, "ignore_class")
        self._from_logits = bool(from_logits)
        spec = _crossentropy("sparse_categorical_crossentropy", from_logits, 0.0, axis)
        super().__init__(replace(spec, ignore_class=self._ignored), name)

    def update(self, ops: Ops, y: Array, target: Array, weight: Array | None = None) -> None:
        """Add a batch of device arrays to the mean. Rows of the ignored class have the weight 0."""
        if self._ignored is not None:
            valid = np.asarray(ops.to_host(target) != self._ignored, y.dtype)
            weight = ops.asarray(valid if weight is None else valid * ops.to_host(weight), y.dtype)
        super().update(ops, y, target, weight)


class Perplexity(SparseCategoricalCrossentropy):
    """Exponential of the mean cross-entropy of labels, as ``keras_hub.metrics.Perplexity``.

    Parameters
    ----------
    from_logits : bool
        Whether outputs are logits instead of probabilities.
    mask_token_id : int, optional
        Label of steps that do not count.
    dtype : "float32" or "float64", optional
        Has no effect: sums are float64.
    name : str
        The metric's key in a History.
    """

    parameters = ("from_logits", "mask_token_id")

    def __init__(
        self, from_logits: bool = False, mask_token_id: int | None = None, dtype: Any = None, name: str = "perplexity"
    ) -> None:
        super().__init__(name, dtype, from_logits, mask_token_id)

    @property
    def mask_token_id(self) -> int | None:
        """The label of steps that do not count."""
        return self._ignored

    def finish(self, mean: float) -> float:
        """Return the exponential of the mean."""
        return math.exp(mean)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {"name": self.name, "from_logits": self._from_logits, "mask_token_id": self._ignored}


def _crossentropy(name: str, from_logits: bool, label_smoothing: float, axis: int = -1) -> LossSpec:
    if axis != -1:
        raise ValueError(f"{name} takes axis=-1 only, got {axis!r}. Move the classes to the last axis.")
    smoothing = as_number(label_smoothing, "label_smoothing", "[0, 1]")
    return LossSpec(name, from_logits=bool(from_logits), label_smoothing=smoothing)
