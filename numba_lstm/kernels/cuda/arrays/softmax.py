"""Softmax, the activation that needs whole rows: a warp a row."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ..runtime.compiler import Kernel, jit
from ..runtime.launch import WARP, lane, row
from .sums import warp_max, warp_sum


@cache
def softmax_kernel(dtype: str) -> Kernel:
    """``y = exp(z - max z) / sum exp(z - max z)`` of each row."""
    zero, lowest = np.dtype(dtype).type(0), np.dtype(dtype).type(-np.inf)

    @jit("f2 f2", dtype, f"softmax_{dtype}")
    def softmax(z, y):
        m = row()
        if m < z.shape[0]:
            largest, below = lowest, zero
            for k in range(lane(), z.shape[1], WARP):
                largest = z[m, k] if z[m, k] > largest else largest
            largest = warp_max(largest)
            for k in range(lane(), z.shape[1], WARP):
                below += math.exp(z[m, k] - largest)
            below = warp_sum(below)
            for k in range(lane(), z.shape[1], WARP):
                y[m, k] = math.exp(z[m, k] - largest) / below

    return softmax


@cache
def softmax_gradient_kernel(dtype: str) -> Kernel:
    """``dz = y (dy - sum dy y)`` of each row."""
    zero = np.dtype(dtype).type(0)

    @jit("f2 f2 f2", dtype, f"softmax_gradient_{dtype}")
    def softmax_gradient(y, dy, dz):
        m = row()
        if m < y.shape[0]:
            shared = zero
            for k in range(lane(), y.shape[1], WARP):
                shared += dy[m, k] * y[m, k]
            shared = warp_sum(shared)
            for k in range(lane(), y.shape[1], WARP):
                dz[m, k] = y[m, k] * (dy[m, k] - shared)

    return softmax_gradient
