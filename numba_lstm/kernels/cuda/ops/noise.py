"""Gaussian noise from Philox words, by pairs (Box & Muller 1958), computed in float64."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from ...specs import Key
from ..arrays.elementwise import empty_like, flat
from ..device_math.philox import first_word, key_words, philox
from ..runtime.compiler import Kernel, float64, jit, real
from ..runtime.launch import element, launch_elements

Array = Any

_STEP = 2.0**-53


@cache
def _noise(dtype: str) -> Kernel:
    rounded = real(dtype)

    @jit("f1 f1 d u u u u n n n n", dtype, f"noise_{dtype}")
    def noise(x, out, stddev, step, tag, low, high, length, begin, total, size):
        number, blocks = element(), length // 2 + 1
        section = number // blocks
        if section * length < out.size:
            first = first_word(section, begin, total, size)
            block = first // 2 + number % blocks
            place = 2 * block - first
            at = section * length + place
            w0, w1, w2, w3 = philox(block, step, tag, low, high)
            u = (float64(w0 >> 5) * 67108864.0 + float64(w1 >> 6)) * _STEP
            v = (float64(w2 >> 5) * 67108864.0 + float64(w3 >> 6)) * _STEP
            radius, angle = math.sqrt(-2.0 * math.log1p(-u)), 2.0 * math.pi * v
            if place >= 0 and place < length:
                out[at] = x[at] + rounded(stddev * (radius * math.cos(angle)))
            if place >= -1 and place + 1 < length:
                out[at + 1] = x[at + 1] + rounded(stddev * (radius * math.sin(angle)))

    return noise


def noise_forward(x: Array, stddev: float, key: Key) -> Array:
    """Each thread makes two numbers from one block of words and rounds them to the dtype of x before the addition."""
    out = empty_like(x)
    sections = key.sections(x.shape)
    length = max(1, sections.length)
    threads = x.size // length * (length // 2 + 1)  # a section may begin in the middle of a block
    launch_elements(_noise(x.dtype.name), threads, flat(x), flat(out), stddev, *key_words(key), length, *sections[1:])
    return out
