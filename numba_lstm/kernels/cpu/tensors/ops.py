"""CPU: ops on arrays of any rank. Views are NumPy's, and what reads or writes elements is a task."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ...op_types import ElementwiseFormula
from ...specs import Activation
from ..arrays.copy_tasks import copied, zeroed
from ..ops.activation import activation_forward
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.strides import has_kernel_strides
from ..runtime.task import HostCall
from ..runtime.weight_values import value_of
from .elementwise import computed, copied_elements
from .products import products
from .reductions import reduced

Array = npt.NDArray[Any]


def weight_array(weight: Weight) -> Array:
    """CPU: the value, which a plan reads where it is."""
    return value_of(weight)


def permute(x: Array, axes: Sequence[int]) -> Array:
    """CPU: NumPy's view."""
    return x.transpose(tuple(axes))


def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    """CPU: NumPy's view."""
    return np.broadcast_to(x, tuple(shape))


def take_slices(x: Array, slices: Sequence[slice]) -> Array:
    """CPU: NumPy's view."""
    return x[tuple(slices)]


def reshape_elements(x: Array, shape: Sequence[int]) -> Array:
    """CPU: a view, or a copy where there is none."""
    y = x.reshape(tuple(shape))
    return y if not x.size or np.may_share_memory(x, y) else _copy(x).reshape(tuple(shape))


def dense(x: Array) -> Array:
    """CPU: x itself if its rows are contiguous."""
    return x if has_kernel_strides(x) else _copy(x)


def _copy(x: Array) -> Array:
    out = empty(x.shape, x.dtype)
    task = copied_elements(x, out) if x.dtype.kind == "f" else HostCall(np.copyto, out, x)
    run_eagerly([] if task is None else [task])
    return out


def elementwise(formula: ElementwiseFormula, xs: Sequence[Array], dtype: str) -> Array:
    """CPU: one kernel for the formula."""
    out = empty(xs[0].shape, dtype)
    task = computed(formula, xs, out)
    run_eagerly([] if task is None else [task])
    return out


def reduce_axes(x: Array, kind: str, axes: Sequence[int]) -> Array:
    """CPU: vectors along a reduced axis or along a result, whichever is contiguous."""
    out = empty(tuple(size for axis, size in enumerate(x.shape) if axis not in axes), x.dtype)
    task = reduced(x, kind, axes, out)
    run_eagerly([] if task is None else [task])
    return out


def matrix_product(a: Array, b: Array) -> Array:
    """CPU: the register tiles of all products."""
    leading, (M, K), N = a.shape[:-2], a.shape[-2:], b.shape[-1]
    if not math.prod((*leading, M, K, N)):
        out = empty((*leading, M, N), a.dtype)
        run_eagerly([zeroed(out)])
        return out
    inner = leading[-1] if leading else 1
    outer = math.prod(leading[:-1])
    out, task = products(reshape_elements(a, (outer, inner, M, K)), reshape_elements(b, (outer, inner, K, N)))
    run_eagerly([task])
    return out.reshape(*leading, M, N)


def softmax_rows(x: Array) -> Array:
    """CPU: that of an activation."""
    rows = reshape_elements(dense(x), (math.prod(x.shape[:-1]), x.shape[-1]))
    return activation_forward(rows, Activation("softmax"))[0].reshape(x.shape)


def join(xs: Sequence[Array], places: Sequence[Sequence[slice]], shape: Sequence[int]) -> Array:
    """CPU: copies to slices. The result lies as what layers pass on, its first two axes swapped, so that it is not copied."""
    swapped = len(shape) > 2
    base = empty((shape[1], shape[0], *shape[2:]) if swapped else tuple(shape), xs[0].dtype)
    out = base.swapaxes(0, 1) if swapped else base
    tasks: list[Any] = [] if sum(x.size for x in xs) == out.size else [zeroed(base)]
    tasks += [copied(x, out[tuple(place)]) for x, place in zip(xs, places, strict=True)]
    run_eagerly(tasks)
    return out
