"""How arrays lie in memory: what a kernel may assume, and the one place that sees to it.

A kernel takes an array's address and the distances of its steps and rows, and reads the elements of a row side by side. So of
every array that one op hands to another

* the last axis is contiguous;
* the other strides are whole elements: of either sign, or 0 where steps share memory.

NumPy's stride along an axis of one element, or of an array without elements, says nothing, and nobody may read it. So NumPy's
``reshape`` of (T, N, 1) may answer a view whose new last axis takes long strides, and ``ascontiguousarray`` may answer an array
with odd strides as it is. What views make goes through :func:`as_rows`, and distances come from :func:`element_strides`.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


def has_contiguous_rows(x: Array) -> bool:
    """Whether the elements of each row are side by side."""
    return x.ndim == 0 or x.strides[-1] == x.itemsize or x.shape[-1] <= 1 or x.size == 0


def as_rows(x: Array) -> Array:
    """x itself where it lies as kernels read it, else a C-ordered copy."""
    size = x.itemsize
    whole = not any(step % size for n, step in zip(x.shape, x.strides, strict=True) if n > 1)
    return x if whole and x.flags.aligned and has_contiguous_rows(x) else x.copy(order="C")


def element_strides(x: Array) -> tuple[int, ...]:
    """The strides of x in elements, 0 along an axis of one element."""
    size = x.itemsize
    return tuple(step // size if n > 1 else 0 for n, step in zip(x.shape, x.strides, strict=True))
