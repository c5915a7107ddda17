"""CPU: batch normalization, row after row, the features of a row in a plain loop, sums in float64."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ..arrays.copy_tasks import as_steps, cast, contiguous, zeroed
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import HostCall, KernelCall
from ..simd.vector import data

Array = npt.NDArray[Any]

#: What Keras adds to the number of rows that a mask leaves.
MASKED_COUNT_EPSILON = 1e-7


class _Tape(NamedTuple):
    x: Array  #: (T, N, D)
    mask: Array | None  #: (T, N), empty for all rows; None where y came from the moving statistics
    count: Array  #: (1,): the number of rows in the statistics
    mean: Array  #: float64, and so r
    r: Array
    gamma: Weight | None
    beta: Weight | None
    shape: tuple[int, ...]


@cache
def _moments(dtype: str) -> Any:
    def batch_norm_moments(x, mask, count, mean, variance):
        T, N, D = x.shape
        s = count[0]
        outer, inner, masked = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize, mask.size > 0
        x_ = data(x)
        mean[:] = 0.0
        variance[:] = 0.0
        for t in range(T):
            for n in range(N):
                if not masked or mask[t, n]:
                    at = t * outer + n * inner
                    for d in range(D):
                        mean[d] += x_[at + d]
        for d in range(D):
            mean[d] /= s
        for t in range(T):
            for n in range(N):
                if not masked or mask[t, n]:
                    at = t * outer + n * inner
                    for d in range(D):
                        distance = x_[at + d] - mean[d]
                        variance[d] += distance * distance
        for d in range(D):
            variance[d] /= s

    return kernel(batch_norm_moments, f"batch_norm_moments_{dtype}", NUMBA[dtype], "x3 b2 e1 e1 e1")


@cache
def _value(dtype: str) -> Any:
    def batch_norm_value(x, center, factor, shift, y):
        T, N, D = x.shape
        outer, inner = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        x_ = data(x)
        for t in range(T):
            for n in range(N):
                at, m = t * outer + n * inner, t * N + n
                for d in range(D):
                    y[m, d] = (x_[at + d] - center[d]) * factor[d] + shift[d]

    return kernel(batch_norm_value, f"batch_norm_value_{dtype}", NUMBA[dtype], "x3 f1 f1 x1 f2")


@cache
def _sums(dtype: str) -> Any:
    """``dgamma = sum(dy * n)`` and ``dbeta = sum(dy)``."""

    def batch_norm_sums(x, dy, mean, r, dgamma, dbeta):
        T, N, D = x.shape
        outer, inner = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        dy_outer, dy_inner = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        x_, dy_ = data(x), data(dy)
        for t in range(T):
            for n in range(N):
                at, to = t * outer + n * inner, t * dy_outer + n * dy_inner
                for d in range(D):
                    dgamma[d] += dy_[to + d] * ((x_[at + d] - mean[d]) * r[d])
                    dbeta[d] += dy_[to + d]

    return kernel(batch_norm_sums, f"batch_norm_sums_{dtype}", NUMBA[dtype], "x3 x3 e1 e1 e1 e1")


@cache
def _slope(dtype: str) -> Any:
    """``dx = factor * dy - m * (x - center) * a - m * b``, with a and b per feature."""

    def batch_norm_slope(x, mask, dy, center, factor, a, b, dx):
        T, N, D = x.shape
        outer, inner, masked = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize, mask.size > 0
        dy_outer, dy_inner = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        x_, dy_ = data(x), data(dy)
        for t in range(T):
            for n in range(N):
                at, to, m = t * outer + n * inner, t * dy_outer + n * dy_inner, t * N + n
                if masked and not mask[t, n]:
                    for d in range(D):
                        dx[m, d] = factor[d] * dy_[to + d]
                else:
                    for d in range(D):
                        dx[m, d] = factor[d] * dy_[to + d] - ((x_[at + d] - center[d]) * a[d] + b[d])

    return kernel(batch_norm_slope, f"batch_norm_slope_{dtype}", NUMBA[dtype], "x3 b2 x3 f1 f1 f1 f1 f2")


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
) -> tuple[Array, _Tape | None]:
    """CPU: two passes for the statistics of the batch, one for y."""
    rows, dtype, D = as_steps(x), x.dtype, x.shape[-1]
    name, kept, count = dtype_name(dtype), None, empty(1)
    mean, variance, r = empty(D), empty(D), empty(D)
    center, factor, shift = empty(D, dtype), empty(D, dtype), np.zeros(D, dtype) if beta is None else beta.value
    if momentum is not None:
        kept = np.zeros((0, 0), np.bool_) if mask is None else contiguous(as_steps(mask, 2))
        run_eagerly(
            [
                HostCall(_count_rows, x.size // D, kept, count),
                KernelCall(_moments(name), rows, kept, count, mean, variance),
                HostCall(_move, moving_mean, mean, momentum),
                HostCall(_move, moving_variance, variance, momentum),
            ]
        )
    else:
        run_eagerly([HostCall(_read, moving_mean, mean), HostCall(_read, moving_variance, variance)])
    y = empty((x.size // D, D), dtype)
    run_eagerly(
        [
            HostCall(_affine, mean, variance, gamma, epsilon, r, center, factor),
            KernelCall(_value(name), rows, center, factor, shift, y),
        ]
    )
    return y.reshape(x.shape), _Tape(rows, kept, count, mean, r, gamma, beta, x.shape) if training else None


def _count_rows(rows: int, mask: Array, count: Array) -> None:
    """Write the number of rows, or of those that a mask leaves and Keras's epsilon."""
    count[0] = np.count_nonzero(mask) + MASKED_COUNT_EPSILON if mask.size else rows


