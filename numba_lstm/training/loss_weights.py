"""Weights of the elements of a batch's loss, from sample weights, the mask, the reduction and ``loss_weights``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..inputs.target_shapes import is_sequence_loss
from ..kernels.contract import Array, Ops
from ..kernels.specs import LossSpec
from ..losses import Loss
from ..losses.reductions import reduction_weights
from .batches import Host


class Weights(NamedTuple):
    """Weights of the elements of a batch's loss and of its metrics, (N,) or (T, N); None is 1."""

    loss: Array | None  #: with which the mean over all elements is the mean over those that are neither masked nor ignored
    plain: Array | None  #: for metrics that leave sample weights out
    weighted: Array | None  #: for those that count them
    counted: Array | None  #: of the losses in a sum, 0 where they are masked or ignored
    valid: int | None = None  #: losses that are neither masked nor ignored; None is all


def batch_weights(
    ops: Ops, weight: Array | None, mask: Array | None, dtype: str, spec: LossSpec | None = None, target: Array | None = None
) -> Weights:
    """Return the weights of a batch whose output has ``mask`` (T, N), as Keras 3 counts them.

    The loss becomes the mean over the steps that are not masked, nor of the class that the loss ignores, for an op's mean is
    over all of them; without any it is 0. A loss of whole sequences takes the mask itself.
    """
    if spec is not None and is_sequence_loss(spec):
        mask = None
    ignored = None if spec is None else spec.ignore_class
    if mask is None and ignored is None:
        return Weights(weight, None, weight, weight)
    plain = None if mask is None else np.asarray(ops.to_host(mask), dtype)
    weighted = _product(plain, None if weight is None else np.asarray(ops.to_host(weight), dtype))
    valid, counted = plain, weighted
    if ignored is not None:
        other = np.asarray(ops.to_host(target) != ignored, dtype)
        valid, counted = _product(plain, other), _product(weighted, other)
    assert valid is not None
    assert counted is not None
    number = int(np.count_nonzero(valid))
    loss = counted * (valid.size / max(number, 1))
    of_loss, of_plain, of_weighted, of_counted = (
        None if array is None else ops.asarray(array, dtype) for array in (loss, plain, weighted, counted)
    )
    return Weights(of_loss, of_plain, of_weighted, of_counted, number)


def _product(a: Host | None, b: Host | None) -> Host | None:
    return b if a is None else a if b is None else a * b


def loss_weight(ops: Ops, loss: Loss, scale: float, leading: tuple[int, ...], weights: Weights, dtype: str) -> Array | None:
    """Return the weights of the loss op's mean for losses of shape ``leading``; None if all are 1."""
    host: dict[str, Any] = {
        name: None if array is None else np.asarray(ops.to_host(array))
        for name, array in (("mean", weights.loss), ("weight", weights.counted))
    }
    made = reduction_weights(loss.reduction, scale, leading, **host)
    return None if made is None else ops.asarray(np.ascontiguousarray(made, dtype), dtype)
