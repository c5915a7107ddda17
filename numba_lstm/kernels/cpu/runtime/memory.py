"""Aligned buffers, and the addresses by which kernels know arrays."""

from __future__ import annotations

from ctypes import addressof, c_char
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

#: Uninitialised memory of no special kind. Ops take it from here, so that tests can put other memory in its place.
empty = np.empty

#: Bytes of a cache line: a vector that crosses one costs two loads.
LINE = 64


def aligned(shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
    """An uninitialised array that starts at a cache line, with a line to spare after its end."""
    dtype = np.dtype(dtype)
    raw = empty(prod(shape) * dtype.itemsize + 2 * LINE, np.uint8)
    return np.ndarray(shape, dtype, raw, _first_line(raw))


def allocate_slab(dtype: Any, *shapes: tuple[int, ...]) -> list[npt.NDArray[Any]]:
    """Arrays as :func:`aligned` makes them, in one piece of memory: it costs a small op as much as one array does."""
    dtype = np.dtype(dtype)
    starts, end = [], 0
    for shape in shapes:
        starts.append(end)
        end += -(-prod(shape) * dtype.itemsize // LINE) * LINE + LINE
    raw = empty(end + LINE, np.uint8)
    first = _first_line(raw)
    return [np.ndarray(shape, dtype, raw, first + start) for shape, start in zip(shapes, starts, strict=True)]


def _first_line(raw: npt.NDArray[np.uint8]) -> int:
    """Where the first cache line begins in ``raw``."""
    return -address(raw) % LINE


def address(array: npt.NDArray[Any]) -> int:
    """The address of an array's first element; ctypes answers four times as fast as NumPy's array interface."""
    flags = array.flags
    if flags.writeable and flags.c_contiguous and array.size:
        return addressof(c_char.from_buffer(array))
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def extent(array: npt.NDArray[Any]) -> int:
    """The bytes from the first element to the end of the last, of an array without negative strides."""
    return sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)) + array.itemsize


def empty_like_strided(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An uninitialised array of the same shape, dtype and strides. Until somebody writes to it, a large one takes no room."""
    return np.ndarray(array.shape, array.dtype, empty(extent(array), np.uint8), strides=array.strides)


def stride(n: int, dtype: Any) -> int:
    """The distance of rows of n elements: whole vectors, and never a multiple of 1 KiB, whose rows would share cache sets."""
    line = LINE // np.dtype(dtype).itemsize
    if n < line:
        return n
    lines = -(-n // line)
    return (lines + (lines % 16 == 0)) * line
