"""Metric classes, as those of ``keras.metrics``. The contract's ``metric`` op has the equations."""

from __future__ import annotations

import math
from typing import Any

from ..inputs import as_number
from ..inputs.targets import is_sparse
from ..kernels.specs import LossSpec, MetricSpec
from .base import Metric


class MeanSquaredError(Metric):
    """``mean (y - target)^2``, as ``keras.metrics.MeanSquaredError``."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("mean_squared_error"), name)


class RootMeanSquaredError(Metric):
    """``sqrt(mean (y - target)^2)``, the mean over all batches, as ``keras.metrics.RootMeanSquaredError``."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("mean_squared_error"), name)

    def finish(self, mean: float) -> float:
        """Return the root of the mean."""
        return math.sqrt(mean)


class MeanAbsoluteError(Metric):
    """``mean |y - target|``, as ``keras.metrics.MeanAbsoluteError``."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("mean_absolute_error"), name)


class BinaryAccuracy(Metric):
    """Share of outputs on their target's side of ``threshold``, as ``keras.metrics.BinaryAccuracy``.

    Parameters
    ----------
    name : str
        The metric's key in a History.
    dtype : "float32" or "float64", optional
        Has no effect, in any metric: sums are float64.
    threshold : float
        Larger outputs count as 1, others as 0.
    """

    direction = "max"
    parameters = ("threshold",)

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("binary_accuracy", as_number(threshold, "threshold")), name)


class CategoricalAccuracy(Metric):
    """Share of rows whose largest output is at the one-hot target's one, as ``keras.metrics.CategoricalAccuracy``."""

    direction = "max"

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("categorical_accuracy"), name)


class SparseCategoricalAccuracy(Metric):
    """Share of rows whose largest output is at the label, as ``keras.metrics.SparseCategoricalAccuracy``."""

    direction = "max"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        _check_dtype(dtype)
        super().__init__(MetricSpec("sparse_categorical_accuracy"), name)


class DeferredAccuracy(CategoricalAccuracy):
    """``"accuracy"`` before the model's output is known: :meth:`for_output` chooses the kind, as Keras does."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name)

    def for_output(self, output_shape: tuple[int | None, ...], loss: LossSpec) -> Metric:
        """Return a sparse accuracy for a loss of labels, a binary one for outputs of one unit, else a categorical one."""
        if is_sparse(loss):
            return SparseCategoricalAccuracy(self.name)
        return BinaryAccuracy(self.name) if output_shape[-1] == 1 else CategoricalAccuracy(self.name)


def _check_dtype(dtype: Any) -> None:
    if dtype not in (None, "float32", "float64"):
        raise ValueError(f"a metric's dtype must be 'float32' or 'float64', and has no effect, got {dtype!r}. Leave it out.")
