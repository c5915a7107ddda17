"""CPU: the array ops on NumPy arrays (strides: :mod:`..runtime.strides`), and buffers with rows padded to whole blocks.

What reads or writes elements is a task, so that a plan can repeat it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..runtime import recording
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty
from ..runtime.task import HostCall
from .arithmetic_tasks import added, multiplied, steps_summed
from .copy_tasks import as_rows, contiguous, copied, masked_steps_zeroed, reshaped, zeroed
from .mask_tasks import compared, joined, steps_compared

Array = npt.NDArray[Any]


def asarray(x: Array, dtype: Any) -> Array:
    """CPU: the array itself if it has this dtype and the strides that kernels assume."""
    return as_rows(np.asarray(x, dtype=dtype))


def to_host(x: Array) -> Array:
    """CPU: the array itself.

    Raises
    ------
    RuntimeError
        While a plan is recorded, when arrays hold nothing yet.
    """
    if recording.active() is not None:
        raise RuntimeError("a plan is being recorded, and its arrays hold nothing yet. Compute with ops, or without a plan.")
    return x


def gather(x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
    """CPU: a view for slices where the dtype allows it, a copy for indices; sequences become time-major views."""
    batch = asarray(x[rows], dtype)
    return batch.swapaxes(0, 1) if batch.ndim > 2 else batch


def flip(x: Array) -> Array:
    """CPU: a view."""
    return x[::-1]


def concat(xs: Sequence[Array]) -> Array:
    """CPU: a new C-ordered array; NumPy would take the order from the strides of its inputs."""
    whole = empty((*xs[0].shape[:-1], sum(x.shape[-1] for x in xs)), xs[0].dtype)
    run_eagerly(copied(x, out) for x, out in zip(xs, split(whole, [x.shape[-1] for x in xs]), strict=True))
    return whole


def split(x: Array, sizes: Sequence[int]) -> list[Array]:
    """CPU: views."""
    return np.split(x, np.cumsum(sizes)[:-1], axis=-1)


def add(a: Array, b: Array) -> Array:
    """CPU: a loop over rows."""
    out = empty(a.shape, a.dtype)
    run_eagerly([added(a, b, out)])
    return out


def multiply(a: Array, b: Array) -> Array:
    """CPU: a loop over rows."""
    out = empty(a.shape, a.dtype)
    run_eagerly([joined(a, b, out) if a.dtype == b.dtype == np.bool_ else multiplied(a, b, out)])
    return out


def scale(x: Array, factor: float) -> Array:
    """CPU: NumPy's product."""
    out = empty(x.shape, x.dtype)
    run_eagerly([HostCall(np.multiply, x, x.dtype.type(factor), out=out)])
    return out


def reshape(x: Array, shape: Sequence[int]) -> Array:
    """CPU: a time-major view of samples, with one copy at most."""
    samples = contiguous(x.swapaxes(0, 1) if x.ndim > 2 else x)
    y = samples.reshape(len(samples), *shape)
    return y.swapaxes(0, 1) if y.ndim > 2 else y


def repeat(x: Array, steps: int) -> Array:
    """CPU: a view whose steps share memory."""
    return np.broadcast_to(x, (steps, *x.shape))


def sum_steps(x: Array) -> Array:
    """CPU: one addition a step."""
    out = empty(x.shape[1:], x.dtype)
    run_eagerly([steps_summed(x, out)])
    return out


def merge_steps(x: Array) -> Array:
    """CPU: a view where rows are contiguous."""
    samples = as_rows(reshaped(x, (x.shape[0] * x.shape[1], *x.shape[2:])))
    return samples.swapaxes(0, 1) if samples.ndim > 2 else samples


def split_steps(x: Array, steps: int) -> Array:
    """CPU: a view where rows are evenly spaced."""
    samples = x.swapaxes(0, 1) if x.ndim > 2 else x
    return as_rows(reshaped(samples, (steps, len(samples) // steps, *samples.shape[1:])))


def not_equal(x: Array, value: float) -> Array:
    """CPU: a loop for indices, NumPy's comparison for others."""
    out = empty(x.shape, np.bool_)
    run_eagerly([compared(x, value, out)])
    return out


def steps_not_equal(x: Array, value: float) -> Array:
    """CPU: a loop over steps."""
    out = empty(x.shape[:-1], np.bool_)
    run_eagerly([steps_compared(x, value, out)])
    return out


def zero_masked(x: Array, mask: Array) -> Array:
    """CPU: a copy with zeros written to it."""
    y = empty(x.shape, x.dtype)
    run_eagerly([copied(x, y), masked_steps_zeroed(y.reshape(*y.shape[:2], -1), contiguous(mask))])
    return y


def buffer(x: Array, padded: int) -> Array:
    """Return a copy of x (..., C) as aligned rows (M, padded) with zeros after C."""
    C = x.shape[-1]
    out = aligned((x.size // C, padded), x.dtype)
    zeros = [zeroed(out)] if padded > C else []
    run_eagerly([*zeros, copied(x, shaped(out, x.shape))])
    return out


def shaped(rows: Array, shape: tuple[int, ...]) -> Array:
    """Return padded rows (M, padded) as a view of ``shape``."""
    return rows.reshape(*shape[:-1], rows.shape[1])[..., : shape[-1]]
