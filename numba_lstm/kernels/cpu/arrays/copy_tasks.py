"""Copying and zeroing arrays, as kernel calls."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.strides import has_contiguous_rows
from ..runtime.task import KernelCall
from ..simd.vector import data

Array = npt.NDArray[Any]


@cache
def _copy(dtype: str) -> Any:
    def copy(a, into):
        a_, i_ = data(a), data(into)
        for t in range(a.shape[0]):
            for n in range(a.shape[1]):
                source = t * (a.strides[0] // a.itemsize) + n * (a.strides[1] // a.itemsize)
                to = t * (into.strides[0] // a.itemsize) + n * (into.strides[1] // a.itemsize)
                for k in range(a.shape[2]):
                    i_[to + k] = a_[source + k]

    return kernel(copy, f"copy_{dtype}", NUMBA[dtype], "x3 y3")


@cache
def _zero(dtype: str) -> Any:
    def zero(a):
        for i in range(a.size):
            a[i] = 0

    return kernel(zero, f"zero_{dtype}", NUMBA[dtype], "f1")


def copied(a: Array, into: Array) -> KernelCall:
    """Return the call that copies an array to another of its shape and dtype, of up to three axes and with contiguous rows.

    Raises
    ------
    ValueError
        For other arrays.
    """
    contiguous = has_contiguous_rows(a) and has_contiguous_rows(into)
    if a.shape != into.shape or a.dtype != into.dtype or a.ndim > 3 or not contiguous:
        raise ValueError(f"cannot copy {a.dtype} {a.shape}, strides {a.strides}, to {into.dtype} {into.shape}, {into.strides}.")
    more = (None,) * (3 - a.ndim)
    return KernelCall(_copy(dtype_name(a.dtype)), a[more], into[more])


def zeroed(a: Array) -> KernelCall:
    """Return the call that sets a contiguous array to zero.

    Raises
    ------
    ValueError
        For other arrays, of which ``reshape`` would make a copy.
    """
    if not a.flags.c_contiguous:
        raise ValueError(f"cannot zero {a.dtype} {a.shape}, strides {a.strides}: it is not contiguous.")
    return KernelCall(_zero(dtype_name(a.dtype)), a.reshape(-1))
