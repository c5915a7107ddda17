"""Sums over whole arrays and over a warp's lanes, in orders that sizes alone decide."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from . import driver
from .compiler import Kernel, cuda, device, float64, int64, jit
from .elementwise import flat
from .launching import THREADS, WARP

Array = Any

FULL = 0xFFFFFFFF
CHUNK = 16 * THREADS  #: elements that a block adds up
WARPS = THREADS // WARP


@device
def warp_sum(value):
    """The sum over a warp's lanes, the same bits in each; all of them have to call it."""
    value += cuda.shfl_xor_sync(FULL, value, 16)
    value += cuda.shfl_xor_sync(FULL, value, 8)
    value += cuda.shfl_xor_sync(FULL, value, 4)
    value += cuda.shfl_xor_sync(FULL, value, 2)
    value += cuda.shfl_xor_sync(FULL, value, 1)
    return value


@device
def _larger(value, shift):
    other = cuda.shfl_xor_sync(FULL, value, shift)
    return other if other > value else value


@device
def warp_max(value):
    """The largest over a warp's lanes; a lane that has NaN may keep it."""
    return _larger(_larger(_larger(_larger(_larger(value, 16), 8), 4), 2), 1)


@cache
def _total(dtype: str, square: bool) -> Kernel:
    @jit("x1 e1", dtype, f"total_{dtype}" + "_square" * square)
    def total(x, out):
        parts = cuda.shared.array(WARPS, float64)
        thread, first = cuda.threadIdx.x, int64(cuda.blockIdx.x) * CHUNK
        own = float64(0)
        for i in range(first + thread, first + CHUNK, THREADS):
            if i < x.size:
                own += float64(x[i]) * float64(x[i]) if square else float64(x[i])
        own = warp_sum(own)
        if thread % WARP == 0:
            parts[thread // WARP] = own
        cuda.syncthreads()
        if thread == 0:
            for k in range(1, WARPS):
                own += parts[k]
            out[cuda.blockIdx.x] = own

    return total


def total(x: Array, square: bool = False) -> Array:
    """The sum of all elements, or of their squares, added up in float64: (1,), float64, on the device."""
    device_, x = driver.current(), flat(x)
    while True:
        blocks = -(-x.size // CHUNK)
        out = device_.empty(blocks, np.float64)
        device_.launch(_total(x.dtype.name, square), blocks, THREADS, (x, out))
        if blocks == 1:
            return out
        x, square = out, False


class Scalar:
    """A number that is still on the device, times a factor; ``float()`` fetches it."""

    def __init__(self, array: Array, factor: float = 1.0) -> None:
        self._array, self._factor = array, factor

    def __float__(self) -> float:
        return float(driver.current().download(self._array)[0]) * self._factor
