"""Aligned buffers, and addresses of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import addressof, c_char
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

#: What allocates memory; :func:`zeroed` replaces it.
_allocate = np.empty

#: Bytes of a cache line: a vector that crosses one costs two loads.
LINE = 64


def empty(shape: Any, dtype: Any = np.float64) -> npt.NDArray[Any]:
    """Return an uninitialised array."""
    return _allocate(shape, dtype)


def aligned(shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
    """Return an uninitialised array that starts at a cache line, with a spare line after its end."""
    dtype = np.dtype(dtype)
    raw = empty(prod(shape) * dtype.itemsize + 2 * LINE, np.uint8)
    return np.ndarray(shape, dtype, raw, _first_line(raw))


def allocate_slab(dtype: Any, *shapes: tuple[int, ...]) -> list[npt.NDArray[Any]]:
    """Return arrays like those of :func:`aligned` in one allocation, which costs as much as one array."""
    dtype = np.dtype(dtype)
    starts, end = [], 0
    for shape in shapes:
        starts.append(end)
        end += -(-prod(shape) * dtype.itemsize // LINE) * LINE + LINE
    raw = empty(end + LINE, np.uint8)
    first = _first_line(raw)
    return [np.ndarray(shape, dtype, raw, first + start) for shape, start in zip(shapes, starts, strict=True)]


@contextmanager
def zeroed() -> Iterator[None]:
    """Fill buffers that are allocated meanwhile with zeros, for arrays that are written to a file."""
    global _allocate
    before, _allocate = _allocate, np.zeros
    try:
        yield
    finally:
        _allocate = before


def _first_line(raw: npt.NDArray[np.uint8]) -> int:
    """Return the offset of the first cache line in ``raw``."""
    return -address(raw) % LINE


def address(array: npt.NDArray[Any]) -> int:
    """Return the address of an array's first element; ctypes is four times as fast as NumPy's array interface."""
    flags = array.flags
    if flags.writeable and flags.c_contiguous and array.size:
        return addressof(c_char.from_buffer(array))
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def extent(array: npt.NDArray[Any]) -> int:
    """Return the bytes from the first element to the end of the last, of an array without negative strides."""
    return sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)) + array.itemsize


def empty_like_strided(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an uninitialised array of the same shape, dtype and strides. A large one takes no memory until it is written."""
    return np.ndarray(array.shape, array.dtype, empty(extent(array), np.uint8), strides=array.strides)


def stride(n: int, dtype: Any) -> int:
    """Return the stride of rows of n elements: whole vectors, and no multiple of 1 KiB, with which rows share cache sets."""
    line = LINE // np.dtype(dtype).itemsize
    if n < line:
        return n
    lines = -(-n // line)
    return (lines + (lines % 16 == 0)) * line
