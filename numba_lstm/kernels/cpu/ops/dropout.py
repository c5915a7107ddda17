"""CPU: the dropout ops, Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011) in a scalar loop, four words a block."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import Key
from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.memory import empty

Array = npt.NDArray[Any]

LOW = np.uint64(0xFFFFFFFF)
HIGH = np.uint64(32)
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


@inlined
def philox(block, step, tag, k0, k1):
    """The four words of a block, as uint64."""
    c0, c1, c2, c3 = block & LOW, block >> HIGH, step, tag
    for _ in range(10):
        p0, p1 = c0 * MULTIPLIER_0, c2 * MULTIPLIER_1
        c0, c1, c2, c3 = (p1 >> HIGH) ^ c1 ^ k0, p1 & LOW, (p0 >> HIGH) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@cache
def _keep(dtype: str) -> Any:
    def dropout_keep(out, threshold, factor, key):
        limit = np.uint64(threshold)
        for block in range((out.size + 3) // 4):
            words = philox(np.uint64(block), key[2], key[3], key[0], key[1])
            for lane in range(4):
                if 4 * block + lane < out.size:
                    out[4 * block + lane] = factor if words[lane] >= limit else 0

    return kernel(dropout_keep, f"dropout_keep_{dtype}", NUMBA[dtype], "f1 i d k1")


def dropout_forward(x: Array, rate: float, key: Key, noise_shape: tuple[int, ...] | None = None) -> tuple[Array, Array]:
    """CPU: the tape is each element's factor, 0 or ``1 / (1 - rate)``."""
    shape = x.shape if noise_shape is None else noise_shape
    factor = empty(math.prod(shape), x.dtype)
    words = np.array([key.seed & 0xFFFFFFFF, key.seed >> 32, key.step, key.tag], np.uint64)
    _keep(dtype_name(x.dtype))(factor, math.ceil(rate * 2**32), 1 / (1 - rate), words)
    factor = factor.reshape(shape)
    return x * factor, factor


def dropout_backward(tape: Array, dy: Array) -> Array:
    """CPU: one product."""
    return dy * tape
