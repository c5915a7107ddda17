"""Weights of the elements of a batch's loss, from sample weights, the mask, the reduction and ``loss_weights``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kernels.contract import Array, Ops
from ..losses import Loss
from ..losses.reductions import reduction_weights
from .batches import Host


class Weights(NamedTuple):
    """Weights of the elements of a batch's loss and of its metrics, (N,) or (T, N); None is 1."""

    loss: Array | None
    plain: Array | None  #: for metrics that leave sample weights out
    weighted: Array | None  #: for those that count them


def batch_weights(ops: Ops, weight: Array | None, mask: Array | None, dtype: str) -> Weights:
    """Return the weights of a batch whose output has ``mask`` (T, N), as Keras 3 counts them.

    The loss becomes the mean over the steps that are not masked, for an op's mean is over all of them; without any it is 0.
    """
    if mask is None:
        return Weights(weight, None, weight)
    plain: Host = np.asarray(ops.to_host(mask), dtype)
    weighted = plain if weight is None else plain * ops.to_host(weight)
    loss = weighted * (plain.size / max(int(np.count_nonzero(plain)), 1))
    return Weights(*(ops.asarray(array, dtype) for array in (loss, plain, weighted)))


def loss_weight(ops: Ops, loss: Loss, scale: float, leading: tuple[int, ...], weights: Weights, dtype: str) -> Array | None:
    """Return the weights of the loss op's mean for losses of shape ``leading``; None if all are 1."""
    host: dict[str, Any] = {
        name: None if array is None else np.asarray(ops.to_host(array))
        for name, array in (("mean", weights.loss), ("weight", weights.weighted))
    }
    made = reduction_weights(loss.reduction, scale, leading, **host)
    return None if made is None else ops.asarray(np.ascontiguousarray(made, dtype), dtype)
