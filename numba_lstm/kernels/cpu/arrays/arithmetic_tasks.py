"""Sums and products of whole arrays, as tasks."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.task import HostCall, KernelCall
from ..simd.vector import data
from .copy_tasks import three_axes

Array = npt.NDArray[Any]


@cache
def _binary(product: bool, dtype: str) -> Any:
    def binary(a, b, out):
        a_, b_, o_ = data(a), data(b), data(out)
        for t in range(out.shape[0]):
            for n in range(out.shape[1]):
                at = t * (a.strides[0] // a.itemsize) + n * (a.strides[1] // a.itemsize)
                bt = t * (b.strides[0] // b.itemsize) + n * (b.strides[1] // b.itemsize)
                to = (t * out.shape[1] + n) * out.shape[2]
                for k in range(out.shape[2]):
                    o_[to + k] = a_[at + k] * b_[bt + k] if product else a_[at + k] + b_[bt + k]

    return kernel(binary, f"{'multiply' if product else 'add'}_arrays_{dtype}", NUMBA[dtype], "x3 x3 f3")


@cache
def _sum_steps(dtype: str) -> Any:
    def sum_steps(x, out):
        x_, o_ = data(x), data(out)
        for t in range(x.shape[0]):
            for n in range(x.shape[1]):
                at = t * (x.strides[0] // x.itemsize) + n * (x.strides[1] // x.itemsize)
                for k in range(x.shape[2]):
                    o_[n * x.shape[2] + k] = x_[at + k] if t == 0 else o_[n * x.shape[2] + k] + x_[at + k]

    return kernel(sum_steps, f"sum_steps_{dtype}", NUMBA[dtype], "x3 f2")


def _task(product: bool, a: Array, b: Array, out: Array) -> KernelCall | HostCall:
    views = three_axes(a), three_axes(b), three_axes(out)
    if a.dtype.kind != "f" or not out.flags.c_contiguous or any(view is None for view in views):
        return HostCall(np.multiply if product else np.add, a, b, out=out)
    return KernelCall(_binary(product, dtype_name(a.dtype)), *views)


def added(a: Array, b: Array, out: Array) -> KernelCall | HostCall:
    """Return the task ``out = a + b`` for arrays of one shape and dtype."""
    return _task(False, a, b, out)


def multiplied(a: Array, b: Array, out: Array) -> KernelCall | HostCall:
    """Return the task ``out = a * b`` for arrays of one shape and dtype; a logical and of booleans."""
    return _task(True, a, b, out)


def steps_summed(x: Array, out: Array) -> KernelCall:
    """Return the call that sums x (T, N, D) over time to out (N, D), in the order of the steps."""
    return KernelCall(_sum_steps(dtype_name(x.dtype)), x, out)
