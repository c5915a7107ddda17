"""FunctionMetric: the mean of a user's function."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from ..device import get_ops
from ..inputs import as_real
from ..inputs.target_shapes import is_sparse
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec, MetricSpec
from ..naming.names import name_of
from ..objects import serialization
from ..ops.batch_functions import BatchFunction, sum_and_count
from .base import MAX_PENDING, Metric


class FunctionMetric(Metric):
    """Mean of a function ``f(y_true, y_pred)`` that uses operators and :mod:`numba_lstm.ops`.

    It returns a value for each element, each step or each sample, or a number. The function is traced for each shape of a
    batch.

    Parameters
    ----------
    function : callable or str
        The function, or its name among the custom objects of the file that is loaded.
    name : str, optional
        The metric's key in a History. Default: the function's name.

    Raises
    ------
    ValueError
        For a name without a function.
    """

    def __init__(self, function: Any, name: str | None = None) -> None:
        self.function = function = serialization.custom_function(function, "the metric")
        self._computed = BatchFunction(function, "the metric", sum_and_count)
        self._labels = False
        super().__init__(MetricSpec("custom"), name_of(function) if name is None else name)

    def update(self, ops: Ops, y: Array, target: Array, weight: Array | None = None) -> None:
        (total, count), _ = self._computed(ops, y, target, weight, labels=self._labels)
        self._pending.append((total, count))
        if len(self._pending) >= MAX_PENDING:
            self._read()

    def update_state(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        """Add a batch of NumPy arrays to the mean."""
        ops, y, target = get_ops(), as_real(y_pred, "y_pred"), as_real(y_true, "y_true")
        dtype = "float64" if y.dtype == np.float64 else "float32"
        weight = None if sample_weight is None else as_real(sample_weight, "sample_weight")
        placed = [_stored(ops, x, dtype) for x in (y, target)]
        w = None if weight is None else ops.asarray(np.ascontiguousarray(weight.T, dtype), dtype)
        self.update(ops, placed[0], placed[1], w)

    def for_output(self, output_shape: tuple[int | None, ...], loss: LossSpec) -> Metric:
        """Return a copy of this metric without any batches; the targets are those of the loss."""
        metric = copy.copy(self)
        metric.reset_state()
        vars(metric)["_labels"] = is_sparse(loss)
        return metric

    def check_traceable(self, output_shape: tuple[int | None, ...]) -> None:
        """Raise TypeError for a function that cannot be traced."""
        self._computed.check(output_shape)

    def get_config(self) -> dict[str, Any]:
        return {"function": self.function, "name": self.name}


def _stored(ops: Ops, x: npt.NDArray[Any], dtype: str) -> Array:
    """Return an array on the device, its first two axes swapped if it has three or more."""
    return ops.asarray(np.ascontiguousarray(x.swapaxes(0, 1) if x.ndim >= 3 else x, dtype), dtype)
