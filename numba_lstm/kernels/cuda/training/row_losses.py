"""Losses of a whole row other than cross-entropies, with one thread per row.

A factory returns a device function ``(y, target, m, scale, dy) -> loss`` of row m, which writes ``scale`` times the slopes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...specs import LossSpec
from ..runtime.compiler import Kernel, device, jit, real
from ..runtime.launch import element


@cache
def row_loss(spec: LossSpec, dtype: str, weighted: bool, gradient: bool) -> Kernel:
    """Return the kernel of a loss. ``scale`` is the weight of a row in the mean."""
    loss_of = device(ROWWISE[spec.name](np.dtype(dtype).type, spec, gradient))
    zero = np.dtype(dtype).type(0)

    @jit("f2 f2 f1 r f1 f2", dtype, f"{spec.name}_{dtype}" + "_weighted" * weighted + "_gradient" * gradient)
    def rows(y, target, weight, scale, losses, dy):
        m = element()
        if m < y.shape[0]:
            row_weight = weight[m] if weighted else zero
            loss = loss_of(y, target, m, row_weight * scale if weighted else scale, dy)
            losses[m] = row_weight * loss if weighted else loss

    return rows


def _divergence(number: Any, spec: LossSpec, gradient: bool) -> Any:
    zero, one, epsilon = number(0), number(1), number(spec.epsilon)

    @device
    def bounded(p):
        return epsilon if p < epsilon else one if p > one else p

    def divergence(y, target, m, scale, dy):
        loss = zero
        for k in range(y.shape[1]):
            p, q = bounded(y[m, k]), bounded(target[m, k])
            loss += q * math.log(q / p)
            if gradient:
                dy[m, k] = zero if p != y[m, k] and p == p else -q / p * scale
        return loss

    return divergence


def _cosine(number: Any, spec: LossSpec, gradient: bool) -> Any:
    zero, epsilon = number(0), number(spec.epsilon)

    def cosine(y, target, m, scale, dy):
        squares, wanted, dot = zero, zero, zero
        for k in range(y.shape[1]):
            squares += y[m, k] * y[m, k]
            wanted += target[m, k] * target[m, k]
            dot += y[m, k] * target[m, k]
        norm, size = math.sqrt(squares), math.sqrt(wanted)
        length, size = epsilon if norm < epsilon else norm, epsilon if size < epsilon else size
        similarity = dot / (length * size)
        if gradient:
            along = zero if norm < epsilon else similarity / length
            for k in range(y.shape[1]):
                dy[m, k] = (along * y[m, k] - target[m, k] / size) / length * scale
        return -similarity

    return cosine


def _categorical_hinge(number: Any, spec: LossSpec, gradient: bool) -> Any:
    zero, one = number(0), number(1)

    def hinge(y, target, m, scale, dy):
        best, wrong, right = 0, (one - target[m, 0]) * y[m, 0], zero
        for k in range(y.shape[1]):
            other = (one - target[m, k]) * y[m, k]
            right += target[m, k] * y[m, k]
            if other > wrong:
                best, wrong = k, other
        margin = wrong - right + one
        if gradient:
            for k in range(y.shape[1]):
                slope = (one - target[m, k] if k == best else zero) - target[m, k]
                dy[m, k] = zero if margin <= zero else (slope + zero * margin) * scale
        return zero if margin < zero else margin

    return hinge


def _categorical_focal(number: Any, spec: LossSpec, gradient: bool) -> Any:
    typed, zero, one, low, high = real(number), number(0), number(1), number(spec.epsilon), number(1 - spec.epsilon)
    confidence, smoothing = number(1 - spec.label_smoothing), number(spec.label_smoothing)
    alpha, gamma, less, from_logits = number(spec.alpha), number(spec.gamma), number(spec.gamma - 1), spec.from_logits

    @device
    def part(y, m, k, largest):
        return math.exp(y[m, k] - largest) if from_logits else y[m, k]

    @device
    def slope_of(share, q):
        p = low if share < low else high if share > high else share
        factor, log_p = alpha * math.pow(one - p, gamma), math.log(p)
        slope = q * (alpha * gamma * math.pow(one - p, less) * log_p - factor / p)
        return factor * q * log_p, zero if p != share and share == share else slope

    def focal(y, target, m, scale, dy):
        C = y.shape[1]
        largest, total, loss, inner = y[m, 0], zero, zero, zero
        for k in range(C):
            largest = largest if y[m, k] <= largest else y[m, k]
        for k in range(C):
            total += part(y, m, k, largest)
        for k in range(C):
            share = part(y, m, k, largest) / total
            term, slope = slope_of(share, target[m, k] * confidence + smoothing / typed(C))
            loss -= term
            inner += slope * share
        if gradient:
            for k in range(C):
                share = part(y, m, k, largest) / total
                _, slope = slope_of(share, target[m, k] * confidence + smoothing / typed(C))
                dy[m, k] = (slope - inner) * (share if from_logits else one / total) * scale
        return loss

    return focal


def _quantile(number: Any, spec: LossSpec, gradient: bool) -> Any:
    typed, quantiles, zero, one = real(number), tuple(number(u) for u in spec.quantiles), number(0), number(1)

    def quantile(y, target, m, scale, dy):
        C = y.shape[1]
        loss = zero
        for k in range(C):
            e, u = target[m, 0] - y[m, k], quantiles[k]
            loss += u * e if e >= zero else (u - one) * e
            if gradient:
                dy[m, k] = ((-u if e >= zero else one - u) + zero * e) / typed(C) * scale
        return loss / typed(C)

    return quantile


def _gaussian(number: Any, spec: LossSpec, gradient: bool) -> Any:
    typed, zero, one, half = real(number), number(0), number(1), number(0.5)
    constant = number(math.log(2 * math.pi) / 2 if spec.full else 0)

    def gaussian(y, target, m, scale, dy):
        D, loss = target.shape[1], zero
        share = scale / typed(D)
        for k in range(D):
            e, s = y[m, k] - target[m, k], y[m, D + k]
            precision = math.exp(-s)
            loss += (s + e * e * precision) * half
            if gradient:
                dy[m, k], dy[m, D + k] = e * precision * share, (one - e * e * precision) * half * share
        return loss / typed(D) + constant

    return gaussian


def _student(number: Any, spec: LossSpec, gradient: bool) -> Any:
    typed, zero, one, df, exponent = real(number), number(0), number(1), number(spec.df), number((spec.df + 1) / 2)
    constant = math.log(spec.df * math.pi) / 2 + math.lgamma(spec.df / 2) - math.lgamma((spec.df + 1) / 2)
    constant = number(constant)

    def student(y, target, m, scale, dy):
        D, loss = target.shape[1], zero
        share = scale / typed(D)
        for k in range(D):
            shrink = math.exp(-y[m, D + k])
            z = (y[m, k] - target[m, k]) * shrink
            loss += y[m, D + k] + exponent * math.log1p(z * z / df)
            pull = (df + one) * z / (df + z * z)
            if gradient:
                dy[m, k], dy[m, D + k] = pull * shrink * share, (one - pull * z) * share
        return loss / typed(D) + constant

    return student


ROWWISE: dict[str, Callable[[Any, LossSpec, bool], Any]] = {
    "kl_divergence": _divergence,
    "cosine_similarity": _cosine,
    "categorical_hinge": _categorical_hinge,
    "categorical_focal_crossentropy": _categorical_focal,
    "quantile": _quantile,
    "gaussian_nll": _gaussian,
    "student_t_nll": _student,
}
