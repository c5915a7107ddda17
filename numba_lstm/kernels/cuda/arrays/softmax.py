"""Softmax kernels, with one warp per row."""

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
            largest, denominator = lowest, zero
            for k in range(lane(), z.shape[1], WARP):
                largest = z[m, k] if z[m, k] > largest else largest
            largest = warp_max(largest)
            for k in range(lane(), z.shape[1], WARP):
                denominator += math.exp(z[m, k] - largest)
            denominator = warp_sum(denominator)
            for k in range(lane(), z.shape[1], WARP):
                y[m, k] = math.exp(z[m, k] - largest) / denominator

    return softmax


@cache
def softmax_gradient_kernel(dtype: str) -> Kernel:
    """``dz = y (dy - sum dy y)`` of each row."""
    zero = np.dtype(dtype).type(0)

    @jit("f2 f2 f2", dtype, f"softmax_gradient_{dtype}")
    def softmax_gradient(y, dy, dz):
        m = row()
        if m < y.shape[0]:
            product_sum = zero
            for k in range(lane(), y.shape[1], WARP):
                product_sum += dy[m, k] * y[m, k]
            product_sum = warp_sum(product_sum)
            for k in range(lane(), y.shape[1], WARP):
                dz[m, k] = y[m, k] * (dy[m, k] - product_sum)

    return softmax_gradient
