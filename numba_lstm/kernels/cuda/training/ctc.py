"""Connectionist temporal classification (Graves et al. 2006), with one block per sample, in float64.

alpha and beta are as in :mod:`numba_lstm.kernels.cpu.training.ctc`: a thread computes every :data:`THREADS`-th symbol of a
step, and then every such class of its slopes.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ...specs import LossSpec
from ..arrays.elementwise import cast, empty_like, flat, full
from ..arrays.sums import Scalar, total
from ..runtime import driver
from ..runtime.compiler import Kernel, cuda, device, float64, jit

Array = Any

THREADS = 128  #: of the block of a sample


@device
def log_add(a, b):
    """log(exp(a) + exp(b)); NaN stays."""
    high, low = (b, a) if a < b else (a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


@device
def symbol(labels, n, s, blank):
    """The symbol s of a sample: blanks at even places."""
    return labels[s // 2, n] if s % 2 == 1 else blank


@device
def skips(labels, n, s):
    """Whether a path may come to symbol s from s - 2: over a blank between labels that differ."""
    return s % 2 == 1 and s > 1 and labels[s // 2, n] != labels[s // 2 - 1, n]


@device
def count_labels(labels, n, blank, classes):
    """The number of labels of a sample, which end before the first one that is none."""
    for k in range(labels.shape[0]):
        if labels[k, n] == blank or labels[k, n] < 0 or labels[k, n] >= classes:
            return k
    return labels.shape[0]


@device
def log_denominator(y, t, n):
    """log sum exp of a row."""
    largest, sum_ = float64(y[t, n, 0]), 0.0
    for c in range(y.shape[2]):
        largest = largest if y[t, n, c] <= largest else float64(y[t, n, c])
    for c in range(y.shape[2]):
        sum_ += math.exp(float64(y[t, n, c]) - largest)
    return largest + math.log(sum_)


@cache
def _forward(dtype: str, masked: bool, weighted: bool, zero_infinity: bool) -> Kernel:
    """Return the kernel of alpha, of the denominators of all steps, and of the losses."""

    @jit("f3 n2 f1 b2 e3 e2 e1 e1 n", dtype, f"ctc_forward_{dtype}" + "_masked" * masked + "_weighted" * weighted)
    def forward(y, labels, weight, mask, alpha, denominators, losses, plain, blank):
        n, thread = cuda.blockIdx.x, cuda.threadIdx.x
        T, S = y.shape[0], 2 * count_labels(labels, n, blank, y.shape[2]) + 1
        for t in range(thread, T, THREADS):
            denominators[n, t] = log_denominator(y, t, n)
        cuda.syncthreads()
        last = -1
        for t in range(T):
            if masked and not mask[t, n]:
                continue
            for s in range(thread, S, THREADS):
                sum_ = 0.0 if s < 2 else -math.inf
                if last >= 0:
                    sum_ = alpha[n, last, s]
                    if s > 0:
                        sum_ = log_add(sum_, alpha[n, last, s - 1])
                    if skips(labels, n, s):
                        sum_ = log_add(sum_, alpha[n, last, s - 2])
                alpha[n, t, s] = sum_ + (float64(y[t, n, symbol(labels, n, s, blank)]) - denominators[n, t])
            last = t
            cuda.syncthreads()
        if thread == 0:
            loss = 0.0 if S == 1 else math.inf
            if last >= 0:
                loss = -alpha[n, last, 0] if S == 1 else -log_add(alpha[n, last, S - 1], alpha[n, last, S - 2])
            plain[n] = loss
            loss = 0.0 if zero_infinity and loss == math.inf else loss
            w = float64(weight[n]) if weighted else 1.0
            losses[n] = loss * w if w != 0.0 else 0.0

    return forward


@cache
def _backward(dtype: str, masked: bool, weighted: bool) -> Kernel:
    """Return the kernel of the slopes, from the last step to the first. ``beta`` (N, 3, S) is its workspace."""

    @jit("f3 n2 f1 b2 e3 e2 e3 e1 f3 n", dtype, f"ctc_backward_{dtype}" + "_masked" * masked + "_weighted" * weighted)
    def backward(y, labels, weight, mask, alpha, denominators, beta, plain, dy, blank):
        n, thread, T, N, C = cuda.blockIdx.x, cuda.threadIdx.x, y.shape[0], y.shape[1], y.shape[2]
        w = float64(weight[n]) if weighted else 1.0
        S, loss, row, first = 2 * count_labels(labels, n, blank, C) + 1, plain[n], 0, True
        for t in range(T - 1, -1, -1):
            if (masked and not mask[t, n]) or loss == math.inf or w == 0.0:
                for c in range(thread, C, THREADS):
                    dy[t, n, c] = 0
                continue
            for s in range(thread, S, THREADS):
                sum_ = 0.0 if s > S - 3 else -math.inf
                if not first:
                    sum_ = beta[n, row, s]
                    if s + 1 < S:
                        sum_ = log_add(sum_, beta[n, row, s + 1])
                    if s + 2 < S and skips(labels, n, s + 2):
                        sum_ = log_add(sum_, beta[n, row, s + 2])
                beta[n, 2, s] = math.exp(alpha[n, t, s] + sum_ + loss)
                emission = float64(y[t, n, symbol(labels, n, s, blank)]) - denominators[n, t]
                beta[n, 1 - row, s] = sum_ + emission
            cuda.syncthreads()
            for c in range(thread, C, THREADS):
                slope = math.exp(float64(y[t, n, c]) - denominators[n, t])
                for s in range(0 if c == blank else 1, S, 2):
                    if c == blank or labels[s // 2, n] == c:
                        slope -= beta[n, 2, s]
                dy[t, n, c] = slope * (w / N)
            row, first = 1 - row, False
            cuda.syncthreads()

    return backward


def ctc(
    y: Array, labels: Array, spec: LossSpec, weight: Array | None, mask: Array | None, gradient: bool
) -> tuple[Scalar, Array | None]:
    """Return the loss and its gradient with respect to the logits."""
    (T, N, C), device_, dtype = y.shape, driver.current(), y.dtype.name
    labels = cast(labels, np.int64) if labels.shape[0] else full((1, N), np.int64, -1)
    S, blank = 2 * labels.shape[0] + 1, spec.blank % C
    alpha, denominators = device_.empty((N, T, S), np.float64), device_.empty((N, T), np.float64)
    losses, plain = device_.empty(N, np.float64), device_.empty(N, np.float64)
    weights = flat(y) if weight is None else flat(weight)
    masks = device_.empty((1, 1), np.bool_) if mask is None else mask
    masked, weighted = mask is not None, weight is not None
    run = _forward(dtype, masked, weighted, spec.zero_infinity)
    shared = y, labels, weights, masks, alpha, denominators
    device_.launch(run, N, THREADS, (*shared, losses, plain, blank))
    dy = None
    if gradient:
        dy, beta = empty_like(y), device_.empty((N, 3, S), np.float64)
        device_.launch(_backward(dtype, masked, weighted), N, THREADS, (*shared, beta, plain, dy, blank))
    return Scalar(total(losses), 1 / N), dy
