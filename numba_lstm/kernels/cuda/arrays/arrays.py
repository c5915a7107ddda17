"""Array ops: transfers, order and shape. Device arrays are contiguous, and sequences are time-major: (T, N, D)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ...op_types import Weight
from ..recording import FORM, active, upload
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements
from .elementwise import empty_like, flat

Array = Any
Host = npt.NDArray[Any]
Result = TypeVar("Result")


def device_value(weight: Weight) -> Array:
    """Return the device array of a weight, which is uploaded once for each version of the value."""
    recording = active()
    return weight.prepared(FORM, upload) if recording is None else recording.device_value(weight)


def asarray(x: Host, dtype: Any) -> Array:
    """Returns a copy on the device, uploaded while earlier kernels run."""
    return _send(np.asarray(x), dtype)


def _send(host: Host, dtype: Any) -> Array:
    return driver.current().send(host, host.dtype if dtype is None else np.dtype(dtype))


def to_host(x: Array) -> Host:
    """Returns a copy on the host."""
    return driver.current().download(x)


def gather(x: Host, rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
    """The host selects the rows and makes them time-major as it copies them to the upload buffer."""
    picked = x[rows]
    if picked.ndim > 2:
        picked = picked.swapaxes(0, 1)
    return _send(picked, dtype)


@cache
def _flip(dtype: str) -> Kernel:
    @jit("x2 x2", dtype, f"flip_{dtype}")
    def flip(x, out):
        i = element()
        if i < out.size:
            t, k = i // out.shape[1], i % out.shape[1]
            out[t, k] = x[out.shape[0] - 1 - t, k]

    return flip


@cache
def _columns(dtype: str, join: bool) -> Kernel:
    @jit("x2 x2 n", dtype, f"columns_{dtype}_{int(join)}")
    def columns(piece, whole, first):
        i = element()
        if i < piece.size:
            m, k = i // piece.shape[1], i % piece.shape[1]
            if join:
                whole[m, first + k] = piece[m, k]
            else:
                piece[m, k] = whole[m, first + k]

    return columns


@cache
def _repeat(dtype: str) -> Kernel:
    @jit("x1 x1", dtype, f"repeat_{dtype}")
    def repeat(x, out):
        i = element()
        if i < out.size:
            out[i] = x[i % x.size]

    return repeat


@cache
def _sum_steps(dtype: str) -> Kernel:
    @jit("f2 f1", dtype, f"sum_steps_{dtype}")
    def sum_steps(x, out):
        i = element()
        if i < out.size:
            total = x[0, i]
            for t in range(1, x.shape[0]):
                total += x[t, i]
            out[i] = total

    return sum_steps


@cache
def _steps_unlike(dtype: str) -> Kernel:
    @jit("x2 r b1", dtype, f"steps_unlike_{dtype}")
    def steps_not_equal(x, value, out):
        m = element()
        if m < out.size:
            found = False
            for k in range(x.shape[1]):
                found = found or x[m, k] != value
            out[m] = found

    return steps_not_equal


@cache
def _zero_masked(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("x2 b1 x2", dtype, f"zero_masked_{dtype}")
    def zero_masked(x, mask, out):
        i = element()
        if i < out.size:
            m, k = i // out.shape[1], i % out.shape[1]
            out[m, k] = x[m, k] if mask[m] else zero

    return zero_masked


def flip(x: Array) -> Array:
    """Returns a new array."""
    out = empty_like(x)
    steps = x.shape[0], x.size // x.shape[0]
    launch_elements(_flip(x.dtype.name), x.size, x.reshape(*steps), out.reshape(*steps))
    return out


def concat(xs: Sequence[Array]) -> Array:
    """Returns a new array."""
    leading, total = xs[0].shape[:-1], sum(x.shape[-1] for x in xs)
    out = driver.current().empty((*leading, total), xs[0].dtype)
    _copy_columns(xs, out, join=True)
    return out


def split(x: Array, sizes: Sequence[int]) -> list[Array]:
    """Returns new arrays."""
    pieces = [driver.current().empty((*x.shape[:-1], size), x.dtype) for size in sizes]
    _copy_columns(pieces, x, join=False)
    return pieces


def _copy_columns(pieces: Sequence[Array], whole: Array, join: bool) -> None:
    kernel, first = _columns(whole.dtype.name, join), 0
    for piece in pieces:
        launch_elements(kernel, piece.size, matrix(piece), matrix(whole), first)
        first += piece.shape[-1]


def matrix(x: Array) -> Array:
    """Return x as a matrix whose rows are all leading axes."""
    return x.reshape(x.size // x.shape[-1], x.shape[-1])


def repeat(x: Array, steps: int) -> Array:
    """Returns a new array."""
    out = driver.current().empty((steps, *x.shape), x.dtype)
    launch_elements(_repeat(x.dtype.name), out.size, flat(x), flat(out))
    return out


def sum_steps(x: Array) -> Array:
    """Returns a new array."""
    out = driver.current().empty(x.shape[1:], x.dtype)
    launch_elements(_sum_steps(x.dtype.name), out.size, x.reshape(x.shape[0], out.size), flat(out))
    return out


def steps_not_equal(x: Array, value: float) -> Array:
    """Returns a new array."""
    out = driver.current().empty(x.shape[:-1], np.bool_)
    launch_elements(_steps_unlike(x.dtype.name), out.size, matrix(x), value, flat(out))
    return out


def zero_masked(x: Array, mask: Array) -> Array:
    """Returns a new array."""
    out, M = empty_like(x), mask.size
    rows, zeroed = x.reshape(M, x.size // M), out.reshape(M, x.size // M)
    launch_elements(_zero_masked(x.dtype.name), x.size, rows, flat(mask), zeroed)
    return out


def num_splits(multiplications: float, limit: int) -> int:
    """One, since all kernels queue on one stream."""
    return 1


def run_parallel(calls: Sequence[Callable[[], Result]], work: float) -> list[Result]:
    """Sequential, since all kernels queue on one stream."""
    return [call() for call in calls]
