"""Connectionist temporal classification (Graves et al. 2006), a sample by itself, in the logarithms of probabilities.

With the labels of a sample between blanks as its S symbols, alpha[t, s] is the logarithm of the probability of all paths that
are at symbol s at step t, and beta[s] that of all paths from there on, without step t. Both are float64.
alpha[t, -1] is the logarithm of the denominator of the softmax at step t.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ....specs import LossSpec
from ...compiler.jit import inlined, kernel
from ...gemm.layout import NUMBA, dtype_name
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import empty
from ...runtime.task import KernelCall, parallel_for

Array = npt.NDArray[Any]

#: Cost of a symbol's step and of a class's step, in multiplications: exponentials and a logarithm.
MULTIPLICATIONS = 60


@inlined
def log_add(a, b):
    """log(exp(a) + exp(b)); NaN stays."""
    if a < b:
        a, b = b, a
    return a if b == -math.inf else a + math.log1p(math.exp(b - a))


@inlined
def symbol(labels, n, s, blank):
    """The symbol s of a sample: blanks at even places."""
    return blank if s % 2 == 0 else labels[s // 2, n]


@inlined
def skips(labels, n, s, blank):
    """Whether a path may come to symbol s from s - 2: over a blank between labels that differ."""
    return s % 2 == 1 and s > 1 and labels[s // 2, n] != labels[s // 2 - 1, n]


@inlined
def count_labels(labels, n, blank, classes):
    """The number of labels of a sample, which end before the first one that is none."""
    for k in range(labels.shape[0]):
        if labels[k, n] == blank or labels[k, n] < 0 or labels[k, n] >= classes:
            return k
    return labels.shape[0]


@inlined
def log_denominator(y, t, n):
    """log sum exp of a row."""
    largest, total = np.float64(y[t, n, 0]), 0.0
    for c in range(y.shape[2]):
        largest = largest if y[t, n, c] <= largest else np.float64(y[t, n, c])
    for c in range(y.shape[2]):
        total += math.exp(y[t, n, c] - largest)
    return largest + math.log(total)


@inlined
def forward(y, labels, mask, n, S, blank, alpha):
    """Compute alpha for all steps that the sample has. Returns the last of them, or -1."""
    last = -1
    for t in range(y.shape[0]):
        if mask.size > 0 and not mask[t, n]:
            continue
        alpha[t, -1] = log_denominator(y, t, n)
        for s in range(S):
            if last < 0:
                sum_ = 0.0 if s < 2 else -math.inf
            else:
                sum_ = alpha[last, s]
                if s > 0:
                    sum_ = log_add(sum_, alpha[last, s - 1])
                if skips(labels, n, s, blank):
                    sum_ = log_add(sum_, alpha[last, s - 2])
            alpha[t, s] = sum_ + (y[t, n, symbol(labels, n, s, blank)] - alpha[t, -1])
        last = t
    return last


@inlined
def backward(y, labels, mask, n, S, blank, alpha, beta, last, loss, scale, dy):
    """Write the slopes of a sample, from its last step to its first."""
    for s in range(S):
        beta[0, s] = 0.0 if s > S - 3 else -math.inf
    row = 0
    for t in range(last, -1, -1):
        if mask.size > 0 and not mask[t, n]:
            continue
        for c in range(y.shape[2]):
            beta[2, c] = math.exp(y[t, n, c] - alpha[t, -1])
        for s in range(S):
            beta[2, symbol(labels, n, s, blank)] -= math.exp(alpha[t, s] + beta[row, s] + loss)
        for c in range(y.shape[2]):
            dy[t, n, c] = scale * beta[2, c]
        for s in range(S):  # beta with the step that it leaves out, then that of the step before
            beta[row, s] += y[t, n, symbol(labels, n, s, blank)] - alpha[t, -1]
        for s in range(S):
            sum_ = beta[row, s]
            if s + 1 < S:
                sum_ = log_add(sum_, beta[row, s + 1])
            if s + 2 < S and skips(labels, n, s + 2, blank):
                sum_ = log_add(sum_, beta[row, s + 2])
            beta[1 - row, s] = sum_
        row = 1 - row


@cache
def _samples(dtype: str) -> Any:
    """Return the kernel of the losses and slopes of the samples from ``first`` to ``end``."""

    def ctc_samples(y, labels, weight, mask, dy, losses, alpha, beta, first, end, blank, zero):
        T, N, C = y.shape
        for n in range(first, end):
            w = np.float64(weight[n]) if weight.size > 0 else 1.0
            S = 2 * count_labels(labels, n, blank, C) + 1
            last = forward(y, labels, mask, n, S, blank, alpha)
            loss = 0.0 if S == 1 else math.inf
            if last >= 0:
                loss = -alpha[last, S - 1] if S == 1 else -log_add(alpha[last, S - 1], alpha[last, S - 2])
            if dy.size > 0:
                for t in range(T):
                    for c in range(C):
                        dy[t, n, c] = 0
                if loss != math.inf and w != 0.0:
                    backward(y, labels, mask, n, S, blank, alpha, beta, last, loss, w / N, dy)
            if zero != 0 and loss == math.inf:
                loss = 0.0
            losses[n] = loss * w if w != 0.0 else 0.0

    return kernel(ctc_samples, f"ctc_samples_{dtype}", NUMBA[dtype], "x3 l2 x1 b2 f3 e1 e2 e2 i i i i")


@cache
def _mean() -> Any:
    def ctc_mean(losses, value):
        total = 0.0
        for n in range(losses.size):
            total += losses[n]
        value[0] = total / losses.size

    return kernel(ctc_mean, "ctc_mean", NUMBA["float64"], "e1 e1")


def run_ctc(y: Array, labels: Array, spec: LossSpec, weight: Array | None, mask: Array | None, dy: Array, value: Array) -> None:
    """Run the tasks that write the loss to ``value`` (1,) and its gradient to ``dy``, of y's shape, or empty for none."""
    (T, N, C), L = y.shape, len(labels)
    S = 2 * L + 1
    weights = np.zeros(0, y.dtype) if weight is None else weight
    masks = np.zeros((0, 0), np.bool_) if mask is None else mask
    count = thread_pool.num_splits(float(MULTIPLICATIONS * T * N * (S + C)), N)
    losses, run = empty(N), _samples(dtype_name(y.dtype))
    slopes = dy if dy.size else dy.reshape(0, 0, 0)

    def call(index: int, samples: tuple[int, int]) -> KernelCall:
        scratch = empty((T, S + 1)), empty((3, max(S, C)))
        return KernelCall(
            run, y, labels, weights, masks, slopes, losses, *scratch, *samples, spec.blank % C, int(spec.zero_infinity)
        )

    run_eagerly([parallel_for(N, count, call), KernelCall(_mean(), losses, value)])
