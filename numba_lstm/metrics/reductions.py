"""Mean and sum of numbers, as those of ``keras.metrics``; for loops of one's own, not for ``compile``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..kernels.specs import LossSpec
from .base import Metric
from .host_metric import HostMetric

Host = npt.NDArray[Any]


class Sum(HostMetric):
    """Weighted sum of all numbers since the last reset, as ``keras.metrics.Sum``."""

    reduce: ClassVar[Any] = staticmethod(np.sum)

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__("sum", name, dtype)

    def update_state(self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:  # type: ignore[override]
        """Add numbers, with weights of their shape, or of the leading axes of what is first reduced over the others."""
        numbers = np.asarray(values, np.float64)
        weights = np.asarray(1.0 if sample_weight is None else sample_weight, np.float64)
        if sample_weight is not None and weights.ndim < numbers.ndim:
            numbers = type(self).reduce(numbers, axis=tuple(range(weights.ndim, numbers.ndim)))
        weights = np.broadcast_to(weights, numbers.shape)
        self.accumulate(total=np.sum(weights * numbers), count=np.sum(weights))

    def __call__(self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:  # type: ignore[override]
        """Add numbers and return the result so far."""
        self.update_state(values, sample_weight)
        return self.result()

    def of_sums(self, **sums: Any) -> float:
        """Return the sum."""
        return float(sums["total"])

    def for_output(self, output_shape: tuple[int | None, ...], loss: LossSpec) -> Metric:
        """Raise ValueError: a model has no numbers for this metric."""
        raise ValueError(f"{self.name} takes numbers, not outputs and targets. Call its update_state in a loop of your own.")


class Mean(Sum):
    """Weighted mean of all numbers since the last reset, as ``keras.metrics.Mean``."""

    reduce = staticmethod(np.mean)

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def of_sums(self, **sums: Any) -> float:
        """Return the mean."""
        return float(sums["total"] / sums["count"]) if sums["count"] else 0.0


class MeanMetricWrapper(HostMetric):
    """Mean of a function of targets and outputs, as ``keras.metrics.MeanMetricWrapper``.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred, **kwargs)`` of NumPy arrays (M, C), one row for each sample or step. It returns one number a row,
        or an array whose first axis has the rows.
    name : str, optional
        The metric's key in a History; None is the name of the function.
    dtype : "float32" or "float64", optional
        Has no effect: sums are float64.
    **kwargs
        Arguments of the function.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        self._function, self._arguments = fn, kwargs
        super().__init__(getattr(fn, "__name__", "mean_metric_wrapper"), name, dtype)

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        """Add outputs (M, C), targets (M, C) and weights (M,)."""
        values = np.asarray(self._function(target, y, **self._arguments), np.float64).reshape(len(y), -1).mean(axis=1)
        self.accumulate(total=np.sum(weight * values), count=np.sum(weight))

    def of_sums(self, **sums: Any) -> float:
        """Return the mean."""
        return float(sums["total"] / sums["count"]) if sums["count"] else 0.0

    def get_config(self) -> dict[str, Any]:
        """Raise ValueError: a function has no config."""
        raise ValueError(f"{self.name} wraps a function, which no config can hold. Make the metric again when it is needed.")
