"""Aligned buffers, and the addresses by which kernels know arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: Bytes of a cache line: a vector that crosses one costs two loads.
LINE = 64


def aligned(shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
    """An uninitialised array that starts at a cache line, with a line to spare after its end."""
    dtype = np.dtype(dtype)
    size = dtype.itemsize
    for n in shape:
        size *= n
    raw = np.empty(size + 2 * LINE, np.uint8)
    start = -address(raw) % LINE
    return raw[start : start + size].view(dtype).reshape(shape)


def address(array: npt.NDArray[Any]) -> int:
    """The address of an array's first element."""
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def stride(n: int, dtype: Any) -> int:
    """The distance of rows of n elements: whole vectors, and never a multiple of 1 KiB, whose rows would share cache sets."""
    line = LINE // np.dtype(dtype).itemsize
    if n < line:
        return n
    lines = -(-n // line)
    return (lines + (lines % 16 == 0)) * line
