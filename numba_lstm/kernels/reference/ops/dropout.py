"""Dropout by the random words of Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ROUNDS = 10
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = 0x9E3779B9, 0xBB67AE85  # the golden ratio and sqrt(3) - 1, as fractions of 2**32
LOW = 0xFFFFFFFF


def philox(counters: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Return Philox4x32-10 of ``counters`` (4, n) with a 64-bit key: (4, n) words of 32 bits, in 64-bit integers."""
    c0, c1, c2, c3 = counters
    k0, k1 = seed & LOW, seed >> 32
    for _ in range(ROUNDS):
        product0, product1 = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c1 = (product1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), product1 & np.uint64(LOW)
        c2, c3 = (product0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1), product0 & np.uint64(LOW)
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return np.stack([c0, c1, c2, c3])


def words(key: Any, n: int) -> npt.NDArray[np.uint64]:
    """Return the first ``n`` words at ``key`` (a :class:`~numba_lstm.kernels.specs.Key`, which defines the counter)."""
    block = np.arange(-(-n // 4), dtype=np.uint64)
    counters = np.stack(
        [block & np.uint64(LOW), block >> np.uint64(32), np.full_like(block, key.step), np.full_like(block, key.tag)]
    )
    return philox(counters, key.seed).T.ravel()[:n]


def places(key: Any, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return which number of the sequence of a key each element of a draw of ``shape`` takes, in C order."""
    length, begin, total, size = key.sections(shape)
    sections = np.arange(math.prod(shape) // max(1, length))
    return ((begin + sections[:, None] * total) * size + np.arange(length)).ravel()


def dropout_forward(x: Array, rate: float, key: Any, noise_shape: tuple[int, ...] | None = None) -> tuple[Array, Array]:
    """The tape is the factor of each element: 0 or ``1 / (1 - rate)``."""
    shape = x.shape if noise_shape is None else noise_shape
    drawn = places(key, shape)
    keep = words(key, drawn.max(initial=-1) + 1)[drawn].reshape(shape) >= math.ceil(rate * 2**32)
    factor = keep.astype(x.dtype) / (1 - rate)
    return x * factor, factor


def dropout_backward(tape: Array, dy: Array) -> Array:
    """Multiplies by the factors."""
    return dy * tape
