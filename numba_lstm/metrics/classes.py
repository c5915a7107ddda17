"""Metric classes, as those of ``keras.metrics``. The contract's ``metric`` op has the equations."""

from __future__ import annotations

import math
from typing import Any

from ..inputs import as_count, as_number
from ..inputs.target_shapes import is_sparse
from ..kernels.specs import LossSpec, MetricSpec
from .base import Metric, check_dtype


class MeanSquaredError(Metric):
    """``mean (y - target)^2``, as ``keras.metrics.MeanSquaredError``."""

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(MetricSpec("mean_squared_error"), name)


class RootMeanSquaredError(Metric):
    """``sqrt(mean (y - target)^2)``, the mean over all batches, as ``keras.metrics.RootMeanSquaredError``."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(MetricSpec("mean_squared_error"), name)

    def finish(self, mean: float) -> float:
        """Return the root of the mean."""
        return math.sqrt(mean)


class MeanAbsoluteError(Metric):
    """``mean |y - target|``, as ``keras.metrics.MeanAbsoluteError``."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        check_dtype(dtype)
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
        check_dtype(dtype)
        super().__init__(MetricSpec("binary_accuracy", as_number(threshold, "threshold")), name)


class CategoricalAccuracy(Metric):
    """Share of rows whose largest output is at the one-hot target's one, as ``keras.metrics.CategoricalAccuracy``."""

    direction = "max"

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(MetricSpec("categorical_accuracy"), name)


class SparseCategoricalAccuracy(Metric):
    """Share of rows whose largest output is at the label, as ``keras.metrics.SparseCategoricalAccuracy``."""

    direction = "max"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(MetricSpec("sparse_categorical_accuracy"), name)


class TopKCategoricalAccuracy(Metric):
    """Share of rows whose one-hot target is at one of the k largest outputs, as ``keras.metrics.TopKCategoricalAccuracy``.

    Parameters
    ----------
    k : int
        So many outputs count as right.
    name, dtype
        See :class:`BinaryAccuracy`.
    """

    direction = "max"
    parameters = ("k",)

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        check_dtype(dtype)
        super().__init__(MetricSpec("top_k_categorical_accuracy", k=as_count(k, "k")), name)


class SparseTopKCategoricalAccuracy(Metric):
    """Share of rows whose label is at one of the k largest outputs, as ``keras.metrics.SparseTopKCategoricalAccuracy``.

    Parameters
    ----------
    k : int
        So many outputs count as right.
    name, dtype
        See :class:`BinaryAccuracy`.
    from_sorted_ids : bool
        Only False: outputs are scores of all classes.
    """

    direction = "max"
    parameters = ("k",)

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        check_dtype(dtype)
        if from_sorted_ids:
            raise ValueError(f"{name} takes scores of all classes, got from_sorted_ids={from_sorted_ids!r}. Leave it out.")
        super().__init__(MetricSpec("sparse_top_k_categorical_accuracy", k=as_count(k, "k")), name)


class DeferredAccuracy(CategoricalAccuracy):
    """``"accuracy"`` before the model's output is known: :meth:`for_output` chooses the kind, as Keras does."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name)

    def for_output(self, output_shape: tuple[int | None, ...], loss: LossSpec) -> Metric:
        """Return a sparse accuracy for a loss of labels, a binary one for outputs of one unit, else a categorical one."""
        if is_sparse(loss):
            return SparseCategoricalAccuracy(self.name)
        metric = BinaryAccuracy(self.name) if output_shape[-1] == 1 else CategoricalAccuracy(self.name)
        return metric.for_output(output_shape, loss)
