"""Arrays of the device are contiguous, sequences in order of time: (T, N, D)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ...values import Weight
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements
from .elementwise import flat, like

Array = Any
Host = npt.NDArray[Any]
Answer = TypeVar("Answer")

FORM = "cuda"  #: of a weight's copy on the device


def on_device(weight: Weight) -> Array:
    """A weight's array on the device, brought there once a version."""
    return weight.prepared(FORM, _upload)


def _upload(host: Host) -> Array:
    return driver.current().upload(np.ascontiguousarray(host))


def asarray(x: Host, dtype: Any) -> Array:
    """A copy on the device, which goes up beside the kernels before it."""
    return _send(np.asarray(x), dtype)


def _send(host: Host, dtype: Any) -> Array:
    return driver.current().send(host, host.dtype if dtype is None else np.dtype(dtype))


def to_host(x: Array) -> Host:
    """A copy on the host."""
    return driver.current().download(x)


def gather(x: Host, rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
    """The host picks the rows and orders them by time on their way into the piece of memory that goes up."""
    picked = x[rows]
    if picked.ndim == 3:
        picked = picked.transpose(1, 0, 2)
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
    def columns(part, whole, first):
        i = element()
        if i < part.size:
            m, k = i // part.shape[1], i % part.shape[1]
            if join:
                whole[m, first + k] = part[m, k]
            else:
                part[m, k] = whole[m, first + k]

    return columns


@cache
def _reorder(dtype: str) -> Kernel:
    @jit("x3 x3", dtype, f"reorder_{dtype}")
    def reorder(x, out):
        i = element()
        if i < out.size:
            N, D = out.shape[1], out.shape[2]
            n = i // D % N
            e = i // (N * D) * D + i % D  # among the sample's elements
            out[i // (N * D), n, i % D] = x[e // x.shape[2], n, e % x.shape[2]]

    return reorder


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
    def steps_unlike(x, value, out):
        m = element()
        if m < out.size:
            found = False
            for k in range(x.shape[1]):
                found = found or x[m, k] != value
            out[m] = found

    return steps_unlike


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
    """A new array."""
    out = like(x)
    steps = x.shape[0], x.size // x.shape[0]
    launch_elements(_flip(x.dtype.name), x.size, x.reshape(*steps), out.reshape(*steps))
    return out


def concat(xs: Sequence[Array]) -> Array:
    """A new array."""
    leading, total = xs[0].shape[:-1], sum(x.shape[-1] for x in xs)
    out = driver.current().empty((*leading, total), xs[0].dtype)
    _move(xs, out, join=True)
    return out


def split(x: Array, sizes: Sequence[int]) -> list[Array]:
    """New arrays."""
    parts = [driver.current().empty((*x.shape[:-1], size), x.dtype) for size in sizes]
    _move(parts, x, join=False)
    return parts


def _move(parts: Sequence[Array], whole: Array, join: bool) -> None:
    kernel, first = _columns(whole.dtype.name, join), 0
    for part in parts:
        launch_elements(kernel, part.size, matrix(part), matrix(whole), first)
        first += part.shape[-1]


def matrix(x: Array) -> Array:
    """All leading axes as rows."""
    return x.reshape(x.size // x.shape[-1], x.shape[-1])


def reshape(x: Array, shape: Sequence[int]) -> Array:
    """The same memory where the order of elements stays, else a new array."""
    T, N, D = x.shape if len(x.shape) == 3 else (1, *x.shape)
    S = shape[0] if len(shape) == 2 else 1
    sizes = S, N, T * D // S
    if S == T:
        y = x.reshape(*sizes)
    else:
        y = driver.current().empty(sizes, x.dtype)
        launch_elements(_reorder(x.dtype.name), x.size, x.reshape(T, N, D), y)
    return y if len(shape) == 2 else y.reshape(N, math.prod(shape))


def repeat(x: Array, steps: int) -> Array:
    """A new array."""
    out = driver.current().empty((steps, *x.shape), x.dtype)
    launch_elements(_repeat(x.dtype.name), out.size, flat(x), flat(out))
    return out


def sum_steps(x: Array) -> Array:
    """A new array."""
    out = driver.current().empty(x.shape[1:], x.dtype)
    launch_elements(_sum_steps(x.dtype.name), out.size, x.reshape(x.shape[0], out.size), flat(out))
    return out


def merge_steps(x: Array) -> Array:
    """The same memory."""
    return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:])


def split_steps(x: Array, steps: int) -> Array:
    """The same memory."""
    return x.reshape(steps, x.shape[0] // steps, *x.shape[1:])


def steps_unlike(x: Array, value: float) -> Array:
    """A new array."""
    out = driver.current().empty(x.shape[:-1], np.bool_)
    launch_elements(_steps_unlike(x.dtype.name), out.size, matrix(x), value, flat(out))
    return out


def zero_masked(x: Array, mask: Array) -> Array:
    """A new array."""
    out = like(x)
    launch_elements(_zero_masked(x.dtype.name), x.size, matrix(x), flat(mask), matrix(out))
    return out


def num_splits(multiplications: float, most: int) -> int:
    """One: their kernels queue on one stream in any case."""
    return 1


def run_parallel(calls: Sequence[Callable[[], Answer]], work: float) -> list[Answer]:
    """One after another: their kernels queue on one stream in any case."""
    return [call() for call in calls]
