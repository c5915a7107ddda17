"""CPU: Gaussian noise. A block of Philox words gives a pair of normal numbers (Box & Muller 1958), in float64."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import Key
from ..arrays.arrays import add
from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall, parallel_for
from .philox import first_word, key_words, philox

Array = npt.NDArray[Any]

#: Cost of a block in multiplications: 0.1 microseconds.
BLOCK = 2000

DROP_5, DROP_6 = np.uint64(5), np.uint64(6)


@inlined
def unit(high, low):
    """A number in [0, 1) of 53 bits of two words."""
    return (np.float64(high >> DROP_5) * 2.0**26 + np.float64(low >> DROP_6)) / 2.0**53


@cache
def _noise(dtype: str) -> Any:
    def gaussian_noise(out, stddev, key, length, first, last):
        blocks = length // 2 + 1
        for number in range(first, last):
            section = number // blocks
            begin = first_word(key, section)
            block = begin // 2 + number % blocks
            place, end = 2 * block - begin, length - 1
            words = philox(np.uint64(block), key[2], key[3], key[0], key[1])
            radius = stddev * math.sqrt(-2.0 * math.log1p(-unit(words[0], words[1])))
            angle = 2.0 * math.pi * unit(words[2], words[3])
            if 0 <= place <= end:
                out[section * length + place] = radius * math.cos(angle)
            if -1 <= place < end:
                out[section * length + place + 1] = radius * math.sin(angle)

    return kernel(gaussian_noise, f"gaussian_noise_{dtype}", NUMBA[dtype], "f1 d k1 i i i")


def noise_forward(x: Array, stddev: float, key: Key) -> Array:
    """CPU: a scalar loop that threads split by blocks, and one sum."""
    noise, sections = empty(x.size, x.dtype), key.sections(x.shape)
    words, length = key_words(key, sections), max(1, sections.length)
    blocks = x.size // length * (length // 2 + 1)  # a section may begin in the middle of one
    run, splits = _noise(dtype_name(x.dtype)), thread_pool.num_splits(BLOCK * blocks, blocks)
    run_eagerly([parallel_for(blocks, splits, lambda _, span: KernelCall(run, noise, stddev, words, length, *span))])
    return add(x, noise.reshape(x.shape))
