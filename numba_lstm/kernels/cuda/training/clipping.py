"""Gradient clipping. Norms and factors stay in device memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ..arrays.elementwise import empty_like, flat
from ..arrays.sums import total
from ..runtime import driver
from ..runtime.compiler import Kernel, cuda, float64, jit, real
from ..runtime.launch import element, launch_elements

Array = Any


@cache
def _accumulate() -> Kernel:
    @jit("e1 e1", "float64", "norm_accumulate")
    def accumulate(square, out):
        if cuda.threadIdx.x == 0:
            out[0] += square[0]

    return accumulate


@cache
def _shrinkage() -> Kernel:
    @jit("e1 d e1", "float64", "norm_shrinkage")
    def shrinkage(square, limit, out):
        if cuda.threadIdx.x == 0:
            size = math.sqrt(square[0])
            out[0] = limit / (size if size > limit else limit) if size < float64(math.inf) else float64(math.nan)

    return shrinkage


@cache
def _shrink(dtype: str) -> Kernel:
    number = real(dtype)

    @jit("f1 e1 f1", dtype, f"shrink_{dtype}")
    def shrink(g, factor, out):
        i = element()
        if i < out.size:
            out[i] = g[i] * number(factor[0])

    return shrink


@cache
def _bound(dtype: str) -> Kernel:
    @jit("f1 r f1", dtype, f"bound_{dtype}")
    def bound(g, limit, out):
        i = element()
        if i < out.size:
            v = g[i]
            out[i] = limit if v > limit else -limit if v < -limit else v

    return bound


def clip_gradients(
    gradients: Sequence[Array],
    *,
    clipnorm: float | None = None,
    global_clipnorm: float | None = None,
    clipvalue: float | None = None,
) -> list[Array]:
    """Returns new arrays, or the gradients themselves without a bound."""
    if clipnorm is not None:
        return [_shrunk(g, _factor(total(g, square=True), clipnorm)) for g in gradients]
    if global_clipnorm is not None:
        if not gradients:
            return []
        first, *others = (total(g, square=True) for g in gradients)
        for square in others:
            launch_elements(_accumulate(), 1, square, first)
        factor = _factor(first, global_clipnorm)
        return [_shrunk(g, factor) for g in gradients]
    if clipvalue is not None:
        return [_bounded(g, clipvalue) for g in gradients]
    return list(gradients)


def _factor(square: Array, limit: float) -> Array:
    """Return the factor that reduces a norm to ``limit``: NaN if the norm is not finite."""
    out = driver.current().empty(1, np.float64)
    launch_elements(_shrinkage(), 1, square, limit, out)
    return out


def _shrunk(g: Array, factor: Array) -> Array:
    out = empty_like(g)
    launch_elements(_shrink(g.dtype.name), g.size, flat(g), factor, flat(out))
    return out


def _bounded(g: Array, limit: float) -> Array:
    out = empty_like(g)
    launch_elements(_bound(g.dtype.name), g.size, flat(g), limit, flat(out))
    return out
