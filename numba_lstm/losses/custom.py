"""FunctionLoss: a user's function as a loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_real
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec
from ..naming.names import name_of
from ..objects import serialization
from ..ops.batch_functions import BatchFunction, mean_loss
from .base import Loss
from .reductions import NONE


class FunctionLoss(Loss):
    """Loss of a function ``f(y_true, y_pred)`` that uses operators and :mod:`numba_lstm.ops`.

    It returns a loss for each element, each step or each sample, or a number. The function is traced for each shape of a batch,
    and compiled with its gradient.

    Parameters
    ----------
    function : callable or str
        The function, or its name among the custom objects of the file that is loaded.
    reduction, name, dtype
        Those of :class:`Loss`.

    Raises
    ------
    ValueError
        For a name without a function.
    """

    def __init__(
        self, function: Any, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None
    ) -> None:
        self.function = serialization.custom_function(function, "the loss")
        self._computed = BatchFunction(self.function, "the loss", mean_loss)
        super().__init__(LossSpec("custom"), reduction, name_of(self.function) if name is None else name, dtype)

    def compute(
        self, ops: Ops, y: Array, target: Array, weight: Array | None, mask: Array | None = None, *, gradient: bool
    ) -> tuple[Any, Array | None]:
        (value,), dy = self._computed(ops, y, target, weight, gradient=gradient)
        return value, dy

    def leading_shape(self, target: tuple[int, ...], rank: int) -> tuple[int, ...]:
        if len(target) == rank:
            return target[:-1]
        return target[::-1] if len(target) == 2 and rank == 3 else target[:1]

    def check_traceable(self, output_shape: Sequence[int | None]) -> None:
        """Raise TypeError for a function that cannot be traced."""
        self._computed.check(output_shape)

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """Compute the loss of arrays, weighted by ``sample_weight`` of one of the leading axes."""
        y = as_real(y_pred, "y_pred")
        y = y.astype(self.dtype or ("float64" if y.dtype == np.float64 else "float32"))
        target = as_real(y_true, "y_true")
        target = target[..., None] if (*target.shape, 1) == y.shape else target
        values = np.asarray(self.function(target, y))
        weight = None if sample_weight is None else as_real(sample_weight, "sample_weight")
        if weight is not None:
            weight = weight.reshape(*weight.shape, *(1,) * (values.ndim - weight.ndim))
            values = values * weight
        if self.reduction in NONE:
            return values
        total = float(values.sum())
        if self.reduction == "sum":
            return total
        if self.reduction == "mean_with_sample_weight" and weight is not None:
            return total / float(np.broadcast_to(weight, values.shape).sum())
        return total / max(values.size, 1)

    def get_config(self) -> dict[str, Any]:
        dtype = {} if self.dtype is None else {"dtype": self.dtype}
        return {"function": self.function, "name": self.name, "reduction": self.reduction, **dtype}


Loss.of_function = FunctionLoss
