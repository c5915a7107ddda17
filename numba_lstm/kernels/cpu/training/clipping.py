"""CPU: gradient clipping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.memory import empty

Array = npt.NDArray[Any]


@cache
def _square_sum(dtype: str) -> Any:
    def square_sum(g, total):
        s = 0.0
        for k in range(g.size):
            s += np.float64(g[k]) * np.float64(g[k])
        total[0] = s

    return kernel(square_sum, f"square_sum_{dtype}", NUMBA[dtype], "x1 e1")


def _squares(g: Array) -> float:
    total = empty(1)
    _square_sum(dtype_name(g.dtype))(g.reshape(-1), total)
    return float(total[0])


def _shrinkage(squares: float, limit: float) -> float:
    """Return the factor that reduces a norm to ``limit``: NaN if the norm is not finite, so that the fault stays visible."""
    size = math.sqrt(squares)
    return limit / max(size, limit) if math.isfinite(size) else math.nan


def clip_gradients(
    gradients: Sequence[Array],
    *,
    clipnorm: float | None = None,
    global_clipnorm: float | None = None,
    clipvalue: float | None = None,
) -> list[Array]:
    """CPU: norms in float64, one gradient after another."""
    if clipnorm is not None:
        return [_scaled(g, _shrinkage(_squares(g), clipnorm)) for g in gradients]
    if global_clipnorm is not None:
        factor = _shrinkage(sum(_squares(g) for g in gradients), global_clipnorm)
        return [_scaled(g, factor) for g in gradients]
    if clipvalue is not None:
        return [np.clip(g, -clipvalue, clipvalue) for g in gradients]
    return list(gradients)


def _scaled(g: Array, factor: float) -> Array:
    return g if factor == 1 else g * g.dtype.type(factor)