def _move(moving: Weight, value: Array, momentum: float) -> None:
    """Update a moving statistic."""
    moving.writable()[...] = moving.value * momentum + value * (1 - momentum)
    moving.written()


def _read(moving: Weight, value: Array) -> None:
    value[...] = moving.value


def _affine(mean: Array, variance: Array, gamma: Weight | None, epsilon: float, r: Array, center: Array, factor: Array) -> None:
    """Write ``r = 1 / sqrt(variance + epsilon)``, and what the kernel of the value reads."""
    r[...] = 1 / np.sqrt(variance + epsilon)
    center[...] = mean
    factor[...] = r if gamma is None else gamma.value * r


def batch_norm_backward(tape: _Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """CPU: one pass for the sums, one for dx."""
    x, mask, count, mean, r, gamma, beta, shape = tape
    dtype, D, rows = dy.dtype, shape[-1], as_steps(dy)
    dgamma, dbeta = empty(D), empty(D)
    name = dtype_name(dtype)
    run_eagerly([zeroed(dgamma), zeroed(dbeta), KernelCall(_sums(name), x, rows, mean, r, dgamma, dbeta)])
    dx = None
    if need_dx:
        coefficients = tuple(empty(D, dtype) for _ in range(4))
        dx = empty((x.shape[0] * x.shape[1], D), dtype)
        valid = np.zeros((0, 0), np.bool_) if mask is None else mask
        run_eagerly(
            [
                HostCall(_slope_coefficients, tape, dgamma, dbeta, *coefficients),
                KernelCall(_slope(name), x, valid, rows, *coefficients, dx),
            ]
        )
        dx = dx.reshape(shape)
    return dx, None if gamma is None else cast(dgamma, dtype), None if beta is None else cast(dbeta, dtype)


def _slope_coefficients(tape: _Tape, dgamma: Array, dbeta: Array, center: Array, factor: Array, a_r: Array, b: Array) -> None:
    """Write the coefficients of :func:`_slope`; a and b are 0 with the moving statistics."""
    _, mask, count, mean, r, gamma, *_ = tape
    slope = r if gamma is None else gamma.value * r
    center[...], factor[...], a_r[...], b[...] = mean, slope, 0, 0
    if mask is not None:
        s, excess = count[0], MASKED_COUNT_EPSILON if mask.size else 0.0
        a_r[...] = slope * dgamma / s * r
        b[...] = slope * (dbeta - mean * r * excess / s * dgamma) / s
