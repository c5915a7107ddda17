"""Means of functions of targets and outputs that need whole arrays: equality and correlations."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..inputs import as_real
from .custom_states import copy_for_output, update_from_device
from .functions import accuracy, concordance_correlation, pearson_correlation
from .host_metric import HostMetric


class MeanOfFunction(HostMetric):
    """Base class of means of :attr:`function` over batches.

    Parameters
    ----------
    name : str
        The metric's key in a History.
    dtype : "float32" or "float64", optional
        Has no effect: sums are float64.
    **options
        Arguments of the function.
    """

    direction = "max"
    update = update_from_device
    for_output = copy_for_output
    function: ClassVar[Any]

    def __init__(self, name: str, dtype: Any = None, **options: Any) -> None:
        self._options = options
        super().__init__(name, name, dtype)

    def update_state(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        """Add a batch of NumPy arrays to the mean."""
        target, y = (as_real(x, name).astype(np.float64) for x, name in ((y_true, "y_true"), (y_pred, "y_pred")))
        values = np.asarray(type(self).function(target, y, **self._options), np.float64)
        if sample_weight is None:
            self.accumulate(total=values.sum(), count=values.size)
            return
        weight = as_real(sample_weight, "sample_weight").astype(np.float64)
        shared = min(weight.ndim, values.ndim)
        values, weight = (x.mean(axis=tuple(range(shared, x.ndim))) for x in (values, weight))
        self.accumulate(total=np.sum(values * weight), count=np.sum(np.broadcast_to(weight, values.shape)))

    def of_sums(self, **sums: Any) -> float:
        """Return the mean."""
        return float(sums["total"] / sums["count"]) if sums["count"] else 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {"name": self.name, **{key: list(v) if isinstance(v, tuple) else v for key, v in self._options.items()}}


class Accuracy(MeanOfFunction):
    """Share of outputs that are their targets, as ``keras.metrics.Accuracy``.

    ``"accuracy"`` in ``compile`` is another one, which follows the loss.
    """

    function = staticmethod(accuracy)

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class PearsonCorrelation(MeanOfFunction):
    """Mean of Pearson's correlation of targets and outputs, as ``keras.metrics.PearsonCorrelation``.

    Parameters
    ----------
    name, dtype
        See :class:`MeanOfFunction`.
    axis : int or tuple of int
        The axes of a correlation. Default: the units of each row.
    """

    function = staticmethod(pearson_correlation)

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: Any = -1) -> None:
        super().__init__(name, dtype, axis=tuple(axis) if isinstance(axis, list) else axis)


class ConcordanceCorrelation(PearsonCorrelation):
    """Mean of Lin's concordance of targets and outputs, as ``keras.metrics.ConcordanceCorrelation``.

    The parameters are those of :class:`PearsonCorrelation`.
    """

    function = staticmethod(concordance_correlation)

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: Any = -1) -> None:
        super().__init__(name, dtype, axis)
