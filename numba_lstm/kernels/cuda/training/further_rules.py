"""Further update rules, as kernel functions for :mod:`.update`, with or without momentum and a variant.

Their parameters are those of ``_ARGUMENTS`` there.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..runtime.launch import element


def adadelta(has_momentum: bool, _: bool) -> Callable[..., None]:
    """The ratio of the recent root mean squares of updates and gradients."""

    def adadelta(w, g, s, d, _1, decay, rate, epsilon, _2, rho, one_minus_rho, _3, _4):
        i = element()
        if i < w.size:
            s[i] = rho * s[i] + one_minus_rho * g[i] * g[i]
            u = g[i] * math.sqrt(d[i] + epsilon) / math.sqrt(s[i] + epsilon)
            d[i] = rho * d[i] + one_minus_rho * u * u
            w[i] = w[i] - w[i] * decay - rate * u

    return adadelta


def adamax(has_momentum: bool, _: bool) -> Callable[..., None]:
    """Adam's mean gradient over the largest one."""

    def adamax(w, g, m, n, _1, decay, rate, epsilon, one_minus_b1, b2, _2, _3, _4):
        i = element()
        if i < w.size:
            m[i] += (g[i] - m[i]) * one_minus_b1
            size, largest = abs(g[i]), b2 * n[i]
            n[i] = largest if largest > size or largest != largest else size
            w[i] = w[i] - w[i] * decay - rate * m[i] / (n[i] + epsilon)

    return adamax


def lion(has_momentum: bool, _: bool) -> Callable[..., None]:
    """The sign of a mean gradient."""

    def lion(w, g, m, _1, _2, decay, rate, zero, b1, one_minus_b1, b2, one_minus_b2, _3):
        i = element()
        if i < w.size:
            mean = b1 * m[i] + one_minus_b1 * g[i]
            step = rate if mean > zero else -rate if mean < zero else mean
            w[i] = w[i] - w[i] * decay - step
            m[i] = b2 * m[i] + one_minus_b2 * g[i]

    return lion


def ftrl(has_momentum: bool, general: bool) -> Callable[..., None]:
    """Follow the regularized leader; ``general`` means a power other than the square root."""

    def ftrl(w, g, s, z, _1, decay, rate, l2, shrinkage, l1, exponent, _2, _3):
        i = element()
        if i < w.size:
            x = w[i] - w[i] * decay
            before = s[i]
            after = before + g[i] * g[i]
            if general:
                root_before, root_after = math.pow(before, exponent), math.pow(after, exponent)
            else:
                root_before, root_after = math.sqrt(before), math.sqrt(after)
            total = z[i] + (g[i] + shrinkage * x - (root_after - root_before) / rate * x)
            bounded = l1 if total > l1 else -l1 if total < -l1 else total
            s[i] = after
            z[i] = total
            w[i] = (bounded - total) / (root_after / rate + l2)

    return ftrl


def average(has_momentum: bool, _: bool) -> Callable[..., None]:
    """A running mean of the first slot, or a copy of it."""

    def average(w, g, a, _1, _2, decay, rate, epsilon, momentum, one_minus_rho, _3, _4, _5):
        i = element()
        if i < w.size:
            w[i] = momentum * w[i] + one_minus_rho * a[i] if has_momentum else a[i]

    return average
