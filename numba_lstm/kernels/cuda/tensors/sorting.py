"""GPU: the order of the elements of rows, and elements at indices."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ..runtime import driver
from ..runtime.compiler import Kernel, device, int64, jit, real
from ..runtime.launch import element, launch_elements
from .ops import reshape_elements
from .views import whole

Array = Any


@device
def _place(index, n):
    """Return an index from 0 on, or -1 where there is no such element."""
    if index >= n or index < -n or index != index:
        return int64(-1)
    at = int64(index)
    return at + n if at < 0 else at


@cache
def _order_kernel(dtype: str) -> Kernel:
    number = real(dtype)

    @jit("f2 f2", dtype, f"row_order_{dtype}")
    def row_order(x, out):
        e, n = element(), x.shape[1]
        if e < out.size:
            row, i = e // n, e % n
            value, before = x[row, i], 0
            for j in range(n):
                other = x[row, j]
                smaller = other < value or (value != value and other == other)
                larger = value < other or (other != other and value == value)
                if smaller or (not larger and j < i):
                    before += 1
            out[row, before] = number(i)

    return row_order


@cache
def _take_kernel(dtype: str) -> Kernel:
    number = real(dtype)

    @jit("f2 f2 f2", dtype, f"take_elements_{dtype}")
    def take_elements(x, indices, out):
        e, m = element(), out.shape[1]
        if e < out.size:
            row, k = e // m, e % m
            at = _place(indices[row, k], x.shape[1])
            out[row, k] = x[row, at] if at >= 0 else number(math.nan)

    return take_elements


@cache
def _add_kernel(dtype: str) -> Kernel:
    number = real(dtype)

    @jit("f2 f2 f2", dtype, f"add_elements_{dtype}")
    def add_elements(dy, indices, out):
        e, n = element(), out.shape[1]
        if e < out.size:
            row, i = e // n, e % n
            total = number(0)
            for k in range(dy.shape[1]):
                if _place(indices[row, k], n) == i:
                    total += dy[row, k]
            out[row, i] = total

    return add_elements


def _rows(x: Array) -> Array:
    return reshape_elements(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def row_order(x: Array) -> Array:
    """Returns a new array: a thread counts the elements before its own."""
    rows = _rows(x)
    out = driver.current().empty(rows.shape, x.dtype)
    launch_elements(_order_kernel(np.dtype(x.dtype).name), out.size, rows, out)
    return whole(out.reshape(out.size), x.shape)


def take_elements(x: Array, indices: Array) -> Array:
    """Returns a new array."""
    places = _rows(indices)
    out = driver.current().empty(places.shape, x.dtype)
    launch_elements(_take_kernel(np.dtype(x.dtype).name), out.size, _rows(x), places, out)
    return whole(out.reshape(out.size), indices.shape)


def add_elements(dy: Array, indices: Array, n: int) -> Array:
    """Returns a new array: a thread adds up what goes to its element."""
    places = _rows(indices)
    out = driver.current().empty((places.shape[0], n), dy.dtype)
    launch_elements(_add_kernel(np.dtype(dy.dtype).name), out.size, _rows(dy), places, out)
    return whole(out.reshape(out.size), (*indices.shape[:-1], n))
