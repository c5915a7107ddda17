"""Connectionist temporal classification (Graves et al. 2006), in the logarithms of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def ctc(y: Array, labels: Array, mask: Array | None, spec: Any) -> tuple[Array, Array]:
    """Return the losses (N,) and their slopes (T, N, C) for logits y (T, N, C) and labels (L, N)."""
    T, N, C = y.shape
    losses, slopes = np.zeros(N, y.dtype), np.zeros_like(y)
    shifted = y - y.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    for n in range(N):
        steps = np.arange(T) if mask is None else np.flatnonzero(mask[:, n])
        symbols = with_blanks(labels[:, n], spec.blank % C, C)
        losses[n], slopes[steps, n] = sample_loss(log_p[steps, n], symbols)
        if spec.zero_infinity and np.isposinf(losses[n]):
            losses[n] = 0
    return losses, slopes


def with_blanks(labels: Array, blank: int, classes: int) -> Array:
    """Return the labels of a sample, up to the first that is none, with a blank around each."""
    ends = np.flatnonzero((labels == blank) | (labels < 0) | (labels >= classes))
    count = ends[0] if ends.size else len(labels)
    symbols = np.full(2 * count + 1, blank)
    symbols[1::2] = labels[:count]
    return symbols


def sample_loss(log_p: Array, symbols: Array) -> tuple[Any, Array]:
    """Return the loss of one sample and its slopes (F, C), from the logarithms of its probabilities (F, C)."""
    F, S = len(log_p), len(symbols)
    if F == 0:
        return (0.0 if S == 1 else np.inf), log_p
    may_skip = np.zeros(S + 2, bool)  # a blank between two labels that differ may be left out
    may_skip[2:S] = symbols[2:] != symbols[:-2]
    emission = log_p[:, symbols]
    alpha = np.full((F, S), -np.inf)  # paths from the first step to symbol s at step f, which it includes
    alpha[0, :2] = emission[0, :2]
    for f in range(1, F):
        for s in range(S):
            before = [alpha[f - 1, s - k] for k in range(3) if s >= k and (k < 2 or may_skip[s])]
            alpha[f, s] = np.logaddexp.reduce(before) + emission[f, s]
    beta = np.full((F, S), -np.inf)  # paths from symbol s at step f, which it leaves out, to the last step
    beta[-1, -2:] = 0
    for f in range(F - 2, -1, -1):
        for s in range(S):
            after = [beta[f + 1, s + k] + emission[f + 1, s + k] for k in range(3) if s + k < S and (k < 2 or may_skip[s + k])]
            beta[f, s] = np.logaddexp.reduce(after)
    loss = -np.logaddexp.reduce(alpha[-1, -2:])
    if np.isposinf(loss):
        return loss, np.zeros_like(log_p)
    slopes = np.exp(log_p)
    for s in range(S):
        slopes[:, symbols[s]] -= np.exp(alpha[:, s] + beta[:, s] + loss)
    return loss, slopes
