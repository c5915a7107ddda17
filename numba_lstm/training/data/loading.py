"""Batches of the host, loaded onto the device of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels.contract import Array, Ops
from ..batches import Batch, Host, HostBatch, each, steps_first
from ..protocols import Trainable


def load(model: Trainable, ops: Ops, host_batch: HostBatch) -> Batch:
    """Load a batch onto the device of the built model.

    Raises
    ------
    ValueError
        For a number of steps that the model does not take: kernels would not notice.
    """
    samples, rows, size, *_ = host_batch
    model.check_shape(samples.shape)
    dtype = model.dtype

    def target(array: Host, labels: bool) -> Array:
        return steps_first(ops, array[rows], array.dtype) if labels else ops.gather(array, rows, dtype)

    if isinstance(samples.target, tuple):
        pairs = zip(samples.target, samples.labels, strict=True)
        targets: Any = tuple(None if array is None else target(array, labels) for array, labels in pairs)
    else:
        targets = None if samples.target is None else target(samples.target, samples.labels)
    weights = samples.weight
    if weights is not None:
        weights = each(lambda array: steps_first(ops, array[rows], dtype), weights)
    mask = None if samples.mask is None else steps_first(ops, samples.mask[rows], np.bool_)
    return Batch(model.gather(ops, samples.x, rows), targets, weights, mask, size)
