"""CPU: the dropout ops, a scalar loop over blocks of four random words."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import Key
from ..arrays.arrays import multiply
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall
from .philox import first_word, key_words, philox

Array = npt.NDArray[Any]


@cache
def _keep(dtype: str) -> Any:
    def dropout_keep(out, threshold, factor, key, length):
        limit = np.uint64(threshold)
        for section in range(out.size // length):
            first = first_word(key, section)
            place, last = section * length - first, first + length
            for block in range(first // 4, (last + 3) // 4):
                words = philox(np.uint64(block), key[2], key[3], key[0], key[1])
                for lane in range(4):
                    word = 4 * block + lane
                    if first <= word < last:
                        out[place + word] = factor if words[lane] >= limit else 0

    return kernel(dropout_keep, f"dropout_keep_{dtype}", NUMBA[dtype], "f1 i d k1 i")


def dropout_forward(x: Array, rate: float, key: Key, noise_shape: tuple[int, ...] | None = None) -> tuple[Array, Array]:
    """CPU: the tape is each element's factor, 0 or ``1 / (1 - rate)``."""
    shape = x.shape if noise_shape is None else noise_shape
    factor = empty(math.prod(shape), x.dtype)
    keep, sections = _keep(dtype_name(x.dtype)), key.sections(shape)
    words, length = key_words(key, sections), max(1, sections.length)
    run_eagerly([KernelCall(keep, factor, math.ceil(rate * 2**32), 1 / (1 - rate), words, length)])
    factor = factor.reshape(shape)
    return multiply(x, np.broadcast_to(factor, x.shape)), factor


def dropout_backward(tape: Array, dy: Array) -> Array:
    """CPU: one product."""
    return multiply(dy, np.broadcast_to(tape, dy.shape))
