"""Layer normalization, with one warp per row."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...op_types import Weight
from ..arrays.arrays import device_value, matrix
from ..arrays.elementwise import empty_like
from ..arrays.sums import column_sums, warp_sum
from ..runtime import driver
from ..runtime.compiler import Kernel, jit, real
from ..runtime.launch import WARP, lane, launch_rows, row

Array = Any


class LayerNormTape(NamedTuple):
    """What :func:`layer_norm_backward` needs: the normalized rows n, their ``1 / sqrt(var + epsilon)``, and the weights."""

    n: Array
    r: Array
    gamma: Array | None
    beta: Array | None


@cache
def _forward(dtype: str, scaled: bool, shifted: bool) -> Kernel:
    number, zero, one = real(dtype), np.dtype(dtype).type(0), np.dtype(dtype).type(1)

    @jit("f2 f1 f1 r f2 f1 f2", dtype, f"layer_norm_{dtype}" + "_gamma" * scaled + "_beta" * shifted)
    def layer_norm(x, gamma, beta, epsilon, n, r, y):
        m, D = row(), x.shape[1]
        if m < x.shape[0]:
            mean, variance = zero, zero
            for k in range(lane(), D, WARP):
                mean += x[m, k]
            mean = warp_sum(mean) / number(D)
            for k in range(lane(), D, WARP):
                variance += (x[m, k] - mean) * (x[m, k] - mean)
            scale = one / math.sqrt(warp_sum(variance) / number(D) + epsilon)
            if lane() == 0:
                r[m] = scale
            for k in range(lane(), D, WARP):
                v = (x[m, k] - mean) * scale
                n[m, k] = v
                if scaled:
                    v *= gamma[k]
                if shifted:
                    v += beta[k]
                y[m, k] = v

    return layer_norm


@cache
def _backward(dtype: str, scaled: bool) -> Kernel:
    number, zero = real(dtype), np.dtype(dtype).type(0)

    @jit("f2 f1 f1 f2 f2", dtype, f"layer_norm_gradient_{dtype}" + "_gamma" * scaled)
    def layer_norm_gradient(n, r, gamma, dy, dx):
        m, D = row(), n.shape[1]
        if m < n.shape[0]:
            mean, mean_product = zero, zero
            for k in range(lane(), D, WARP):
                g = dy[m, k] * gamma[k] if scaled else dy[m, k]
                mean += g
                mean_product += g * n[m, k]
            mean, mean_product = warp_sum(mean) / number(D), warp_sum(mean_product) / number(D)
            for k in range(lane(), D, WARP):
                g = dy[m, k] * gamma[k] if scaled else dy[m, k]
                dx[m, k] = r[m] * (g - mean - n[m, k] * mean_product)

    return layer_norm_gradient


def layer_norm_forward(
    x: Array, gamma: Weight | None, beta: Weight | None, epsilon: float, *, training: bool = False
) -> tuple[Array, LayerNormTape | None]:
    """Computes the mean first, then the variance about it."""
    y, n = empty_like(x), empty_like(x)
    r = driver.current().empty(x.size // x.shape[-1], x.dtype)
    scale, shift = (None if w is None else device_value(w) for w in (gamma, beta))
    kernel = _forward(x.dtype.name, scale is not None, shift is not None)
    launch_rows(
        kernel,
        r.size,
        matrix(x),
        r if scale is None else scale,
        r if shift is None else shift,
        epsilon,
        matrix(n),
        r,
        matrix(y),
    )
    return y, LayerNormTape(n, r, scale, shift) if training else None


def layer_norm_backward(tape: LayerNormTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of the weights are column sums."""
    n, r, gamma, beta = tape
    dx = empty_like(dy) if need_dx else None
    if dx is not None:
        kernel = _backward(dy.dtype.name, gamma is not None)
        launch_rows(kernel, r.size, matrix(n), r, r if gamma is None else gamma, matrix(dy), matrix(dx))
    dgamma = None if gamma is None else column_sums(matrix(dy), matrix(n)).reshape(dy.shape[-1])
    return dx, dgamma, None if beta is None else column_sums(matrix(dy)).reshape(dy.shape[-1])
