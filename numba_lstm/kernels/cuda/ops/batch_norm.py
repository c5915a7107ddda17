"""Batch normalization: sums over rows for the statistics of the features, and elementwise kernels."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...op_types import Weight
from ..arrays.arrays import device_value, matrix, zero_masked
from ..arrays.elementwise import cast, empty_like, flat, full
from ..arrays.sums import column_sums, total
from ..arrays.variables import updating
from ..runtime import driver
from ..runtime.compiler import Kernel, jit, real
from ..runtime.launch import element, launch_elements

Array = Any

#: The constant that Keras adds to the number of unmasked rows.
MASKED_COUNT_EPSILON = 1e-7


class BatchNormTape(NamedTuple):
    """What :func:`batch_norm_backward` needs. ``count`` is None with the moving statistics."""

    n: Array
    r: Array
    mean: Array
    mask: Array | None
    count: Array | None
    gamma: Array | None
    beta: Array | None


@cache
def _divide_sums(dtype: str) -> Kernel:
    number = real(dtype)

    @jit("f1 e1 d f1", dtype, f"batch_share_{dtype}")
    def divide_sums(sums, count, excess, out):
        k = element()
        if k < out.size:
            out[k] = sums[k] / number(count[0] + excess)

    return divide_sums


@cache
def _deviations(dtype: str, masked: bool) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("f2 f1 b1 f2", dtype, f"batch_deviations_{dtype}" + "_masked" * masked)
    def deviations(x, mean, mask, out):
        i = element()
        if i < out.size:
            m, k = i // out.shape[1], i % out.shape[1]
            e = x[m, k] - mean[k]
            out[m, k] = e * e if not masked or mask[m] else zero

    return deviations


@cache
def _update_moving(dtype: str) -> Kernel:
    @jit("f1 f1 r r", dtype, f"batch_move_{dtype}")
    def update_moving(moving, value, momentum, one_minus_momentum):
        k = element()
        if k < moving.size:
            moving[k] = moving[k] * momentum + value[k] * one_minus_momentum

    return update_moving


@cache
def _norm(dtype: str, scaled: bool, shifted: bool) -> Kernel:
    one = np.dtype(dtype).type(1)

    @jit("f2 f1 f1 f1 f1 r f2 f1 f2", dtype, f"batch_norm_{dtype}" + "_gamma" * scaled + "_beta" * shifted)
    def norm(x, mean, variance, gamma, beta, epsilon, n, r, y):
        i = element()
        if i < y.size:
            m, k = i // y.shape[1], i % y.shape[1]
            scale = one / math.sqrt(variance[k] + epsilon)
            if m == 0:
                r[k] = scale
            v = (x[m, k] - mean[k]) * scale
            n[m, k] = v
            if scaled:
                v *= gamma[k]
            if shifted:
                v += beta[k]
            y[m, k] = v

    return norm


@cache
def _gradient(dtype: str, scaled: bool, moving: bool, masked: bool) -> Kernel:
    number = real(dtype)
    name = f"batch_norm_gradient_{dtype}" + "_gamma" * scaled + "_moving" * moving + "_masked" * masked

    @jit("f2 f1 f1 f1 b1 e1 f1 f1 f2 f2 d", dtype, name)
    def gradient(n, r, mean, gamma, mask, count, dgamma, dbeta, dy, dx, excess):
        i = element()
        if i < dx.size:
            m, k = i // dx.shape[1], i % dx.shape[1]
            d = dy[m, k]
            if not moving and (not masked or mask[m]):
                s = number(count[0] + excess)
                e = mean[k] * r[k] * (number(excess) / s)
                d -= ((n[m, k] - e) * dgamma[k] + dbeta[k]) / s
            d *= r[k]
            dx[m, k] = d * gamma[k] if scaled else d

    return gradient


def batch_norm_forward(
    x: Array,
    gamma: Weight | None,
    beta: Weight | None,
    moving_mean: Weight,
    moving_variance: Weight,
    epsilon: float,
    *,
    momentum: float | None = None,
    mask: Array | None = None,
    training: bool = False,
) -> tuple[Array, BatchNormTape | None]:
    """The order of the sums over rows depends on the number of rows alone."""
    dtype, D = x.dtype.name, x.shape[-1]
    mean, variance, count = device_value(moving_mean), device_value(moving_variance), None
    if momentum is not None:
        mean, variance, count = _statistics(x, mask)
        for weight, value in ((moving_mean, mean), (moving_variance, variance)):
            with updating(weight) as array:
                launch_elements(_update_moving(dtype), D, array, value, momentum, 1 - momentum)
    scale, shift = (None if w is None else device_value(w) for w in (gamma, beta))
    n, y, r = empty_like(x), empty_like(x), driver.current().empty(D, x.dtype)
    affine_weights = (r if w is None else w for w in (scale, shift))
    kernel = _norm(dtype, scale is not None, shift is not None)
    launch_elements(kernel, x.size, matrix(x), mean, variance, *affine_weights, epsilon, matrix(n), r, matrix(y))
    return y, BatchNormTape(n, r, mean, mask, count, scale, shift) if training else None


def _statistics(x: Array, mask: Array | None) -> tuple[Array, Array, Array]:
    """Return the mean, the variance and the number of unmasked rows of a batch."""
    dtype, D = x.dtype.name, x.shape[-1]
    empty, rows = driver.current().empty, x if mask is None else zero_masked(x, mask)
    count = full(1, np.float64, x.size // D) if mask is None else total(cast(mask, np.float64))
    mean, variance, squares = empty(D, x.dtype), empty(D, x.dtype), empty_like(x)
    excess = _excess(mask)
    launch_elements(_divide_sums(dtype), D, flat(column_sums(matrix(rows))), count, excess, mean)
    kernel, flat_mask = _deviations(dtype, mask is not None), empty(1, np.bool_) if mask is None else flat(mask)
    launch_elements(kernel, x.size, matrix(x), mean, flat_mask, matrix(squares))
    launch_elements(_divide_sums(dtype), D, flat(column_sums(matrix(squares))), count, excess, variance)
    return mean, variance, count


def _excess(mask: Array | None) -> float:
    return 0.0 if mask is None else MASKED_COUNT_EPSILON


def batch_norm_backward(tape: BatchNormTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """Includes the gradients through the statistics of the batch."""
    n, r, mean, mask, count, gamma, beta = tape
    rows = matrix(dy)
    dgamma, dbeta = flat(column_sums(rows, matrix(n))), flat(column_sums(rows))
    dx = empty_like(dy) if need_dx else None
    if dx is not None:
        empty, moving = driver.current().empty, count is None
        kernel = _gradient(dy.dtype.name, gamma is not None, moving, mask is not None)
        launch_elements(
            kernel, dy.size, matrix(n), r, mean, r if gamma is None else gamma,
            empty(1, np.bool_) if mask is None else flat(mask), empty(1, np.float64) if moving else count,
            dgamma, dbeta, rows, matrix(dx), _excess(mask),
        )  # fmt: skip
    return dx, None if gamma is None else dgamma, None if beta is None else dbeta
