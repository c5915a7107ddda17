"""Sums over the threads of a block, in an order that depends on their number alone."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..runtime.compiler import cuda, device, real, uint64

THREADS = 128  #: of a block that processes one row
HALF = THREADS // 2


@cache
def block_sum(dtype: str) -> Any:
    """Return ``block_sum(value)``, a tree sum over the :data:`THREADS` of a block. All threads must call it."""
    number = real(dtype)

    @device
    def block_sum(value):
        shared = cuda.shared.array(THREADS, number)
        thread = cuda.threadIdx.x
        cuda.syncthreads()
        shared[uint64(thread)] = value
        cuda.syncthreads()
        half = HALF
        while half > 0:
            if thread < half:
                shared[uint64(thread)] += shared[uint64(thread + half)]
            cuda.syncthreads()
            half //= 2
        return shared[uint64(0)]

    return block_sum
