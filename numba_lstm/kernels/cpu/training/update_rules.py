"""The update rules of optimizers on vectors: one pass over a weight, its gradient and its slots.

A moment becomes zero where it is denormal. A larger bound is impossible: v has the scale of g squared, so that a bound which is
small for g would zero v but not m. A decaying moment stops where its next step would be denormal.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..compiler.jit import inlined, kernel, overload_by_types
from ..gemm.layout import NUMBA, vector_geometry
from ..simd.arithmetic import absolute, select, sqrt
from ..simd.flush import flush_denormal
from ..simd.vector import data, load, store
from .further_rules import adadelta, adamax, average, ftrl, lion

RULES = ("sgd", "rmsprop", "adagrad", "adam", "nadam", "adadelta", "adamax", "lion", "ftrl", "average")


def step(rule, momentum, variant, n, pointers, k, scalars):
    """Update ``n`` elements from the k-th on. All arguments but ``pointers``, ``k`` and ``scalars`` are literals.

    ``pointers`` are to w, g and three slots; ``scalars`` are those of :mod:`.update`, in their order.
    """


@overload_by_types(step)
def _step(rule, momentum, variant, n, pointers, k, scalars):
    build = (_sgd, _rmsprop, _adagrad, _adam, _nadam, adadelta, adamax, lion, ftrl, average)[rule.literal_value]
    return build(bool(momentum.literal_value), bool(variant.literal_value))


def _sgd(moves: bool, nesterov: bool) -> Any:
    def sgd(rule, momentum, variant, n, pointers, k, scalars):
        w, g, s0, _, _ = pointers
        decay, rate, _, a, _, _, _, _, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        if moves:
            v = a * load(s0, k, n) - rate * slope
            v = flush_denormal(v)
            store(s0, k, v)
            x = x + (a * v - rate * slope) if nesterov else x + v
        else:
            x = x - rate * slope
        store(w, k, x)

    return sgd


def _rmsprop(moves: bool, centered: bool) -> Any:
    def rmsprop(rule, momentum, variant, n, pointers, k, scalars):
        w, g, s0, s1, s2 = pointers
        decay, rate, epsilon, a, b, _, _, _, rest, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        v = flush_denormal(a * load(s0, k, n) + rest * slope * slope)
        store(s0, k, v)
        q = v + epsilon
        if centered:
            mean = flush_denormal(a * load(s2, k, n) + rest * slope)
            store(s2, k, mean)
            q = v - mean * mean + epsilon
        u = rate * slope / sqrt(q)
        if moves:
            u = flush_denormal(b * load(s1, k, n) + u)
            store(s1, k, u)
        store(w, k, x - u)

    return rmsprop


def _adagrad(*_: bool) -> Any:
    def adagrad(rule, momentum, variant, n, pointers, k, scalars):
        w, g, s0, _, _ = pointers
        decay, rate, epsilon, _, _, _, _, _, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        v = load(s0, k, n) + slope * slope
        store(s0, k, v)
        store(w, k, x - rate * slope / sqrt(v + epsilon))

    return adagrad


@inlined
def moved(moment, value, rest, least):
    """Return a running mean moved by ``rest`` times its distance to ``value``, or unchanged for a distance below ``least``."""
    distance = value - moment
    return flush_denormal(moment + select(absolute(distance) < least, 0.0, distance) * rest)


@inlined
def moments(pointers, k, scalars, slope, n):
    """Update and store the means of the gradient and of its square; return them."""
    _, _, s0, s1, _ = pointers
    m, v = load(s0, k, n), load(s1, k, n)
    m, v = moved(m, slope, scalars[8], scalars[10]), moved(v, slope * slope, scalars[9], scalars[11])
    store(s0, k, m)
    store(s1, k, v)
    return m, v


def _adam(_: bool, amsgrad: bool) -> Any:
    def adam(rule, momentum, variant, n, pointers, k, scalars):
        w, g, _, _, s2 = pointers
        decay, rate, epsilon, _, _, _, _, _, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        m, v = moments(pointers, k, scalars, slope, n)
        if amsgrad:
            largest = load(s2, k, n)
            v = select(v <= largest, largest, v)  # NaN is larger than all
            store(s2, k, v)
        store(w, k, x - m * rate / (sqrt(v) + epsilon))

    return adam


def _nadam(*_: bool) -> Any:
    def nadam(rule, momentum, variant, n, pointers, k, scalars):
        w, g, _, _, _ = pointers
        decay, rate, epsilon, _, _, of_m, of_g, of_v, _, _, _, _ = scalars
        x, slope = load(w, k, n), load(g, k, n)
        x = x - x * decay
        m, v = moments(pointers, k, scalars, slope, n)
        store(w, k, x - rate * (m * of_m + slope * of_g) / (sqrt(v * of_v) + epsilon))

    return nadam


@cache
def update_kernel(rule_name: str, momentum: bool, variant: bool, dtype: str) -> Any:
    """Return the kernel of a rule for elements ``first`` to ``last``; ``variant``: see :func:`.update.variant`."""
    V, rule = vector_geometry(dtype).V, RULES.index(rule_name)
    momentum_, variant_ = int(momentum), int(variant)

    def update_weights(w, g, s0, s1, s2, constants, first, last):
        pointers = (data(w), data(g), data(s0), data(s1), data(s2))
        scalars = (
            constants[0], constants[1], constants[2], constants[3], constants[4], constants[5],
            constants[6], constants[7], constants[8], constants[9], constants[10], constants[11],
        )  # fmt: skip
        whole = last - (last - first) % V
        for k in range(first, whole, V):
            step(rule, momentum_, variant_, V, pointers, k, scalars)
        for k in range(whole, last):
            step(rule, momentum_, variant_, 1, pointers, k, scalars)

    name = f"update_{rule_name}_{momentum_}{variant_}_{dtype}"
    return kernel(update_weights, name, NUMBA[dtype], "f1 f1 f1 f1 f1 f1 i i")
