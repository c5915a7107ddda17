"""Strides of arrays: what kernels assume about memory layout, and the one module that enforces it.

A kernel takes the address of an array and the strides of its steps and rows, and reads the elements of a row contiguously. Of
every array that one op passes to another

* the last axis is contiguous;
* the other strides are whole elements, of either sign, or 0 where steps share memory.

NumPy's stride along an axis of one element, or of an array without elements, is arbitrary. NumPy's ``reshape`` of (T, N, 1) may
therefore return a view with a long stride along its new last axis, and ``ascontiguousarray`` may return an array with odd
strides unchanged. Pass views through :func:`..arrays.copy_tasks.as_rows`, and take strides from
:func:`element_strides`.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


def has_contiguous_rows(x: Array) -> bool:
    """Whether the elements of each row are contiguous."""
    return x.ndim == 0 or x.strides[-1] == x.itemsize or x.shape[-1] <= 1 or x.size == 0


def has_kernel_strides(x: Array) -> bool:
    """Whether x has the strides that kernels assume."""
    if x.flags.c_contiguous and x.flags.aligned:
        return True
    size = x.itemsize
    whole = not any(step % size for n, step in zip(x.shape, x.strides, strict=True) if n > 1)
    return whole and x.flags.aligned and has_contiguous_rows(x)


def element_strides(x: Array) -> tuple[int, ...]:
    """Return the strides of x in elements, 0 along an axis of one element."""
    size = x.itemsize
    return tuple(step // size if n > 1 else 0 for n, step in zip(x.shape, x.strides, strict=True))
