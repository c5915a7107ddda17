"""Launches in one dimension: a thread an element, or a warp a row."""

from __future__ import annotations

from typing import Any

from . import driver
from .compiler import Kernel, cuda, device, int64

THREADS = 256  #: of a block
WARP = 32
ROWS = THREADS // WARP  #: of a block whose warps take a row each


@device
def element():
    """The thread's element."""
    return int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x


@device
def row():
    """The warp's row."""
    return int64(cuda.blockIdx.x) * ROWS + cuda.threadIdx.x // WARP


@device
def lane():
    """The thread's place in its warp."""
    return cuda.threadIdx.x % WARP


def launch_elements(kernel: Kernel, n: int, *args: Any) -> None:
    """A thread for each of ``n`` elements; those beyond find ``element() >= n``."""
    if n:
        driver.current().launch(kernel, -(-n // THREADS), THREADS, args)


def launch_rows(kernel: Kernel, m: int, *args: Any) -> None:
    """A warp for each of ``m`` rows; whole warps are beyond."""
    if m:
        driver.current().launch(kernel, -(-m // ROWS), THREADS, args)
