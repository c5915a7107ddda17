"""Elementwise kernels."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ..runtime import driver
from ..runtime.compiler import Kernel, jit, real
from ..runtime.launch import element, launch_elements

Array = Any


def empty_like(x: Array, dtype: Any = None) -> Array:
    """Return a new array of the shape of x, its contents undefined."""
    return driver.current().empty(x.shape, x.dtype if dtype is None else dtype)


def flat(x: Array) -> Array:
    """Return x with one axis."""
    return x.reshape(x.size)


@cache
def _add(dtype: str) -> Kernel:
    @jit("f1 f1 f1", dtype, f"add_{dtype}")
    def add(a, b, out):
        i = element()
        if i < out.size:
            out[i] = a[i] + b[i]

    return add


@cache
def _multiply(dtype: str) -> Kernel:
    boolean = dtype == "bool"

    @jit("x1 x1 x1", dtype, f"multiply_{dtype}")
    def multiply(a, b, out):
        i = element()
        if i < out.size:
            out[i] = (a[i] and b[i]) if boolean else a[i] * b[i]

    return multiply


@cache
def _scale(dtype: str) -> Kernel:
    @jit("f1 r f1", dtype, f"scale_{dtype}")
    def scale(x, factor, out):
        i = element()
        if i < out.size:
            out[i] = x[i] * factor

    return scale


@cache
def _unlike(dtype: str) -> Kernel:
    @jit("x1 r b1", dtype, f"unlike_{dtype}")
    def not_equal(x, value, out):
        i = element()
        if i < out.size:
            out[i] = x[i] != value

    return not_equal


@cache
def _cast(dtype: str, to: str) -> Kernel:
    number = real(to)

    @jit("x1 " + _TYPE_CODES[to], dtype, f"cast_{dtype}_{to}")
    def cast(x, out):
        i = element()
        if i < out.size:
            out[i] = number(x[i])

    return cast


_TYPE_CODES = {"int64": "n1", "float64": "e1"}


@cache
def _fill(dtype: str) -> Kernel:
    @jit("x1 r", dtype, f"fill_{dtype}")
    def fill(out, value):
        i = element()
        if i < out.size:
            out[i] = value

    return fill


def add(a: Array, b: Array) -> Array:
    """Returns a new array."""
    return _binary(_add(a.dtype.name), a, b)


def multiply(a: Array, b: Array) -> Array:
    """Returns a new array."""
    return _binary(_multiply(a.dtype.name), a, b)


def _binary(kernel: Kernel, a: Array, b: Array) -> Array:
    out = empty_like(a)
    launch_elements(kernel, a.size, flat(a), flat(b), flat(out))
    return out


def scale(x: Array, factor: float) -> Array:
    """Returns a new array."""
    out = empty_like(x)
    launch_elements(_scale(x.dtype.name), x.size, flat(x), factor, flat(out))
    return out


def not_equal(x: Array, value: float) -> Array:
    """Returns a new array. A value that the dtype of x cannot represent equals no element."""
    out = empty_like(x, np.bool_)
    if x.dtype.kind in "iub" and value != math.floor(value):
        launch_elements(_fill("bool"), out.size, flat(out), True)
    else:
        launch_elements(_unlike(x.dtype.name), x.size, flat(x), value, flat(out))
    return out


def cast(x: Array, dtype: Any) -> Array:
    """Convert x to int64 or float64. Returns x itself if it has the dtype."""
    to = np.dtype(dtype).name
    if x.dtype.name == to:
        return x
    out = empty_like(x, to)
    launch_elements(_cast(x.dtype.name, to), x.size, flat(x), flat(out))
    return out


def full(shape: Any, dtype: Any, value: float) -> Array:
    """Return a new array filled with a value."""
    out = driver.current().empty(shape, dtype)
    launch_elements(_fill(out.dtype.name), out.size, flat(out), value)
    return out
