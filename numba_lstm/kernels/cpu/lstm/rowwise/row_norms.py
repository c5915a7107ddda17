"""Layer norms of rows inside a time loop, and their gradients.

The norm is ``n(v) = (v - mean v) / sqrt(var v + epsilon)`` of a row's real elements. A row is whole vectors, where ``real`` is
1 or, in padding, 0. ``constants`` are 1 / the number of real elements, epsilon and 1.
Sums go lane by lane, and the lanes are added in order at the end, so a row's bits depend on its length alone.
"""

from __future__ import annotations

import numpy as np

from ...compiler.jit import inlined
from ...simd.arithmetic import select
from ...simd.reductions import lanes_sum
from ...simd.vector import load, splat, store


@inlined
def norm_row(v, real, size, constants, lanes, V):
    """Normalize the row v in place; return ``1 / sqrt(var v + epsilon)``."""
    total = splat(v, 0.0, V)
    for i in range(0, size, V):
        total = total + select(load(real, i, V) > 0.0, load(v, i, V), 0.0)
    mean = splat(v, lanes_sum(lanes, total, V) * constants[0], V)
    total = splat(v, 0.0, V)
    for i in range(0, size, V):
        centred = select(load(real, i, V) > 0.0, load(v, i, V) - mean, 0.0)
        store(v, i, centred)
        total = total + centred * centred
    scale = constants[2] / np.sqrt(lanes_sum(lanes, total, V) * constants[0] + constants[1])
    factor = splat(v, scale, V)
    for i in range(0, size, V):
        store(v, i, load(v, i, V) * factor)
    return scale


@inlined
def norm_gradient_row(dn, n, real, scale, size, constants, lanes, V):
    """Replace ``dn`` by ``dv``, for ``n = n(v)``; both are 0 in padding."""
    total, along = splat(dn, 0.0, V), splat(dn, 0.0, V)
    for i in range(0, size, V):
        total = total + load(dn, i, V)
        along = along + load(dn, i, V) * load(n, i, V)
    mean = splat(dn, lanes_sum(lanes, total, V) * constants[0], V)
    share = splat(dn, lanes_sum(lanes, along, V) * constants[0], V)
    factor = splat(dn, scale, V)
    for i in range(0, size, V):
        dv = (load(dn, i, V) - mean - load(n, i, V) * share) * factor
        store(dn, i, select(load(real, i, V) > 0.0, dv, 0.0))
