"""Batches of the host, loaded onto the device of a model."""

from __future__ import annotations

import numpy as np

from ...kernels.contract import Ops
from ..batches import Batch, HostBatch, steps_first
from ..protocols import Trainable


def load(model: Trainable, ops: Ops, host_batch: HostBatch) -> Batch:
    """Load a batch onto the device of the built model.

    Raises
    ------
    ValueError
        For a number of steps that the model does not take: kernels would not notice.
    """
    (x, target, weight, labels, mask), rows, size, *_ = host_batch
    model.check_shape(x.shape)
    dtype = model.dtype
    if target is not None:
        target = steps_first(ops, target[rows], target.dtype) if labels else ops.gather(target, rows, dtype)
    if weight is not None:
        weight = steps_first(ops, weight[rows], dtype)
    if mask is not None:
        mask = steps_first(ops, mask[rows], np.bool_)
    return Batch(model.gather(ops, x, rows), target, weight, mask, size)
