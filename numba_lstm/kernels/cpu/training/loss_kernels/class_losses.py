"""Cross-entropies over classes, which need a whole row: ``-sum q log p``."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ...compiler.jit import kernel
from ...gemm.layout import NUMBA
from .numbers import clip

CATEGORICAL, SPARSE = "categorical_crossentropy", "sparse_categorical_crossentropy"


@cache
def sparse_loss(from_logits: bool, dtype: str) -> Any:
    """Return the kernel of a cross-entropy of labels: one logarithm a row. A label that is no class has no loss."""

    def sparse_crossentropy_loss(y, labels, weight, dy, value, low, high):
        T, N, C = y.shape
        weighted, gradient = weight.size > 0, dy.size > 0
        p = np.empty(C)
        total = 0.0
        for t in range(T):
            for n in range(N):
                w, label = np.float64(weight[t, n]) if weighted else 1.0, labels[t, n]
                known = 0 <= label < C
                scale, largest, infinite = 0.0, 0.0, 0.0
                if from_logits:
                    largest = np.float64(y[t, n, 0])
                    for c in range(C):
                        if not np.float64(y[t, n, c]) <= largest:
                            largest = np.float64(y[t, n, c])
                    for c in range(C):
                        p[c] = math.exp(y[t, n, c] - largest)
                        infinite += 0.0 * (y[t, n, c] - largest)  # makes the loss NaN
                for c in range(C):
                    scale += p[c] if from_logits else np.float64(y[t, n, c])
                loss = infinite + 0.0 * (scale - scale)
                if from_logits:
                    loss -= y[t, n, label] - largest - math.log(scale) if known else 0.0
                    if gradient:
                        mass = 1.0 if known else 0.0
                        for c in range(C):
                            dy[t, n, c] = w * (p[c] / scale * mass) / (T * N)
                        if known:
                            dy[t, n, label] = w * (p[label] / scale - 1.0) / (T * N)
                else:
                    share = np.float64(y[t, n, label]) / scale if known else 0.0
                    clipped = clip(share, low, high)
                    slope, inner = 0.0, loss
                    if known:
                        loss -= math.log(clipped)
                        slope = -1.0 / clipped if clipped == share else 0.0 * share
                        inner += slope * share
                    if gradient:
                        other = w * ((0.0 - inner) / scale) / (T * N)
                        for c in range(C):
                            dy[t, n, c] = other
                        if known:
                            dy[t, n, label] = w * ((slope - inner) / scale) / (T * N)
                total += w * loss
        value[0] = total / (T * N)

    name = f"loss_{SPARSE}_{int(from_logits)}_{dtype}"
    return kernel(sparse_crossentropy_loss, name, NUMBA[dtype], "x3 l2 x2 f3 e1 d d")


@cache
def class_loss(from_logits: bool, dtype: str) -> Any:
    """Return the kernel of a cross-entropy of probabilities."""

    def crossentropy_loss(y, target, weight, dy, value, smoothing, low, high):
        T, N, C = y.shape
        weighted, gradient = weight.size > 0, dy.size > 0
        q, p = np.empty(C), np.empty(C)
        total = 0.0
        for t in range(T):
            for n in range(N):
                w = np.float64(weight[t, n]) if weighted else 1.0
                mass = 0.0
                for c in range(C):
                    q[c] = target[t, n, c] * (1.0 - smoothing) + smoothing / C
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
                        if q[c] != 0.0 or clipped != clipped:  # else it adds nothing
                            loss -= q[c] * math.log(clipped)
                        p[c] = -q[c] / clipped if clipped == share else 0.0 * share
                        inner += p[c] * share
                total += w * loss
                if gradient:
                    for c in range(C):
                        dy[t, n, c] = w * (p[c] if from_logits else (p[c] - inner) / scale) / (T * N)
        value[0] = total / (T * N)

    name = f"loss_{CATEGORICAL}_{int(from_logits)}_{dtype}"
    return kernel(crossentropy_loss, name, NUMBA[dtype], "x3 x3 x2 f3 e1 d d d")
