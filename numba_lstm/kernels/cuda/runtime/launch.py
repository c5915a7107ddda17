"""One-dimensional launches: one thread per element, or one warp per row."""

from __future__ import annotations

from typing import Any

from . import driver
from .compiler import Kernel, cuda, device, int64

THREADS = 256  #: per block
WARP = 32
ROWS = THREADS // WARP  #: rows per block, one for each warp


@device
def element():
    """Return the index of the element of this thread."""
    return int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x


@device
def row():
    """Return the index of the row of this warp."""
    return int64(cuda.blockIdx.x) * ROWS + cuda.threadIdx.x // WARP


@device
def lane():
    """Return the lane of this thread in its warp."""
    return cuda.threadIdx.x % WARP


def launch_elements(kernel: Kernel, n: int, *args: Any) -> None:
    """Launch one thread for each of ``n`` elements. Surplus threads have ``element() >= n``."""
    if n:
        driver.current().launch(kernel, -(-n // THREADS), THREADS, args)


def launch_rows(kernel: Kernel, m: int, *args: Any) -> None:
    """Launch one warp for each of ``m`` rows. Surplus warps have ``row() >= m``."""
    if m:
        driver.current().launch(kernel, -(-m // ROWS), THREADS, args)
