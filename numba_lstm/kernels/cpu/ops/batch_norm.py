"""CPU: batch normalization, row after row, the features of a row in a plain loop, sums in float64."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.memory import empty
from ..simd.vector import data

Array = npt.NDArray[Any]

#: What Keras adds to the number of rows that a mask leaves.
MASKED_COUNT_EPSILON = 1e-7


class _Tape(NamedTuple):
    x: Array  #: (T, N, D)
    mask: Array | None  #: (T, N), empty for all rows; None where y came from the moving statistics
    s: float
    mean: Array  #: float64, and so r
    r: Array
    gamma: Weight | None
    beta: Weight | None
    shape: tuple[int, ...]


@cache
def _moments(dtype: str) -> Any:
    def batch_norm_moments(x, mask, s, mean, variance):
        T, N, D = x.shape
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

    return kernel(batch_norm_moments, f"batch_norm_moments_{dtype}", NUMBA[dtype], "x3 b2 d e1 e1")


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


def _steps(x: Array, rank: int) -> Array:
    return x if x.ndim == rank else x[None]


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
    rows, dtype, D = _steps(x, 3), x.dtype, x.shape[-1]
    mean, variance = (moving.value.astype(np.float64) for moving in (moving_mean, moving_variance))
    kept, s = None, 1.0
    if momentum is not None:
        kept = np.zeros((0, 0), np.bool_) if mask is None else np.ascontiguousarray(_steps(mask, 2))
        s = float(x.size // D) if mask is None else np.count_nonzero(kept) + MASKED_COUNT_EPSILON
        _moments(dtype_name(dtype))(rows, kept, s, mean, variance)
        for moving, value in ((moving_mean, mean), (moving_variance, variance)):
            moving.writable()[...] = moving.value * momentum + value * (1 - momentum)
            moving.written()
    r = 1 / np.sqrt(variance + epsilon)
    factor = r if gamma is None else gamma.value * r
    shift = np.zeros(D, dtype) if beta is None else beta.value
    y = empty((x.size // D, D), dtype)
    _value(dtype_name(dtype))(rows, mean.astype(dtype), factor.astype(dtype), shift, y)
    return y.reshape(x.shape), _Tape(rows, kept, s, mean, r, gamma, beta, x.shape) if training else None


def batch_norm_backward(tape: _Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """CPU: one pass for the sums, one for dx."""
    x, mask, s, mean, r, gamma, beta, shape = tape
    dtype, D, rows = dy.dtype, shape[-1], _steps(dy, 3)
    dgamma, dbeta = np.zeros(D), np.zeros(D)
    _sums(dtype_name(dtype))(x, rows, mean, r, dgamma, dbeta)
    dx = None
    if need_dx:
        factor, a, b = r if gamma is None else gamma.value * r, np.zeros(D), np.zeros(D)
        if mask is not None:
            excess = MASKED_COUNT_EPSILON if mask.size else 0.0
            a = factor * dgamma / s
            b = factor * (dbeta - mean * r * excess / s * dgamma) / s
        per_feature = (value.astype(dtype) for value in (mean, factor, a * r, b))
        dx = empty((x.shape[0] * x.shape[1], D), dtype)
        nowhere = np.zeros((0, 0), np.bool_) if mask is None else mask
        _slope(dtype_name(dtype))(x, nowhere, rows, *per_feature, dx)
        dx = dx.reshape(shape)
    return dx, None if gamma is None else dgamma.astype(dtype), None if beta is None else dbeta.astype(dtype)
