"""CPU: padding, cropping and repeating, and the kernels that copy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy.typing as npt

from ..arrays.copy_tasks import as_rows
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall, parallel_for
from ..simd.vector import data
from .geometry import as_image

Array = npt.NDArray[Any]

#: Cost of copying an element, in multiplications.
COST = 8


@cache
def _pad(dtype: str) -> Any:
    def pad(x, out, before_h, before_w, h0, h1):
        x_, o_ = data(x), data(out)
        size, C = x.itemsize, x.shape[3]
        for h in range(h0, h1):
            for n in range(out.shape[1]):
                for w in range(out.shape[2]):
                    to = (h * out.strides[0] + n * out.strides[1] + w * out.strides[2]) // size
                    xh, xw = h - before_h, w - before_w
                    if 0 <= xh < x.shape[0] and 0 <= xw < x.shape[2]:
                        at = (xh * x.strides[0] + n * x.strides[1] + xw * x.strides[2]) // size
                        for c in range(C):
                            o_[to + c] = x_[at + c]
                    else:
                        for c in range(C):
                            o_[to + c] = 0

    return kernel(pad, f"pad_{dtype}", NUMBA[dtype], "x4 y4 i i i i")


@cache
def _upsample(dtype: str) -> Any:
    def upsample(x, out, factor_h, factor_w, h0, h1):
        x_, o_ = data(x), data(out)
        size, C = x.itemsize, x.shape[3]
        for h in range(h0, h1):
            for n in range(out.shape[1]):
                for w in range(out.shape[2]):
                    to = (h * out.strides[0] + n * out.strides[1] + w * out.strides[2]) // size
                    at = (h // factor_h * x.strides[0] + n * x.strides[1] + w // factor_w * x.strides[2]) // size
                    for c in range(C):
                        o_[to + c] = x_[at + c]

    return kernel(upsample, f"upsample_{dtype}", NUMBA[dtype], "x4 y4 i i i i")


def padded(x: Array, before: tuple[int, int], out: Array) -> Array:
    """Copy x (H, N, W, C) to ``out``, from the places ``before`` along H and W on, with zeros elsewhere. Returns ``out``."""
    _copy_rows(_pad(dtype_name(x.dtype)), as_rows(x), out, before)
    return out


def _copy_rows(run: Any, x: Array, out: Array, numbers: Sequence[int]) -> None:
    H = len(out)
    splits = thread_pool.num_splits(out.size * COST, H)
    run_eagerly([parallel_for(H, splits, lambda _, rows: KernelCall(run, x, out, *numbers, *rows))])


def _sizes(x: Array, by_axis: Sequence[Any], none: Any) -> tuple[Any, Any]:
    """Return what belongs to H and to W of a sequence or an image x."""
    return (by_axis[0], by_axis[1]) if x.ndim == 4 else (by_axis[0], none)


def pad(x: Array, padding: Sequence[tuple[int, int]]) -> Array:
    """CPU: one copy."""
    (top, bottom), (left, right) = _sizes(x, padding, (0, 0))
    image = as_image(x)
    H, N, W, C = image.shape
    out = padded(image, (top, left), empty((H + top + bottom, N, W + left + right, C), x.dtype))
    return out if x.ndim == 4 else out[:, :, 0]


def crop(x: Array, cropping: Sequence[tuple[int, int]]) -> Array:
    """CPU: a view."""
    (top, bottom), (left, right) = _sizes(x, cropping, (0, 0))
    y = x[top : len(x) - bottom]
    return y if x.ndim == 3 else y[:, :, left : y.shape[2] - right]


def upsample(x: Array, factors: Sequence[int]) -> Array:
    """CPU: one copy."""
    h, w = _sizes(x, factors, 1)
    image = as_rows(as_image(x))
    H, N, W, C = image.shape
    out = empty((H * h, N, W * w, C), x.dtype)
    _copy_rows(_upsample(dtype_name(x.dtype)), image, out, (h, w))
    return out if x.ndim == 4 else out[:, :, 0]
