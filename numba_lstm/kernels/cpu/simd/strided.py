"""Vectors of elements that are a step apart, and of booleans and whole numbers."""

from __future__ import annotations

from ..compiler.jit import inlined
from .arithmetic import select
from .partial import load_first
from .vector import flags, load, splat, store


@inlined
def load_strided(p, at, step, count, scratch, V):
    """``count`` elements from ``p[at]`` on, ``step`` apart. The other lanes are zeros or repeat the first one."""
    if step == 1:
        return load(p, at, V) if count == V else load_first(p, at, count, V)
    if step == 0:
        return splat(p, p[at], V)
    for lane in range(V):
        scratch[lane] = p[at + lane * step] if lane < count else p[at]
    return load(scratch, 0, V)


@inlined
def load_padded(p, at, step, count, scratch, V):
    """``count`` elements from ``p[at]`` on, ``step`` apart, and zeros in the other lanes."""
    if step == 1:
        return load(p, at, V) if count == V else load_first(p, at, count, V)
    for lane in range(count):
        scratch[lane] = p[at + lane * step]
    for lane in range(count, V):
        scratch[lane] = 0
    return load(scratch, 0, V)


@inlined
def load_numbers(p, at, step, count, scratch, V):
    """``count`` whole numbers from ``p[at]`` on as floats."""
    for lane in range(V):
        scratch[lane] = p[at + lane * step] if lane < count else p[at]
    return load(scratch, 0, V)


@inlined
def load_truths(p, at, step, count, scratch, V):
    """``count`` booleans from ``p[at]`` on as 1 and 0."""
    one, zero = splat(scratch, 1.0, 1), splat(scratch, 0.0, 1)
    for lane in range(V):
        store(scratch, lane, select(flags(p, at + (lane * step if lane < count else 0), 1), one, zero))
    return load(scratch, 0, V)
