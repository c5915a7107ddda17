"""CPU: the loss op, one scalar pass over the batch, in float64 until the gradient is stored.

A batch has few outputs compared to its states, so that a scalar loop is fast enough.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import LossSpec
from ..arrays.copy_tasks import cast, contiguous
from ..gemm.layout import dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall
from .loss_kernels.class_losses import CATEGORICAL, SPARSE, class_loss, sparse_loss
from .loss_kernels.ctc import run_ctc
from .loss_kernels.element_losses import ELEMENTWISE, HIGH, LOW, elementwise, settings
from .loss_kernels.operands import operands
from .loss_kernels.row_losses import ROWWISE, rowwise

Array = npt.NDArray[Any]


def _constants(spec: LossSpec, dtype: Any) -> npt.NDArray[np.float64]:
    """Return the settings of a row's loss."""
    if spec.name == "gaussian_nll":
        return np.array([math.log(2 * math.pi) / 2 if spec.full else 0.0])
    if spec.name == "student_t_nll":
        df = spec.df
        return np.array([math.log(df * math.pi) / 2 + math.lgamma(df / 2) - math.lgamma((df + 1) / 2), df])
    return settings(spec, dtype)


def _loss_call(y: Array, target: Array, spec: LossSpec, weight: Array | None, dy: Array, value: Array) -> KernelCall:
    """Return the call that writes the loss to ``value`` (1,) and its gradient to ``dy``, of y's shape, or empty for none."""
    y3, targets, labels, weights = operands(y, target, spec.name == SPARSE, weight)
    dy3, name = dy.reshape(y3.shape if dy.size else (0, 0, 0)), dtype_name(y.dtype)
    if spec.name in (CATEGORICAL, SPARSE):
        low, high = settings(spec, y.dtype)[[LOW, HIGH]].tolist()
        if spec.name == SPARSE:
            return KernelCall(sparse_loss(spec.from_logits, name), y3, labels, weights, dy3, value, low, high)
        run = class_loss(spec.from_logits, name)
        return KernelCall(run, y3, targets, weights, dy3, value, spec.label_smoothing, low, high)
    if spec.name in ROWWISE:
        run = rowwise(ROWWISE.index(spec.name), spec.from_logits, name)
        return KernelCall(run, y3, targets, weights, dy3, value, _constants(spec, y.dtype))
    run = elementwise(ELEMENTWISE.index(spec.name), spec.from_logits, name)
    return KernelCall(run, y3, targets, weights, dy3, value, settings(spec, y.dtype), np.array(spec.quantiles, np.float64))


def loss(
    y: Array, target: Array, spec: LossSpec, *, weight: Array | None = None, mask: Array | None = None, gradient: bool
) -> tuple[Array, Array | None]:
    """CPU: value and gradient in one pass, or a pass a sample for CTC; the value is an array without axes."""
    dy, value = empty(y.shape if gradient else (0,), y.dtype), empty(1)
    if spec.name == "ctc":
        weights, mask = (None if array is None else contiguous(array) for array in (weight, mask))
        run_ctc(y, cast(target, np.int64), spec, None if weights is None else cast(weights, y.dtype), mask, dy, value)
    else:
        run_eagerly([_loss_call(y, target, spec, weight, dy, value)])
    return value.reshape(()), dy if gradient else None
