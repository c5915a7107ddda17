"""CPU: the loss and metric ops, one scalar pass over the batch, in float64 until the gradient is stored.

A batch has few outputs compared to its states, so that a scalar loop is fast enough.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import LossSpec, MetricSpec
from ..arrays.copy_tasks import as_steps, cast
from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall

Array = npt.NDArray[Any]

LOSSES = (
    "mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "binary_crossentropy", "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)  # fmt: skip
SQUARED, ABSOLUTE, HUBER, LOG_COSH, BINARY, CATEGORICAL, SPARSE = range(7)
METRICS = (
    "mean_squared_error",
    "mean_absolute_error",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
)
BINARY_ACCURACY, CATEGORICAL_ACCURACY, SPARSE_ACCURACY = 2, 3, 4
LOG_2 = math.log(2.0)


@inlined
def log1p_exp_minus(x):
    """log(1 + exp(-x)) for x >= 0."""
    return math.log1p(math.exp(-x))


@inlined
def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


@inlined
def clip(p, low, high):
    """p in [low, high]; NaN stays."""
    return min(max(p, low), high) if p == p else p


@cache
def _elementwise(code: int, from_logits: bool, dtype: str) -> Any:
    """Return the kernel of a loss that is a mean over C of one term per output."""

    def elementwise_loss(y, target, weight, dy, value, smoothing, delta, low, high):
        T, N, C = y.shape
        weighted, gradient = weight.size > 0, dy.size > 0
        total = 0.0
        for t in range(T):
            for n in range(N):
                w = np.float64(weight[t, n]) if weighted else 1.0
                row = 0.0
                for c in range(C):
                    z, q = np.float64(y[t, n, c]), np.float64(target[t, n, c])
                    e = z - q
                    if code == SQUARED:
                        term, slope = e * e, 2.0 * e
                    elif code == ABSOLUTE:
                        term, slope = abs(e), np.sign(e)
                    elif code == HUBER:
                        term = e * e / 2.0 if abs(e) <= delta else delta * (abs(e) - delta / 2.0)
                        slope = min(max(e, -delta), delta) if e == e else e
                    elif code == LOG_COSH:
                        term, slope = abs(e) + log1p_exp_minus(2.0 * abs(e)) - LOG_2, math.tanh(e)
                    else:
                        q = q * (1.0 - smoothing) + smoothing / 2.0
                        if from_logits:
                            term, slope = max(z, 0.0) - z * q + log1p_exp_minus(abs(z)), sigmoid(z) - q
                        else:
                            p = clip(z, low, high)
                            term = -(q * math.log(p) + (1.0 - q) * math.log(1.0 - p))
                            slope = (p - q) / (p * (1.0 - p)) if p == z else 0.0 * z
                    row += term
                    if gradient:
                        dy[t, n, c] = w * slope / (C * T * N)
                total += w * (row / C)
        value[0] = total / (T * N)

    name = f"loss_{LOSSES[code]}_{int(from_logits)}_{dtype}"
    return kernel(elementwise_loss, name, NUMBA[dtype], "x3 x3 x2 f3 e1 d d d d")


@cache
def _crossentropy(sparse: bool, from_logits: bool, dtype: str) -> Any:
    """Return the kernel of a loss that needs a whole row: ``-sum q log p``."""

    def crossentropy_loss(y, target, labels, weight, dy, value, smoothing, low, high):
        T, N, C = y.shape
        weighted, gradient = weight.size > 0, dy.size > 0
        q, p = np.empty(C), np.empty(C)
        total = 0.0
        for t in range(T):
            for n in range(N):
                w = np.float64(weight[t, n]) if weighted else 1.0
                mass = 0.0
                for c in range(C):
                    q[c] = (
                        (1.0 if labels[t, n] == c else 0.0) if sparse else target[t, n, c] * (1.0 - smoothing) + smoothing / C
                    )
                    mass += q[c]
                loss, scale, largest = 0.0, 0.0, np.float64(y[t, n, 0])
                for c in range(C):
                    if not np.float64(y[t, n, c]) <= largest:
                        largest = np.float64(y[t, n, c])
                for c in range(C):
                    p[c] = math.exp(y[t, n, c] - largest) if from_logits else np.float64(y[t, n, c])
                    scale += p[c]
                inner = 0.0
                for c in range(C):
                    share = p[c] / scale
                    if from_logits:
                        loss -= q[c] * (y[t, n, c] - largest - math.log(scale))
                        p[c] = share * mass - q[c]
                    else:
                        clipped = clip(share, low, high)
                        loss -= q[c] * math.log(clipped)
                        p[c] = -q[c] / clipped if clipped == share else 0.0 * share
                        inner += p[c] * share
                total += w * loss
                if gradient:
                    for c in range(C):
                        dy[t, n, c] = w * (p[c] if from_logits else (p[c] - inner) / scale) / (T * N)
        value[0] = total / (T * N)

    name = f"loss_{LOSSES[SPARSE if sparse else CATEGORICAL]}_{int(from_logits)}_{dtype}"
    return kernel(crossentropy_loss, name, NUMBA[dtype], "x3 x3 l2 x2 f3 e1 d d d")


@cache
def _metric(code: int, dtype: str) -> Any:
    def metric_sum(y, target, labels, weight, value, threshold):
        T, N, C = y.shape
        weighted = weight.size > 0
        total, count = 0.0, 0.0
        for t in range(T):
            for n in range(N):
                w = np.float64(weight[t, n]) if weighted else 1.0
                row, best, wanted = 0.0, 0, 0
                for c in range(C):
                    if code == SQUARED:
                        e = np.float64(y[t, n, c]) - np.float64(target[t, n, c])
                        row += e * e / C
                    elif code == ABSOLUTE:
                        row += abs(np.float64(y[t, n, c]) - np.float64(target[t, n, c])) / C
                    elif code == BINARY_ACCURACY:
                        row += ((1.0 if y[t, n, c] > threshold else 0.0) == np.float64(target[t, n, c])) / C
                    else:
                        best = c if y[t, n, c] > y[t, n, best] else best
                        if code == CATEGORICAL_ACCURACY:
                            wanted = c if target[t, n, c] > target[t, n, wanted] else wanted
                if code == CATEGORICAL_ACCURACY:
                    row = 1.0 if best == wanted else 0.0
                elif code == SPARSE_ACCURACY:
                    row = 1.0 if best == labels[t, n] else 0.0
                total += w * row
                count += w
        value[0], value[1] = total, count

    return kernel(metric_sum, f"metric_{METRICS[code]}_{dtype}", NUMBA[dtype], "x3 x3 l2 x2 e1 d")


def _operands(y: Array, target: Array, sparse: bool, weight: Array | None) -> tuple[Array, Array, Array, Array]:
    """Return y, targets, labels and weights with a time axis; missing ones are empty."""
    y = as_steps(y)
    nothing = np.zeros((0, 0, 0), y.dtype)
    weights = np.zeros((0, 0), y.dtype) if weight is None else as_steps(cast(weight, y.dtype), 2)
    if sparse:
        return y, nothing, as_steps(cast(target, np.int64), 2), weights
    return y, as_steps(cast(target, y.dtype)), np.zeros((0, 0), np.int64), weights


def loss_call(y: Array, target: Array, spec: LossSpec, weight: Array | None, dy: Array, value: Array) -> KernelCall:
    """Return the call that writes the loss to ``value`` (1,) and its gradient to ``dy``, of y's shape, or empty for none."""
    code = LOSSES.index(spec.name)
    y3, targets, labels, weights = _operands(y, target, code == SPARSE, weight)
    dy3 = dy.reshape(y3.shape if dy.size else (0, 0, 0))
    low = float(y.dtype.type(spec.epsilon))  # rounded to y's dtype: 1 - 1e-7 is 1 - 1.2e-7 in float32
    high = float(y.dtype.type(1) - y.dtype.type(spec.epsilon))
    if code in (CATEGORICAL, SPARSE):
        run = _crossentropy(code == SPARSE, spec.from_logits, dtype_name(y.dtype))
        return KernelCall(run, y3, targets, labels, weights, dy3, value, spec.label_smoothing, low, high)
    run = _elementwise(code, spec.from_logits, dtype_name(y.dtype))
    return KernelCall(run, y3, targets, weights, dy3, value, spec.label_smoothing, spec.delta, low, high)


def loss(y: Array, target: Array, spec: LossSpec, *, weight: Array | None = None, gradient: bool) -> tuple[Array, Array | None]:
    """CPU: value and gradient in one pass; the value is an array without axes."""
    dy, value = empty(y.shape if gradient else (0,), y.dtype), empty(1)
    run_eagerly([loss_call(y, target, spec, weight, dy, value)])
    return value.reshape(()), dy if gradient else None


def metric(y: Array, target: Array, spec: MetricSpec, *, weight: Array | None = None) -> tuple[float, float]:
    """CPU: one pass."""
    code = METRICS.index(spec.name)
    y3, targets, labels, weights = _operands(y, target, code == SPARSE_ACCURACY, weight)
    value = empty(2)
    threshold = float(y.dtype.type(spec.threshold))  # rounded to y's dtype: a float32 0.3 is not above 0.3
    _metric(code, dtype_name(y.dtype))(y3, targets, labels, weights, value, threshold)
    return float(value[0]), float(value[1])
