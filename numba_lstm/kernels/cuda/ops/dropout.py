"""Dropout: a random factor for each element of the noise shape, and the product with it."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...specs import Key
from ..arrays.elementwise import empty_like
from ..device_math.philox import first_word, key_words, philox
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements

Array = Any


class DropoutTape(NamedTuple):
    """The factors, 0 or ``1 / (1 - rate)``, and their shape."""

    factors: Array
    shape: tuple[int, ...]


@cache
def _factors(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("f1 w r u u u u n n n n", dtype, f"dropout_factors_{dtype}")
    def factors(out, threshold, keep_factor, step, tag, low, high, length, begin, total, size):
        number, blocks = element(), (length + 2) // 4 + 1
        section = number // blocks
        if section * length < out.size:
            first = first_word(section, begin, total, size)
            block = first // 4 + number % blocks
            words = philox(block, step, tag, low, high)
            for k in range(4):
                place = 4 * block + k - first
                if place >= 0 and place < length:
                    out[section * length + place] = keep_factor if words[k] >= threshold else zero

    return factors


@cache
def _apply(dtype: str) -> Kernel:
    @jit("f3 f1 f3 n n n", dtype, f"dropout_{dtype}")
    def apply(x, factors, out, s0, s1, s2):
        i = element()
        if i < out.size:
            B, C = out.shape[1], out.shape[2]
            a, b, c = i // (B * C), i // C % B, i % C
            out[a, b, c] = x[a, b, c] * factors[a * s0 + b * s1 + c * s2]

    return apply


def dropout_forward(x: Array, rate: float, key: Key, noise_shape: tuple[int, ...] | None = None) -> tuple[Array, DropoutTape]:
    """Each thread draws four factors from one block of words."""
    shape = tuple(x.shape if noise_shape is None else noise_shape)
    factors = driver.current().empty(math.prod(shape), x.dtype)
    threshold, keep_factor = math.ceil(rate * 2**32), 1 / (1 - rate)
    sections = key.sections(shape)
    length = max(1, sections.length)
    threads = factors.size // length * ((length + 2) // 4 + 1)  # a section may begin in the middle of a block
    launch_elements(_factors(x.dtype.name), threads, factors, threshold, keep_factor, *key_words(key), length, *sections[1:])
    tape = DropoutTape(factors, shape)
    return dropout_backward(tape, x), tape


def dropout_backward(tape: DropoutTape, dy: Array) -> Array:
    """Multiplies by the factors, as the forward pass does."""
    shapes = ((dy.size,), (dy.size,)) if dy.shape == tape.shape else (dy.shape, tape.shape)
    shape, noise = ((1,) * (3 - len(s)) + tuple(s) for s in shapes)
    strides = [0 if n == 1 else math.prod(noise[k + 1 :]) for k, n in enumerate(noise)]
    out = empty_like(dy)
    launch_elements(_apply(dy.dtype.name), dy.size, dy.reshape(*shape), tape.factors, out.reshape(*shape), *strides)
    return out
