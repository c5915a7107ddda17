"""What the pointwise kernels have in common: the four gates of rows, their activations, and the clip."""

from __future__ import annotations

from ...compiler.jit import inlined
from ...simd.arithmetic import absolute, fma, select
from ...simd.elementwise import activate
from ...simd.vector import like
from ...simd.vmath import maximum, minimum
from ..row_vectors import load_rows, store_rows


@inlined
def load_gates(p, at, row_stride, each, V):
    """Return the vectors of i, f, g and o, which are V elements apart, from ``p[at]`` on."""
    return (
        load_rows(p, at, row_stride, each),
        load_rows(p, at + V, row_stride, each),
        load_rows(p, at + 2 * V, row_stride, each),
        load_rows(p, at + 3 * V, row_stride, each),
    )


@inlined
def store_z(p, at, row_stride, each, V, gradients):
    """Store dz of i, f and g to where :func:`load_gates` loads them from."""
    zi, zf, zg = gradients
    store_rows(p, at, row_stride, each, zi)
    store_rows(p, at + V, row_stride, each, zf)
    store_rows(p, at + 2 * V, row_stride, each, zg)


@inlined
def value_of(code, parameter, kept):
    """Return the value of an activation, given its z, or its value where ``code`` is None."""
    if code is None:
        return kept
    return activate(code, parameter, kept)


@inlined
def clipped(z, bound):
    """Return z within ``-bound`` and ``bound``; NaN stays NaN."""
    high = like(z, bound)
    return maximum(minimum(z, high), -high)


@inlined
def within(z, high, value):
    """Return ``value``, or 0 where z was clipped; NaN is not clipped."""
    return select(absolute(z) >= high, 0.0, value)


@inlined
def add_product(p, at, row_stride, each, a, b):
    """Add ``a * b`` to the rows of p."""
    store_rows(p, at, row_stride, each, fma(a, b, load_rows(p, at, row_stride, each)))
