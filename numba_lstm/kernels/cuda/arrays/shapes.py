"""Shapes of samples: reshaping, and steps as samples of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements

Array = Any


@cache
def _reorder(dtype: str) -> Kernel:
    @jit("x3 x3", dtype, f"reorder_{dtype}")
    def reorder(x, out):
        i = element()
        if i < out.size:
            N, D = out.shape[1], out.shape[2]
            n = i // D % N
            e = i // (N * D) * D + i % D  # index among the elements of the sample
            out[i // (N * D), n, i % D] = x[e // x.shape[2], n, e % x.shape[2]]

    return reorder


def reshape(x: Array, shape: Sequence[int]) -> Array:
    """Returns a view if the order of elements stays, otherwise a new array."""
    T, N = x.shape[:2] if len(x.shape) > 2 else (1, x.shape[0])
    S = shape[0] if len(shape) > 1 else 1
    y = _first_axis(x.reshape(T, N, x.size // (T * N)), S)
    return y.reshape(S, N, *shape[1:]) if len(shape) > 1 else y.reshape(N, math.prod(shape))


def _first_axis(x: Array, S: int) -> Array:
    """Return x (T, N, D) with samples of S steps (S, N, T * D / S): a view if S is T."""
    T, N, D = x.shape
    if S == T:
        return x
    y = driver.current().empty((S, N, T * D // S), x.dtype)
    launch_elements(_reorder(x.dtype.name), x.size, x, y)
    return y


def merge_steps(x: Array) -> Array:
    """Returns a view of rows, or a new array of samples with axes of their own."""
    M, sample = x.shape[0] * x.shape[1], x.shape[2:]
    if len(sample) < 2:
        return x.reshape(M, *sample)
    return _first_axis(x.reshape(1, M, x.size // M), sample[0]).reshape(sample[0], M, *sample[1:])


def split_steps(x: Array, steps: int) -> Array:
    """Returns a view of rows, or a new array of samples with axes of their own."""
    if len(x.shape) < 3:
        return x.reshape(steps, x.shape[0] // steps, *x.shape[1:])
    S, M, *sample = x.shape
    return _first_axis(x.reshape(S, M, x.size // (S * M)), 1).reshape(steps, M // steps, S, *sample)
