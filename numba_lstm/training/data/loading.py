"""Batches of the host, loaded onto the device of a model."""

from __future__ import annotations

import numpy as np

from ...kernels.contract import Array, Ops
from ..batches import Batch, Host, HostBatch, Rows, each, steps_first
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
    dtype, targets, weights = model.dtype, samples.target, samples.weight
    if isinstance(targets, tuple):
        pairs = zip(targets, samples.labels, strict=True)
        targets = tuple(_target(ops, array, labels, rows, dtype) for array, labels in pairs)
    else:
        targets = _target(ops, targets, samples.labels, rows, dtype)
    if weights is not None:
        weights = each(lambda array: steps_first(ops, array[rows], dtype), weights)
    mask = None if samples.mask is None else steps_first(ops, samples.mask[rows], np.bool_)
    return Batch(model.gather(ops, samples.x, rows), targets, weights, mask, size)


def _target(ops: Ops, array: Host | None, labels: bool, rows: Rows, dtype: str) -> Array | None:
    """Return some samples of a target on the device; None for an output without a loss."""
    if array is None:
        return None
    return steps_first(ops, array[rows], array.dtype) if labels else ops.gather(array, rows, dtype)
