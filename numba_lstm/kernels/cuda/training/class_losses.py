"""Crossentropy over classes: a warp a row."""

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
    """The kernel of a crossentropy; ``share`` is what a row counts in the mean."""
    sparse = spec.name.startswith("sparse")
    kind = "logits" if spec.from_logits else "probabilities"
    name = f"{spec.name}_{kind}_{dtype}" + "_weighted" * weighted + "_gradient" * gradient
    row_loss = (_of_logits if spec.from_logits else _of_probabilities)(spec, dtype, gradient)
    zero = np.dtype(dtype).type(0)

    @jit(f"f2 {'n1' if sparse else 'f2'} f1 r f1 f2", dtype, name)
    def crossentropy(y, target, weight, share, losses, dy):
        m = row()
        if m < y.shape[0]:
            own = weight[m] if weighted else zero
            loss = row_loss(y, target, m, own * share if weighted else share, dy)
            if lane() == 0:
                losses[m] = own * loss if weighted else loss

    return crossentropy


def _likelihood(spec: LossSpec, dtype: str) -> Any:
    """``q(target, m, k, C)``: what the target says of class k."""
    number, zero, one = real(dtype), np.dtype(dtype).type(0), np.dtype(dtype).type(1)
    kept, smoothing = np.dtype(dtype).type(1 - spec.label_smoothing), np.dtype(dtype).type(spec.label_smoothing)
    if spec.name.startswith("sparse"):
        return device(lambda target, m, k, C: one if target[m] == k else zero)
    return device(lambda target, m, k, C: target[m, k] * kept + smoothing / number(C))


def _of_logits(spec: LossSpec, dtype: str, gradient: bool) -> Any:
    q, zero, lowest = _likelihood(spec, dtype), np.dtype(dtype).type(0), np.dtype(dtype).type(-np.inf)

    @device
    def of_logits(y, target, m, share, dy):
        C = y.shape[1]
        largest, below, loss, mass = lowest, zero, zero, zero
        for k in range(lane(), C, WARP):
            largest = y[m, k] if y[m, k] > largest else largest
        largest = warp_max(largest)
        for k in range(lane(), C, WARP):
            below += math.exp(y[m, k] - largest)
        below = warp_sum(below)
        log_below = math.log(below)
        for k in range(lane(), C, WARP):
            of_class = q(target, m, k, C)
            mass += of_class
            loss -= of_class * (y[m, k] - largest - log_below)
        loss = warp_sum(loss)
        if gradient:
            mass = warp_sum(mass)
            for k in range(lane(), C, WARP):
                p = math.exp(y[m, k] - largest) / below
                dy[m, k] = (p * mass - q(target, m, k, C)) * share
        return loss

    return of_logits


def _of_probabilities(spec: LossSpec, dtype: str, gradient: bool) -> Any:
    q, typed = _likelihood(spec, dtype), np.dtype(dtype).type
    zero, low, high = typed(0), typed(spec.epsilon), typed(1 - spec.epsilon)

    @device
    def bounded(p):
        return low if p < low else high if p > high else p

    @device
    def slope(p, of_class):
        inside = bounded(p)
        return zero if inside != p and p == p else -(of_class / inside)

    @device
    def of_probabilities(y, target, m, share, dy):
        C = y.shape[1]
        all_, loss, along = zero, zero, zero
        for k in range(lane(), C, WARP):
            all_ += y[m, k]
        all_ = warp_sum(all_)
        for k in range(lane(), C, WARP):
            p, of_class = y[m, k] / all_, q(target, m, k, C)
            loss -= of_class * math.log(bounded(p))
            along += slope(p, of_class) * p
        loss = warp_sum(loss)
        if gradient:
            along = warp_sum(along)
            for k in range(lane(), C, WARP):
                dy[m, k] = (slope(y[m, k] / all_, q(target, m, k, C)) - along) / all_ * share
        return loss

    return of_probabilities
