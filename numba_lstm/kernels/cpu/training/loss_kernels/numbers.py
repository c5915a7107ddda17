"""Elementary functions of losses, in float64."""

from __future__ import annotations

import math

from ...compiler.jit import inlined


@inlined
def log1p_exp_minus(x):
    """log(1 + exp(-x)) for x >= 0."""
    return math.log1p(math.exp(-x))


@inlined
def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


@inlined
def clip(p, low, high):
    """p in [low, high]; NaN stays."""
    return min(max(p, low), high) if p == p else p


@inlined
def at_least(x, low):
    """The larger of x and low; NaN stays."""
    return low if x < low else x
