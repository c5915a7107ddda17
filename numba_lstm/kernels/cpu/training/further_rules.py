"""More update rules on vectors for :mod:`.update_rules`. Each is built with or without a momentum and a variant.

A denormal moment becomes zero, since denormal operands take the processor tens of times longer.
"""

from __future__ import annotations

from typing import Any

from ..compiler.jit import inlined
from ..simd.arithmetic import absolute, power, select, sqrt
from ..simd.flush import flush_denormal
from ..simd.vector import load, splat, store
from ..simd.vmath import larger, sign


def adadelta(*_: bool) -> Any:
    """Adadelta: scales steps and gradients by their recent root mean squares."""

    def adadelta(rule, momentum, variant, n, pointers, k, scalars):
        w, g, s0, s1, _ = pointers
        decay, rate, epsilon, rho, rest, _, _, _, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        squares, moves = load(s0, k, n), load(s1, k, n)
        squares = flush_denormal(rho * squares + rest * slope * slope)
        u = slope * sqrt(moves + epsilon) / sqrt(squares + epsilon)
        store(s0, k, squares)
        store(s1, k, flush_denormal(rho * moves + rest * u * u))
        store(w, k, x - rate * u)

    return adadelta


def adamax(*_: bool) -> Any:
    """Adamax: Adam's mean gradient over the largest gradient."""

    def adamax(rule, momentum, variant, n, pointers, k, scalars):
        w, g, s0, s1, _ = pointers
        decay, rate, epsilon, rest, b, _, _, _, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        m = load(s0, k, n)
        m = flush_denormal(m + (slope - m) * rest)
        largest = flush_denormal(larger(b * load(s1, k, n), absolute(slope)))
        store(s0, k, m)
        store(s1, k, largest)
        store(w, k, x - rate * m / (largest + epsilon))

    return adamax


def lion(*_: bool) -> Any:
    """Lion: the sign of a mean gradient."""

    def lion(rule, momentum, variant, n, pointers, k, scalars):
        w, g, s0, _, _ = pointers
        decay, rate, _, a, rest_a, b, rest_b, _, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        m = load(s0, k, n)
        store(w, k, x - rate * sign(a * m + rest_a * slope))
        store(s0, k, flush_denormal(b * m + rest_b * slope))

    return lion


@inlined
def bounded(x, limit):
    """x in [-limit, limit]; NaN stays."""
    return select(x > limit, limit, select(x < -limit, -limit, x))


def ftrl(_: bool, general: bool) -> Any:
    """FTRL, follow the regularized leader; ``general``: with another power than the square root."""

    def ftrl(rule, momentum, variant, n, pointers, k, scalars):
        w, g, s0, s1, _ = pointers
        decay, rate, l2, shrinkage, l1, exponent, _, _, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        before, z = load(s0, k, n), load(s1, k, n)
        after = before + slope * slope
        if general:
            p = splat(w, exponent, n)
            root_before, root_after = power(before, p), power(after, p)
        else:
            root_before, root_after = sqrt(before), sqrt(after)
        z = z + (slope + shrinkage * x - (root_after - root_before) / rate * x)
        store(s0, k, after)
        store(s1, k, z)
        store(w, k, (bounded(z, l1) - z) / (root_after / rate + l2))

    return ftrl


def average(moves: bool, _: bool) -> Any:
    """The running mean of the first slot, or a copy of the slot."""

    def average(rule, momentum, variant, n, pointers, k, scalars):
        w, _, s0, _, _ = pointers
        if moves:
            store(w, k, scalars[3] * load(w, k, n) + scalars[4] * load(s0, k, n))
        else:
            store(w, k, load(s0, k, n))

    return average
