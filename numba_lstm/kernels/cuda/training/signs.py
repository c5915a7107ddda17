"""Targets of 0 and 1 as the signs that hinge losses take."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..arrays.elementwise import empty_like, flat
from ..arrays.sums import total
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements

Array = Any


@cache
def _others(dtype: str) -> Kernel:
    zero, one = np.dtype(dtype).type(0), np.dtype(dtype).type(1)

    @jit("f1 f1", dtype, f"targets_not_binary_{dtype}")
    def others(target, out):
        i = element()
        if i < out.size:
            out[i] = zero if target[i] == zero or target[i] == one else one

    return others


@cache
def _signs(dtype: str) -> Kernel:
    one = np.dtype(dtype).type(1)

    @jit("f1 e1 f1", dtype, f"targets_as_signs_{dtype}")
    def signs(target, count, out):
        i = element()
        if i < out.size:
            out[i] = target[i] + target[i] - one if count[0] == 0 else target[i]

    return signs


def as_signs(target: Array) -> Array:
    """Return ``2 target - 1`` where all targets are 0 or 1, else the targets. The host does not wait."""
    dtype, out = target.dtype.name, empty_like(target)
    launch_elements(_others(dtype), target.size, flat(target), flat(out))
    launch_elements(_signs(dtype), target.size, flat(target), total(out), flat(out))
    return out
