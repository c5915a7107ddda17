"""Sums of rows: lane by lane, then the lanes in order, so that the bits of a sum depend on the row's length alone."""

from __future__ import annotations

from ..compiler.jit import inlined
from .vector import load, splat, store


@inlined
def lanes_sum(lanes, s, V):
    """The sum of a vector's lanes, in order; ``lanes`` is scratch."""
    store(lanes, 0, s)
    total = lanes[0]
    for lane in range(1, V):
        total += lanes[lane]
    return total


@inlined
def row_sum(p, at, D, lanes, V):
    """The sum of D elements from ``at`` on."""
    s = splat(p, 0.0, V)
    for d in range(0, D - V + 1, V):
        s = s + load(p, at + d, V)
    total = lanes_sum(lanes, s, V)
    for d in range(D - D % V, D):
        total += p[at + d]
    return total


@inlined
def row_dot(p, q, D, lanes, V):
    """The sum of D products of p and q."""
    s = splat(p, 0.0, V)
    for d in range(0, D - V + 1, V):
        s = s + load(p, d, V) * load(q, d, V)
    total = lanes_sum(lanes, s, V)
    for d in range(D - D % V, D):
        total += p[d] * q[d]
    return total
