"""Losses of a whole row: functions ``(y, target, slopes, settings) -> loss``, which write their slopes (C,)."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ...compiler.jit import inlined, kernel
from ...gemm.layout import NUMBA
from .element_losses import ALPHA, GAMMA, HIGH, LOW, SMOOTHING
from .numbers import at_least, clip

ROWWISE = (
    "kl_divergence",
    "cosine_similarity",
    "categorical_hinge",
    "categorical_focal_crossentropy",
    "gaussian_nll",
    "student_t_nll",
)
DIVERGENCE, COSINE, HINGE, FOCAL, GAUSSIAN, STUDENT = range(6)


@inlined
def divergence(y, target, slopes, s):
    """Kullback-Leibler divergence."""
    loss = 0.0
    for c in range(len(slopes)):
        z = np.float64(y[c])
        p, q = clip(z, s[LOW], 1.0), clip(np.float64(target[c]), s[LOW], 1.0)
        loss += q * math.log(q / p)
        slopes[c] = -q / p if p == z else 0.0 * z
    return loss


@inlined
def cosine(y, target, slopes, s):
    """Minus the cosine of an angle."""
    squares, wanted, dot = 0.0, 0.0, 0.0
    for c in range(len(slopes)):
        z, q = np.float64(y[c]), np.float64(target[c])
        squares, wanted, dot = squares + z * z, wanted + q * q, dot + z * q
    norm, scale = math.sqrt(squares), at_least(math.sqrt(wanted), s[LOW])
    length = at_least(norm, s[LOW])
    similarity = dot / (length * scale)
    along = similarity / length if length == norm else 0.0 * norm
    for c in range(len(slopes)):
        slopes[c] = (along * y[c] - target[c] / scale) / length
    return -similarity


@inlined
def hinge(y, target, slopes, s):
    """Distance of the best wrong class below the margin."""
    best, wrong, right = 0, (1.0 - target[0]) * np.float64(y[0]), 0.0
    for c in range(len(slopes)):
        z, q = np.float64(y[c]), np.float64(target[c])
        right += q * z
        if (1.0 - q) * z > wrong:
            best, wrong = c, (1.0 - q) * z
    margin = wrong - right + 1.0
    for c in range(len(slopes)):
        slope = (1.0 - target[c] if c == best else 0.0) - target[c]
        slopes[c] = 0.0 if margin <= 0.0 else slope + 0.0 * margin
    return at_least(margin, 0.0)


@inlined
def softmax_of(y, p):
    """Write the softmax of y to p."""
    largest, total = np.float64(y[0]), 0.0
    for c in range(len(p)):
        largest = largest if y[c] <= largest else np.float64(y[c])
    for c in range(len(p)):
        p[c] = math.exp(y[c] - largest)
        total += p[c]
    for c in range(len(p)):
        p[c] /= total


@inlined
def focal(y, target, slopes, s, from_logits, share):
    """Cross-entropy over classes times a power of the probability of the other classes."""
    C = len(slopes)
    loss, total, inner = 0.0, 0.0, 0.0
    if from_logits:
        softmax_of(y, share)
        total = 1.0
    else:
        for c in range(C):
            total += y[c]
        for c in range(C):
            share[c] = y[c] / total
    for c in range(C):
        q = target[c] * (1.0 - s[SMOOTHING]) + s[SMOOTHING] / C
        p = clip(share[c], s[LOW], s[HIGH])
        log_p, factor = math.log(p), s[ALPHA] * math.pow(1.0 - p, s[GAMMA])
        loss -= factor * q * log_p
        slope = q * (s[ALPHA] * s[GAMMA] * math.pow(1.0 - p, s[GAMMA] - 1.0) * log_p - factor / p)
        slopes[c] = slope if p == share[c] else 0.0 * share[c]
        inner += slopes[c] * share[c]
    for c in range(C):
        slopes[c] = (slopes[c] - inner) * (share[c] if from_logits else 1.0 / total)
    return loss


@inlined
def gaussian(y, target, slopes, s):
    """Minus the log likelihood of normal distributions; the first setting is its constant."""
    D, loss = len(target), 0.0
    for k in range(D):
        e, log_variance = np.float64(y[k]) - np.float64(target[k]), np.float64(y[D + k])
        precision = math.exp(-log_variance)
        loss += (log_variance + e * e * precision) / 2.0
        slopes[k], slopes[D + k] = e * precision / D, (1.0 - e * e * precision) / 2.0 / D
    return loss / D + s[0]


@inlined
def student(y, target, slopes, s):
    """Minus the log likelihood of Student's t distributions; the settings are its constant and degrees of freedom."""
    D, loss, df = len(target), 0.0, s[1]
    for k in range(D):
        scale = np.float64(y[D + k])
        z = (np.float64(y[k]) - np.float64(target[k])) * math.exp(-scale)
        loss += scale + (df + 1.0) / 2.0 * math.log1p(z * z / df)
        pull = (df + 1.0) * z / (df + z * z)
        slopes[k], slopes[D + k] = pull * math.exp(-scale) / D, (1.0 - pull * z) / D
    return loss / D + s[0]


@cache
def rowwise(code: int, from_logits: bool, dtype: str) -> Any:
    """Return the kernel of a loss that needs a whole row."""

    def row_loss(y, target, weight, dy, value, s):
        T, N, C = y.shape
        weighted, gradient = weight.size > 0, dy.size > 0
        slopes, share, total = np.empty(C), np.empty(C), 0.0
        for t in range(T):
            for n in range(N):
                w = np.float64(weight[t, n]) if weighted else 1.0
                row, wanted = y[t, n], target[t, n]
                if code == DIVERGENCE:
                    loss = divergence(row, wanted, slopes, s)
                elif code == COSINE:
                    loss = cosine(row, wanted, slopes, s)
                elif code == HINGE:
                    loss = hinge(row, wanted, slopes, s)
                elif code == FOCAL:
                    loss = focal(row, wanted, slopes, s, from_logits, share)
                elif code == GAUSSIAN:
                    loss = gaussian(row, wanted, slopes, s)
                else:
                    loss = student(row, wanted, slopes, s)
                total += w * loss
                if gradient:
                    for c in range(C):
                        dy[t, n, c] = w * slopes[c] / (T * N)
        value[0] = total / (T * N)

    return kernel(row_loss, f"loss_{ROWWISE[code]}_{int(from_logits)}_{dtype}", NUMBA[dtype], "x3 x3 x2 f3 e1 e1")
