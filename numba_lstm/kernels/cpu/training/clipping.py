"""CPU: gradient clipping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays.copy_tasks import contiguous
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall

Array = npt.NDArray[Any]


@cache
def _square_sum(dtype: str) -> Any:
    def square_sum(g, total):
        s = 0.0
        for k in range(g.size):
            s += np.float64(g[k]) * np.float64(g[k])
        total[0] = s

    return kernel(square_sum, f"square_sum_{dtype}", NUMBA[dtype], "f1 e1")


@cache
def _scale(dtype: str) -> Any:
    """``out = g * limit / norm`` if the norm exceeds the limit: NaN if it is not finite, so that the fault stays visible."""

    def scale_to_norm(g, squares, limit, out):
        total = 0.0
        for k in range(squares.size):
            total += squares[k]
        norm = math.sqrt(total)
        factor = g.dtype.type(limit / max(norm, limit) if math.isfinite(norm) else math.nan)
        for k in range(g.size):
            out[k] = g[k] * factor

    return kernel(scale_to_norm, f"scale_to_norm_{dtype}", NUMBA[dtype], "f1 e1 d f1")


@cache
def _bound(dtype: str) -> Any:
    """``out`` is g in [-limit, limit]; NaN stays."""

    def clip_values(g, limit, out):
        high = g.dtype.type(limit)
        for k in range(g.size):
            out[k] = high if g[k] > high else -high if g[k] < -high else g[k]

    return kernel(clip_values, f"clip_values_{dtype}", NUMBA[dtype], "f1 d f1")


def clip_gradients(
    gradients: Sequence[Array],
    *,
    clipnorm: float | None = None,
    global_clipnorm: float | None = None,
    clipvalue: float | None = None,
) -> list[Array]:
    """CPU: norms in float64, one gradient after another."""
    if clipnorm is None and global_clipnorm is None and clipvalue is None:
        return list(gradients)
    rows = [contiguous(g).reshape(-1) for g in gradients]
    outs = [empty(g.shape, g.dtype) for g in gradients]
    pairs = [(dtype_name(g.dtype), g, out.reshape(-1)) for g, out in zip(rows, outs, strict=True)]
    if clipvalue is not None:
        run_eagerly(KernelCall(_bound(name), g, clipvalue, out) for name, g, out in pairs)
        return outs
    squares, limit = empty(len(rows)), clipnorm if global_clipnorm is None else global_clipnorm
    run_eagerly(KernelCall(_square_sum(name), g, squares[k : k + 1]) for k, (name, g, _) in enumerate(pairs))
    each = [squares[k : k + 1] if global_clipnorm is None else squares for k in range(len(rows))]
    run_eagerly(KernelCall(_scale(name), g, norm, limit, out) for norm, (name, g, out) in zip(each, pairs, strict=True))
    return outs
