"""CPU: batch normalization, row after row, the features of a row in a plain loop, sums in float64.

All of it is kernels, small as some are: a call of the interpreter would divide the graph of a plan.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ..arrays.copy_tasks import as_steps, contiguous
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime import recording
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall
from ..runtime.weight_values import value_of
from ..simd.vector import data

Array = npt.NDArray[Any]

#: What Keras adds to the number of rows that a mask leaves.
MASKED_COUNT_EPSILON = 1e-7

#: Rows of the statistics of a call, float64: of a feature, and the number of rows of the batch in each column.
MEAN, VARIANCE, R, COUNT = range(4)


class _Tape(NamedTuple):
    x: Array  #: (T, N, D)
    mask: Array | None  #: (T, N), empty for all rows; None where y came from the moving statistics
    statistics: Array  #: (4, D)
    gamma: Weight | None
    beta: Weight | None
    shape: tuple[int, ...]


@cache
def _moments(dtype: str) -> Any:
    """Statistics of a batch, which the moving ones follow.

    ====================  ================  ======================================================
    ``x``                 (T, N, D)         the input
    ``mask``              (T, N) or empty   the rows that count
    ``momentum``                            how slowly the moving statistics move
    ``moving_mean``       (D,)              is updated, as is ``moving_variance``
    ``statistics``        (4, D)            receives mean, variance and count
    ====================  ================  ======================================================
    """

    def batch_norm_moments(x, mask, momentum, moving_mean, moving_variance, statistics):
        T, N, D = x.shape
        outer, inner, masked = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize, mask.size > 0
        x_, rows = data(x), 0
        for d in range(D):
            statistics[MEAN, d], statistics[VARIANCE, d] = 0.0, 0.0
        for t in range(T):
            for n in range(N):
                if not masked or mask[t, n]:
                    rows += 1
                    at = t * outer + n * inner
                    for d in range(D):
                        statistics[MEAN, d] += x_[at + d]
        s = rows + MASKED_COUNT_EPSILON if masked else np.float64(rows)
        for d in range(D):
            statistics[MEAN, d] /= s
        for t in range(T):
            for n in range(N):
                if not masked or mask[t, n]:
                    at = t * outer + n * inner
                    for d in range(D):
                        distance = x_[at + d] - statistics[MEAN, d]
                        statistics[VARIANCE, d] += distance * distance
        keep = moving_mean.dtype.type(momentum)
        for d in range(D):
            statistics[VARIANCE, d] /= s
            statistics[COUNT, d] = s
            moving_mean[d] = moving_mean[d] * keep + statistics[MEAN, d] * (1 - momentum)
            moving_variance[d] = moving_variance[d] * keep + statistics[VARIANCE, d] * (1 - momentum)

    return kernel(batch_norm_moments, f"batch_norm_moments_{dtype}", NUMBA[dtype], "x3 b2 d f1 f1 e2")


@cache
def _value(dtype: str) -> Any:
    """``y = (x - center) * factor + beta``, with ``r = 1 / sqrt(variance + epsilon)`` and ``factor = gamma * r``.

    ====================  ================  ======================================================
    ``x``                 (T, N, D)         the input
    ``moving_mean``       (D,) or empty     replaces the statistics, as ``moving_variance`` does
    ``gamma``, ``beta``   (D,) or empty     absent ones are 1 and 0
    ``statistics``        (4, D)            mean and variance are read, or written from the moving
                                            ones; receives r
    ``coefficients``      (2, D)            receives center and factor in the dtype of x
    ``y``                 (T * N, D)        the output
    ====================  ================  ======================================================
    """

    def batch_norm_value(x, moving_mean, moving_variance, gamma, beta, epsilon, statistics, coefficients, y):
        T, N, D = x.shape
        outer, inner = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        x_ = data(x)
        for d in range(D):
            if moving_mean.size > 0:
                statistics[MEAN, d], statistics[VARIANCE, d] = moving_mean[d], moving_variance[d]
            r = 1 / np.sqrt(statistics[VARIANCE, d] + epsilon)
            statistics[R, d] = r
            coefficients[0, d] = statistics[MEAN, d]
            coefficients[1, d] = gamma[d] * r if gamma.size > 0 else r
        for t in range(T):
            for n in range(N):
                at, m = t * outer + n * inner, t * N + n
                for d in range(D):
                    y[m, d] = (x_[at + d] - coefficients[0, d]) * coefficients[1, d] + beta[d]

    return kernel(batch_norm_value, f"batch_norm_value_{dtype}", NUMBA[dtype], "x3 x1 x1 x1 x1 d e2 f2 f2")


@cache
def _sums(dtype: str) -> Any:
    """``dgamma = sum(dy * n)`` and ``dbeta = sum(dy)``, as rows of ``sums`` (2, D) in float64 and in the dtype of x."""

    def batch_norm_sums(x, dy, statistics, sums, dgamma, dbeta):
        T, N, D = x.shape
        outer, inner = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize
        dy_outer, dy_inner = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        x_, dy_ = data(x), data(dy)
        for d in range(D):
            sums[0, d], sums[1, d] = 0.0, 0.0
        for t in range(T):
            for n in range(N):
                at, to = t * outer + n * inner, t * dy_outer + n * dy_inner
                for d in range(D):
                    sums[0, d] += dy_[to + d] * ((x_[at + d] - statistics[MEAN, d]) * statistics[R, d])
                    sums[1, d] += dy_[to + d]
        for d in range(D):
            dgamma[d], dbeta[d] = sums[0, d], sums[1, d]

    return kernel(batch_norm_sums, f"batch_norm_sums_{dtype}", NUMBA[dtype], "x3 x3 e2 e2 f1 f1")


@cache
def _slope(dtype: str) -> Any:
    """``dx = factor * dy - m * ((x - center) * a + b)``, with a and b per feature, which are 0 with the moving statistics.

    ====================  ================  ======================================================
    ``x``, ``dy``         (T, N, D)         the input, and the gradient of the output
    ``mask``              (T, N) or empty   m, the rows that count
    ``gamma``             (D,) or empty     1 if absent
    ``of_batch``                            1 for the statistics of the batch, 0 for the moving
    ``statistics``        (4, D)            those of the forward pass
    ``sums``              (2, D)            dgamma and dbeta in float64
    ``coefficients``      (4, D)            receives center, factor, a and b in the dtype of x
    ``dx``                (T * N, D)        the gradient of the input
    ====================  ================  ======================================================
    """

    def batch_norm_slope(x, mask, dy, gamma, of_batch, statistics, sums, coefficients, dx):
        T, N, D = x.shape
        outer, inner, masked = x.strides[0] // x.itemsize, x.strides[1] // x.itemsize, mask.size > 0
        dy_outer, dy_inner = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        x_, dy_, excess = data(x), data(dy), MASKED_COUNT_EPSILON if masked else 0.0
        for d in range(D):
            mean, r, s = statistics[MEAN, d], statistics[R, d], statistics[COUNT, d]
            factor = gamma[d] * r if gamma.size > 0 else r
            a, b = 0.0, 0.0
            if of_batch:
                a = factor * sums[0, d] / s * r
                b = factor * (sums[1, d] - mean * r * excess / s * sums[0, d]) / s
            coefficients[0, d], coefficients[1, d], coefficients[2, d], coefficients[3, d] = mean, factor, a, b
        for t in range(T):
            for n in range(N):
                at, to, m = t * outer + n * inner, t * dy_outer + n * dy_inner, t * N + n
                counts = not masked or mask[t, n]
                for d in range(D):
                    slope = coefficients[1, d] * dy_[to + d]
                    if counts:
                        slope -= (x_[at + d] - coefficients[0, d]) * coefficients[2, d] + coefficients[3, d]
                    dx[m, d] = slope

    return kernel(batch_norm_slope, f"batch_norm_slope_{dtype}", NUMBA[dtype], "x3 b2 x3 x1 i e2 e2 f2 f2")


def _value_of(weight: Weight | None, dtype: Any) -> Array:
    """Return the array of a weight, or an empty one."""
    return np.zeros(0, dtype) if weight is None else value_of(weight)


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
    name, kept, statistics = dtype_name(dtype), None, empty((4, D))
    moving = value_of(moving_mean), value_of(moving_variance)
    if momentum is not None:
        kept = np.zeros((0, 0), np.bool_) if mask is None else contiguous(as_steps(mask, 2))
        with recording.writing(moving_mean, moving_variance) as written:
            run_eagerly([KernelCall(_moments(name), rows, kept, momentum, *written, statistics)])
        moving = np.zeros(0, dtype), np.zeros(0, dtype)
    y = empty((x.size // D, D), dtype)
    shift = np.zeros(D, dtype) if beta is None else value_of(beta)
    coefficients = empty((2, D), dtype)
    arguments = rows, *moving, _value_of(gamma, dtype), shift, epsilon, statistics, coefficients, y
    run_eagerly([KernelCall(_value(name), *arguments)])
    return y.reshape(x.shape), _Tape(rows, kept, statistics, gamma, beta, x.shape) if training else None


def batch_norm_backward(tape: _Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """CPU: one pass for the sums, one for dx."""
    x, mask, statistics, gamma, beta, shape = tape
    dtype, D, rows = dy.dtype, shape[-1], as_steps(dy)
    sums, dgamma, dbeta, name = empty((2, D)), empty(D, dtype), empty(D, dtype), dtype_name(dtype)
    run_eagerly([KernelCall(_sums(name), x, rows, statistics, sums, dgamma, dbeta)])
    dx = None
    if need_dx:
        dx = empty((x.shape[0] * x.shape[1], D), dtype)
        valid = np.zeros((0, 0), np.bool_) if mask is None else mask
        arguments = rows, _value_of(gamma, dtype), int(mask is not None), statistics, sums, empty((4, D), dtype), dx
        run_eagerly([KernelCall(_slope(name), x, valid, *arguments)])
        dx = dx.reshape(shape)
    return dx, None if gamma is None else dgamma, None if beta is None else dbeta
