"""Operands of losses and metrics, with a time axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...arrays.copy_tasks import as_steps, cast

Array = npt.NDArray[Any]


def operands(y: Array, target: Array, sparse: bool, weight: Array | None) -> tuple[Array, Array, Array, Array]:
    """Return y, targets, labels and weights with a time axis; missing ones are empty."""
    y = as_steps(y)
    nothing = np.zeros((0, 0, 0), y.dtype)
    weights = np.zeros((0, 0), y.dtype) if weight is None else as_steps(cast(weight, y.dtype), 2)
    if sparse:
        return y, nothing, as_steps(cast(target, np.int64), 2), weights
    return y, as_steps(cast(target, y.dtype)), np.zeros((0, 0), np.int64), weights
