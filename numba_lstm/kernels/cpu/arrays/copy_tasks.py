"""Copying and zeroing arrays, as tasks and as functions that run them."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.strides import has_kernel_strides
from ..runtime.task import HostCall, KernelCall
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


@cache
def _zero_steps(dtype: str) -> Any:
    def zero_steps(a, mask):
        a_ = data(a)
        for t in range(a.shape[0]):
            for n in range(a.shape[1]):
                at = t * (a.strides[0] // a.itemsize) + n * (a.strides[1] // a.itemsize)
                if not mask[t, n]:
                    for k in range(a.shape[2]):
                        a_[at + k] = 0

    return kernel(zero_steps, f"zero_steps_{dtype}", NUMBA[dtype], "y3 b2")


def copied(a: Array, into: Array) -> KernelCall | HostCall:
    """Return the task that copies an array to another of its shape.

    It is a kernel's call for floating arrays that :func:`three_axes` can view, and NumPy's for others.

    Raises
    ------
    ValueError
        For arrays of different shapes or dtypes.
    """
    if a.shape != into.shape or a.dtype != into.dtype:
        raise ValueError(f"cannot copy {a.dtype} {a.shape} to {into.dtype} {into.shape}: give arrays of one shape and dtype.")
    views = three_axes(a), three_axes(into)
    if a.dtype.kind != "f" or views[0] is None or views[1] is None:
        return HostCall(np.copyto, into, a)
    return KernelCall(_copy(dtype_name(a.dtype)), *views)


def three_axes(a: Array) -> Array | None:
    """Return a view of an array with three axes, of which kernels can read each row; None if there is none."""
    if not has_kernel_strides(a):
        return None
    if a.ndim <= 3:
        return a[(None,) * (3 - a.ndim)]
    view = a.reshape(-1, *a.shape[-2:])
    return view if np.may_share_memory(a, view) or not a.size else None


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


def masked_steps_zeroed(a: Array, mask: Array) -> KernelCall:
    """Return the call that sets the rows of a (T, N, D) to zero where the contiguous ``mask`` (T, N) is False."""
    return KernelCall(_zero_steps(dtype_name(a.dtype)), a, mask)


def contiguous(x: Array) -> Array:
    """Return x if it is C-contiguous and aligned, else a copy by a task."""
    return x if x.flags.c_contiguous and x.flags.aligned else copy(x)


def copy(x: Array) -> Array:
    """Return a C-ordered copy by a task."""
    out = empty(x.shape, x.dtype)
    run_eagerly([copied(x, out)])
    return out


def as_rows(x: Array) -> Array:
    """Return x if it has the strides that kernels assume, else a C-ordered copy by a task."""
    return x if has_kernel_strides(x) else copy(x)


def reshaped(x: Array, shape: tuple[int, ...]) -> Array:
    """Return a view of x in another shape, or of a copy by a task where there is no such view."""
    y = x.reshape(shape)
    return y if not x.size or np.may_share_memory(x, y) else copy(x).reshape(shape)


def as_steps(x: Array, rank: int = 3) -> Array:
    """Return an array of one batch with ``rank`` axes: one step if there are fewer, the rows of a step on one axis for more.

    An image (H, N, W, C) becomes (H, N * W, C).
    """
    if x.ndim <= rank:
        return x if x.ndim == rank else x[None]
    rest = x.shape[x.ndim - rank + 2 :]
    return as_rows(reshaped(x, (x.shape[0], math.prod(x.shape[1 : x.ndim - rank + 2]), *rest)))


def cast(x: Array, dtype: Any) -> Array:
    """Return x if it has this dtype, else a copy by a task."""
    x = np.asarray(x)
    if x.dtype == dtype:
        return x
    out = empty(x.shape, dtype)
    run_eagerly([HostCall(np.copyto, out, x, casting="unsafe")])
    return out
