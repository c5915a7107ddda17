"""Crossentropy over classes, with one warp per row."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ...specs import LossSpec
from ..arrays.sums import warp_max, warp_sum
from ..runtime.compiler import Kernel, device, jit, real
from ..runtime.launch import WARP, lane, row

CLASSES = ("categorical_crossentropy", "sparse_categorical_crossentropy")


@cache
def class_loss(spec: LossSpec, dtype: str, weighted: bool, gradient: bool) -> Kernel:
    """Return the kernel of a crossentropy. ``scale`` is the weight of a row in the mean."""
    sparse = spec.name.startswith("sparse")
    kind = "logits" if spec.from_logits else "probabilities"
    name = f"{spec.name}_{kind}_{dtype}" + "_weighted" * weighted + "_gradient" * gradient
    row_loss = (_from_logits if spec.from_logits else _from_probabilities)(spec, dtype, gradient)
    zero = np.dtype(dtype).type(0)

    @jit(f"f2 {'n1' if sparse else 'f2'} f1 r f1 f2", dtype, name)
    def crossentropy(y, target, weight, scale, losses, dy):
        m = row()
        if m < y.shape[0]:
            row_weight = weight[m] if weighted else zero
            loss = row_loss(y, target, m, row_weight * scale if weighted else scale, dy)
            if lane() == 0:
                losses[m] = row_weight * loss if weighted else loss

    return crossentropy


def _likelihood(spec: LossSpec, dtype: str) -> Any:
    """Return ``q(target, m, k, C)``, the target probability of class k."""
    number, zero, one = real(dtype), np.dtype(dtype).type(0), np.dtype(dtype).type(1)
    confidence, smoothing = np.dtype(dtype).type(1 - spec.label_smoothing), np.dtype(dtype).type(spec.label_smoothing)
    if spec.name.startswith("sparse"):
        return device(lambda target, m, k, C: one if target[m] == k else zero)
    return device(lambda target, m, k, C: target[m, k] * confidence + smoothing / number(C))


def _from_logits(spec: LossSpec, dtype: str, gradient: bool) -> Any:
    q, zero, lowest = _likelihood(spec, dtype), np.dtype(dtype).type(0), np.dtype(dtype).type(-np.inf)

    @device
    def from_logits(y, target, m, scale, dy):
        C = y.shape[1]
        largest, denominator, loss, mass = lowest, zero, zero, zero
        for k in range(lane(), C, WARP):
            largest = y[m, k] if y[m, k] > largest else largest
        largest = warp_max(largest)
        for k in range(lane(), C, WARP):
            denominator += math.exp(y[m, k] - largest)
        denominator = warp_sum(denominator)
        log_denominator = math.log(denominator)
        for k in range(lane(), C, WARP):
            q_k = q(target, m, k, C)
            mass += q_k
            loss -= q_k * (y[m, k] - largest - log_denominator)
        loss = warp_sum(loss)
        if gradient:
            mass = warp_sum(mass)
            for k in range(lane(), C, WARP):
                p = math.exp(y[m, k] - largest) / denominator
                dy[m, k] = (p * mass - q(target, m, k, C)) * scale
        return loss

    return from_logits


def _from_probabilities(spec: LossSpec, dtype: str, gradient: bool) -> Any:
    q, typed = _likelihood(spec, dtype), np.dtype(dtype).type
    zero, low, high = typed(0), typed(spec.epsilon), typed(1 - spec.epsilon)

    @device
    def bounded(p):
        return low if p < low else high if p > high else p

    @device
    def slope(p, q_k):
        inside = bounded(p)
        return zero if inside != p and p == p else -(q_k / inside)

    @device
    def from_probabilities(y, target, m, scale, dy):
        C = y.shape[1]
        row_sum, loss, weighted_slope = zero, zero, zero
        for k in range(lane(), C, WARP):
            row_sum += y[m, k]
        row_sum = warp_sum(row_sum)
        for k in range(lane(), C, WARP):
            p, q_k = y[m, k] / row_sum, q(target, m, k, C)
            loss -= q_k * math.log(bounded(p))
            weighted_slope += slope(p, q_k) * p
        loss = warp_sum(loss)
        if gradient:
            weighted_slope = warp_sum(weighted_slope)
            for k in range(lane(), C, WARP):
                dy[m, k] = (slope(y[m, k] / row_sum, q(target, m, k, C)) - weighted_slope) / row_sum * scale
        return loss

    return from_probabilities
