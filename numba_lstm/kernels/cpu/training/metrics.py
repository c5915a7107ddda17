"""CPU: the metric op, one scalar pass over the batch, in float64."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import LossSpec, MetricSpec
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.memory import empty
from .loss_kernels.operands import operands
from .losses import loss

Array = npt.NDArray[Any]

METRICS = (
    "mean_squared_error",
    "mean_absolute_error",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
)
SQUARED, ABSOLUTE, BINARY_ACCURACY, CATEGORICAL_ACCURACY, SPARSE_ACCURACY, TOP_K, SPARSE_TOP_K = range(7)


@cache
def _metric(code: int, dtype: str) -> Any:
    def metric_sum(y, target, labels, weight, value, threshold, k):
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
                        if code in (CATEGORICAL_ACCURACY, TOP_K):
                            wanted = c if target[t, n, c] > target[t, n, wanted] else wanted
                if code == CATEGORICAL_ACCURACY:
                    row = 1.0 if best == wanted else 0.0
                elif code == SPARSE_ACCURACY:
                    row = 1.0 if best == labels[t, n] else 0.0
                elif code in (TOP_K, SPARSE_TOP_K):
                    wanted = labels[t, n] if code == SPARSE_TOP_K else wanted
                    if 0 <= wanted < C and abs(y[t, n, wanted]) < np.inf:
                        larger = 0
                        for c in range(C):
                            larger += y[t, n, c] > y[t, n, wanted]
                        row = 1.0 if larger < k else 0.0
                total += w * row
                count += w
        value[0], value[1] = total, count

    return kernel(metric_sum, f"metric_{METRICS[code]}_{dtype}", NUMBA[dtype], "x3 x3 l2 x2 e1 d i")


def metric(y: Array, target: Array, spec: MetricSpec | LossSpec, *, weight: Array | None = None) -> tuple[float, float]:
    """CPU: one pass."""
    if isinstance(spec, LossSpec):
        rows = y.size // y.shape[-1]
        value, _ = loss(y, target, spec, weight=weight, gradient=False)
        return float(value) * rows, float(rows) if weight is None else float(np.sum(weight, dtype=np.float64))
    code = METRICS.index(spec.name)
    y3, targets, labels, weights = operands(y, target, spec.name.startswith("sparse_"), weight)
    value = empty(2)
    threshold = float(y.dtype.type(spec.threshold))  # rounded to y's dtype: a float32 0.3 is not above 0.3
    _metric(code, dtype_name(y.dtype))(y3, targets, labels, weights, value, threshold, spec.k)
    return float(value[0]), float(value[1])
