"""GPU: ops on arrays of any rank. Views are strides in the memory of an array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...axes import contiguous_strides, merged_axes
from ...op_types import SUM, ElementwiseFormula, Weight
from ..arrays.arrays import device_value
from ..arrays.elementwise import full
from ..arrays.softmax import softmax_gradient_kernel, softmax_kernel
from ..runtime import driver
from ..runtime.launch import launch_elements, launch_rows
from .kernels import TILE, elementwise_kernel, extreme_kernel, place_kernel, product_kernel, sum_kernel
from .views import View, as_view, whole

Array = Any


def weight_array(weight: Weight) -> Array:
    """Returns the copy on the device."""
    return device_value(weight)


def permute(x: Array, axes: Sequence[int]) -> Array:
    """Returns a view."""
    view = as_view(x)
    return View(view.buffer, tuple(view.shape[axis] for axis in axes), tuple(view.strides[axis] for axis in axes), view.offset)


def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    """Returns a view with strides of 0."""
    view, shape = as_view(x), tuple(shape)
    new = len(shape) - view.ndim
    steps = zip(view.shape, shape[new:], view.strides, strict=True)
    strides = (*(0,) * new, *(0 if size == 1 and wanted > 1 else step for size, wanted, step in steps))
    return View(view.buffer, shape, strides, view.offset)


def take_slices(x: Array, slices: Sequence[slice]) -> Array:
    """Returns a view."""
    view = as_view(x)
    limits = [part.indices(size) for part, size in zip(slices, view.shape, strict=True)]
    shape = tuple(len(range(*limit)) for limit in limits)
    first = sum(limit[0] * step for limit, step in zip(limits, view.strides, strict=True))
    strides = tuple(limit[2] * step for limit, step in zip(limits, view.strides, strict=True))
    return View(view.buffer, shape, strides, view.offset + first)


def reshape_elements(x: Array, shape: Sequence[int]) -> Array:
    """Returns the array in another shape, or a copy of a view."""
    view = as_view(x)
    return whole(view.buffer if view.is_whole else _copy(view), tuple(shape))


def dense(x: Array) -> Array:
    """Returns a contiguous array."""
    return reshape_elements(x, x.shape)


def _copy(view: View) -> Array:
    """Return the elements of a view in a new flat buffer."""
    out = driver.current().empty(view.size, view.dtype)
    _place(view, View(out, view.shape, contiguous_strides(view.shape)))
    return out


def _place(view: View, into: View) -> None:
    loops = merged_axes(view.shape, [view.strides, into.strides])
    kernel, columns = place_kernel(len(loops), view.dtype.name), [n for column in zip(*loops, strict=True) for n in column]
    launch_elements(kernel, view.size, view.buffer, view.offset, into.buffer, into.offset, view.size, *columns)


def elementwise(formula: ElementwiseFormula, xs: Sequence[Array], dtype: str) -> Array:
    """Returns a new array."""
    views = [as_view(x) for x in xs]
    shape = views[0].shape
    loops = merged_axes(shape, [*(view.strides for view in views), contiguous_strides(shape)])
    sizes, *strides, _ = zip(*loops, strict=True)
    kinds, size = "".join(np.dtype(view.dtype).kind for view in views), math.prod(shape)
    out = driver.current().empty(size, dtype)
    kernel = elementwise_kernel(formula.text, kinds, len(formula.constants), len(loops), np.dtype(dtype).name)
    steps = [step for column in strides for step in column]
    arrays = [*(view.buffer for view in views), *(view.offset for view in views)]
    launch_elements(kernel, size, *arrays, out, *formula.constants, *sizes, *steps)
    return whole(out, shape)


def reduce_axes(x: Array, kind: str, axes: Sequence[int]) -> Array:
    """Returns a new array: a warp adds, a thread compares."""
    view, dtype = as_view(x), np.dtype(x.dtype).name
    others = [axis for axis in range(view.ndim) if axis not in axes]
    kept = merged_axes([view.shape[axis] for axis in others], [[view.strides[axis] for axis in others]])
    reduced = merged_axes([view.shape[axis] for axis in axes], [[view.strides[axis] for axis in axes]])
    shape = tuple(view.shape[axis] for axis in others)
    out, terms = driver.current().empty(math.prod(shape), view.dtype), math.prod(view.shape[axis] for axis in axes)
    numbers = [n for loops in (kept, reduced) for column in zip(*loops, strict=True) for n in column]
    if kind == "sum":
        launch_rows(sum_kernel(len(kept), len(reduced), dtype), out.size, view.buffer, view.offset, out, terms, *numbers)
    else:
        kernel = extreme_kernel(kind, len(kept), len(reduced), dtype)
        launch_elements(kernel, out.size, view.buffer, view.offset, out, terms, *numbers)
    return whole(out, shape)


def matrix_product(a: Array, b: Array, start: Array | None = None) -> Array:
    """Returns a new array, a tile of the output per block; the sum with ``start`` is a pass of its own."""
    if start is not None:
        return elementwise(SUM, [start, matrix_product(a, b)], np.dtype(a.dtype).name)
    leading, (M, K), N = tuple(a.shape[:-2]), a.shape[-2:], b.shape[-1]
    pairs = math.prod(leading)
    if not pairs * M * N:
        return driver.current().empty((*leading, M, N), a.dtype)
    out = driver.current().empty((pairs, M, N), a.dtype)
    arguments = []
    for x in (a, b):
        view = as_view(x)
        loops = merged_axes(leading, [view.strides[:-2]])
        if len(loops) > 1:
            view = as_view(dense(view))
            loops = merged_axes(leading, [view.strides[:-2]])
        arguments += [view.buffer, view.offset, loops[0][1], *view.strides[-2:]]
    grid = pairs * -(-M // TILE), -(-N // TILE)
    driver.current().launch(product_kernel(np.dtype(a.dtype).name), grid, TILE * TILE, (*arguments, out, K))
    return out.reshape(*leading, M, N)


def softmax_rows(x: Array) -> Array:
    """Returns a new array, a warp per row."""
    rows = reshape_elements(x, (math.prod(x.shape[:-1]), x.shape[-1]))
    out = driver.current().empty(rows.shape, rows.dtype)
    launch_rows(softmax_kernel(np.dtype(rows.dtype).name), rows.shape[0], rows, out)
    return out.reshape(*x.shape)


def softmax_rows_backward(y: Array, dy: Array) -> Array:
    """Returns a new array, a warp per row."""
    rows = [reshape_elements(x, (math.prod(y.shape[:-1]), y.shape[-1])) for x in (y, dy)]
    out = driver.current().empty(rows[0].shape, y.dtype)
    launch_rows(softmax_gradient_kernel(np.dtype(y.dtype).name), rows[0].shape[0], *rows, out)
    return out.reshape(*y.shape)


def join(xs: Sequence[Array], places: Sequence[Sequence[slice]], shape: Sequence[int]) -> Array:
    """Returns a new array."""
    out = full(tuple(shape), xs[0].dtype, 0)
    for x, place in zip(xs, places, strict=True):
        _place(as_view(x), take_slices(out, place))
    return out
