"""Gaussian noise from Philox words, by pairs (Box & Muller 1958), computed in float64."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from ...specs import Key
from ..arrays.elementwise import empty_like, flat
from ..device_math.philox import key_words, philox
from ..runtime.compiler import Kernel, float64, jit, real
from ..runtime.launch import element, launch_elements

Array = Any

_STEP = 2.0**-53


@cache
def _noise(dtype: str) -> Kernel:
    number = real(dtype)

    @jit("f1 f1 d u u u u", dtype, f"noise_{dtype}")
    def noise(x, out, stddev, step, tag, low, high):
        block = element()
        if 2 * block < out.size:
            w0, w1, w2, w3 = philox(block, step, tag, low, high)
            u = (float64(w0 >> 5) * 67108864.0 + float64(w1 >> 6)) * _STEP
            v = (float64(w2 >> 5) * 67108864.0 + float64(w3 >> 6)) * _STEP
            radius, angle = math.sqrt(-2.0 * math.log1p(-u)), 2.0 * math.pi * v
            out[2 * block] = x[2 * block] + number(stddev * (radius * math.cos(angle)))
            if 2 * block + 1 < out.size:
                out[2 * block + 1] = x[2 * block + 1] + number(stddev * (radius * math.sin(angle)))

    return noise


def noise_forward(x: Array, stddev: float, key: Key) -> Array:
    """Each thread makes two numbers from one block of words and rounds them to the dtype of x before the addition."""
    out = empty_like(x)
    launch_elements(_noise(x.dtype.name), -(-x.size // 2), flat(x), flat(out), stddev, *key_words(key))
    return out
