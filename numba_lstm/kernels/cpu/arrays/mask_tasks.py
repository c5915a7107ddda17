"""Masks of steps, as tasks: which steps count, what two masks have in common, and copies."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.strides import has_kernel_strides
from ..runtime.task import HostCall, KernelCall
from ..simd.vector import data

Array = npt.NDArray[Any]


@cache
def _steps(dtype: str) -> Any:
    def steps_not_equal(x, value, out):
        x_ = data(x)
        for t in range(out.shape[0]):
            for n in range(out.shape[1]):
                at = t * (x.strides[0] // x.itemsize) + n * (x.strides[1] // x.itemsize)
                differs = False
                for k in range(x.shape[2]):
                    differs |= x_[at + k] != value
                out[t, n] = differs

    return kernel(steps_not_equal, f"steps_not_equal_{dtype}", NUMBA[dtype], "x3 d m2")


@cache
def _indices() -> Any:
    def indices_not_equal(x, value, out):
        for t in range(out.shape[0]):
            for n in range(out.shape[1]):
                out[t, n] = x[t, n, 0] != value

    return kernel(indices_not_equal, "indices_not_equal", NUMBA["float32"], "l3 i m2")


@cache
def _numbers(dtype: str) -> Any:
    def numbers_not_equal(x, value, out):
        for t in range(out.shape[0]):
            for n in range(out.shape[1]):
                out[t, n] = x[t, n, 0] != value

    return kernel(numbers_not_equal, f"numbers_not_equal_{dtype}", NUMBA[dtype], "x3 d m2")


@cache
def _joined() -> Any:
    def joined_masks(a, b, out):
        for t in range(out.shape[0]):
            for n in range(out.shape[1]):
                out[t, n] = a[t, n] & b[t, n]

    return kernel(joined_masks, "joined_masks", NUMBA["float32"], "b2 b2 m2")


def steps_compared(x: Array, value: float, out: Array) -> KernelCall | HostCall:
    """Return the task that writes to ``out`` which steps of x have a feature that is not ``value``."""
    if x.ndim != 3 or not has_kernel_strides(x):
        return HostCall(_any_not_equal, x, x.dtype.type(value), out)
    return KernelCall(_steps(dtype_name(x.dtype)), x, float(x.dtype.type(value)), out)


def _any_not_equal(x: Array, value: Any, out: Array) -> None:
    np.any(x != value, axis=-1, out=out)


def compared(x: Array, value: float, out: Array) -> KernelCall | HostCall:
    """Return the task ``out = x != value``."""
    if x.ndim == 2 and has_kernel_strides(x[..., None]):  # of which rows may be far apart, as in the rows of a stream
        if x.dtype.kind == "f":
            return KernelCall(_numbers(dtype_name(x.dtype)), x[..., None], float(x.dtype.type(value)), out)
        if x.dtype == np.int64 and value == int(value):
            return KernelCall(_indices(), x[..., None], int(value), out)
    return HostCall(np.not_equal, x, value, out=out)


def joined(a: Array, b: Array, out: Array) -> KernelCall | HostCall:
    """Return the task ``out = a & b`` for masks; ``a`` twice copies it."""
    if a.ndim != 2 or not all(x.flags.c_contiguous for x in (a, b, out)):
        return HostCall(np.logical_and, a, b, out=out)
    return KernelCall(_joined(), a, b, out)
