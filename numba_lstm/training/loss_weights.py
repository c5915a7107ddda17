"""Weighing: what each element of a batch's loss counts, after its mask, its reduction and the loss's own weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.contract import Array, Ops
from ..losses import Loss
from ..losses.reductions import reduction_weights

if TYPE_CHECKING:
    from .batches import Weights


def loss_weight(ops: Ops, loss: Loss, scale: float, leading: tuple[int, ...], weights: Weights, dtype: str) -> Array | None:
    """The weights of the loss op's mean for losses of shape ``leading``; None where all are 1."""
    host: dict[str, Any] = {
        name: None if array is None else np.asarray(ops.to_host(array))
        for name, array in (("mean", weights.loss), ("weight", weights.weighted))
    }
    made = reduction_weights(loss.reduction, scale, leading, **host)
    return None if made is None else ops.asarray(np.ascontiguousarray(made, dtype), dtype)
