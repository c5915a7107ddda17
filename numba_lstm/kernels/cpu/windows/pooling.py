"""CPU: maxima, averages and sums of windows, a row of features at a time."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...specs import WindowSpec
from ..arrays.copy_tasks import as_rows, contiguous
from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall, parallel_for
from ..simd.vector import data
from .geometry import as_image, window_of

Array = npt.NDArray[Any]

#: Cost of an element of a window, in multiplications.
COST = 8


class _Tape(NamedTuple):
    x: Array
    kind: str
    window: WindowSpec
    mask: Array


@inlined
def _bounds(i, stride, size, before, length):
    """Return the first and the last element of window i along an axis, those inside of the array."""
    first = i * stride - before
    return max(0, first), min(length, first + size)


@inlined
def _number(mask, n, h0, h1, w0, w1):
    """Return the number of elements of a window that count. An empty mask leaves out none."""
    if mask.shape[0] == 0:
        return (h1 - h0) * (w1 - w0)
    total = 0
    for h in range(h0, h1):
        total += 1 if mask[h, n] else 0
    return total


@cache
def _value(kind: str, dtype: str) -> Any:
    """Return the kernel of the windows of samples n0 .. n1, of ``size`` elements, ``stride`` apart, from ``-before`` on."""
    largest, average = kind == "max", kind == "average"

    def pool(x, mask, y, size_h, size_w, stride_h, stride_w, before_h, before_w, n0, n1):
        x_, y_, item, C = data(x), data(y), x.itemsize, x.shape[3]
        sh, sn, sw = x.strides[0] // item, x.strides[1] // item, x.strides[2] // item
        for i in range(y.shape[0]):
            h0, h1 = _bounds(i, stride_h, size_h, before_h, x.shape[0])
            for n in range(n0, n1):
                for j in range(y.shape[2]):
                    w0, w1 = _bounds(j, stride_w, size_w, before_w, x.shape[2])
                    to = ((i * y.shape[1] + n) * y.shape[2] + j) * C
                    if largest:
                        first = h0 * sh + n * sn + w0 * sw
                        for c in range(C):
                            y_[to + c] = x_[first + c]
                    else:
                        for c in range(C):
                            y_[to + c] = 0
                    for h in range(h0, h1):
                        for w in range(w0, w1):
                            at = h * sh + n * sn + w * sw
                            if largest:
                                for c in range(C):
                                    value, best = x_[at + c], y_[to + c]
                                    y_[to + c] = best if value <= best or best != best else value
                            elif mask.shape[0] == 0 or mask[h, n]:
                                for c in range(C):
                                    y_[to + c] += x_[at + c]
                    if average:
                        count = _number(mask, n, h0, h1, w0, w1)
                        for c in range(C):
                            y_[to + c] /= count

    return kernel(pool, f"pool_{kind}_{dtype}", NUMBA[dtype], "x4 b2 f4" + 8 * " i")


@cache
def _gradient(kind: str, dtype: str) -> Any:
    largest, average = kind == "max", kind == "average"

    def pool_gradient(x, mask, dy, dx, size_h, size_w, stride_h, stride_w, before_h, before_w, n0, n1):
        x_, d_, o_, item, C = data(x), data(dy), data(dx), x.itemsize, x.shape[3]
        sh, sn, sw = x.strides[0] // item, x.strides[1] // item, x.strides[2] // item
        N, W = dx.shape[1], dx.shape[2]
        for h in range(dx.shape[0]):
            for n in range(n0, n1):
                for e in range(W * C):
                    o_[(h * N + n) * W * C + e] = 0
        for i in range(dy.shape[0]):
            h0, h1 = _bounds(i, stride_h, size_h, before_h, x.shape[0])
            for n in range(n0, n1):
                for j in range(dy.shape[2]):
                    w0, w1 = _bounds(j, stride_w, size_w, before_w, x.shape[2])
                    at = (i * dy.strides[0] + n * dy.strides[1] + j * dy.strides[2]) // item
                    if largest:
                        for c in range(C):
                            best_h, best_w, best = h0, w0, x_[h0 * sh + n * sn + w0 * sw + c]
                            for h in range(h0, h1):
                                for w in range(w0, w1):
                                    value = x_[h * sh + n * sn + w * sw + c]
                                    if not (value <= best or best != best):
                                        best_h, best_w, best = h, w, value
                            o_[((best_h * N + n) * W + best_w) * C + c] += d_[at + c]
                    else:
                        count = _number(mask, n, h0, h1, w0, w1)
                        for h in range(h0, h1):
                            for w in range(w0, w1):
                                if mask.shape[0] == 0 or mask[h, n]:
                                    to = ((h * N + n) * W + w) * C
                                    for c in range(C):
                                        o_[to + c] += d_[at + c] / count if average else d_[at + c]

    return kernel(pool_gradient, f"pool_gradient_{kind}_{dtype}", NUMBA[dtype], "x4 b2 x4 f4" + 8 * " i")


def _numbers(window: WindowSpec) -> tuple[int, ...]:
    return (*window.size, *window.strides, window.padding[0][0], window.padding[1][0])


def pool_forward(
    x: Array, kind: str, windows: WindowSpec, *, mask: Array | None = None, training: bool = False
) -> tuple[Array, _Tape | None]:
    """CPU: samples are split among threads."""
    window, image = window_of(windows), as_rows(as_image(x))
    h, w = (*windows.counts((x.shape[0],) if x.ndim == 3 else (x.shape[0], x.shape[2])), 1)[:2]
    counted = np.empty((0, 0), np.bool_) if mask is None else contiguous(mask)
    N = x.shape[1]
    y = empty((h, N, w, x.shape[-1]), x.dtype)
    run, numbers = _value(kind, dtype_name(x.dtype)), _numbers(window)
    splits = thread_pool.num_splits(y.size * window.size[0] * window.size[1] * COST, N)
    run_eagerly([parallel_for(N, splits, lambda _, samples: KernelCall(run, image, counted, y, *numbers, *samples))])
    return y if x.ndim == 4 else y[:, :, 0], _Tape(image, kind, window, counted) if training else None


def pool_backward(tape: _Tape, dy: Array) -> Array:
    """CPU: samples are split among threads."""
    x, kind, window, mask = tape
    dx, image = empty(x.shape, dy.dtype), as_rows(as_image(dy))
    run, numbers, N = _gradient(kind, dtype_name(dy.dtype)), _numbers(window), x.shape[1]
    splits = thread_pool.num_splits(dy.size * window.size[0] * window.size[1] * COST, N)
    run_eagerly([parallel_for(N, splits, lambda _, samples: KernelCall(run, x, mask, image, dx, *numbers, *samples))])
    return dx if dy.ndim == 4 else dx[:, :, 0]
