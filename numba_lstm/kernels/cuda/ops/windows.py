"""Pooling, padding, cropping and repeating: one thread per element of the result.

A sequence (T, N, C) is an image (H, N, W, C) of one column.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...specs import WindowSpec
from ..arrays.elementwise import full
from ..runtime import driver
from ..runtime.compiler import Kernel, device, jit, real
from ..runtime.launch import element, launch_elements

Array = Any


class PoolTape(NamedTuple):
    """What :func:`pool_backward` needs."""

    x: Array
    kind: str
    windows: WindowSpec
    mask: Array


def as_image(x: Array) -> Array:
    """Return x (T, N, C) as (T, N, 1, C), and x (H, N, W, C) as it is."""
    return x.reshape(x.shape[0], x.shape[1], 1, x.shape[2]) if len(x.shape) == 3 else x


def numbers_of(x: Array, spec: WindowSpec) -> tuple[tuple[int, int], tuple[int, ...]]:
    """Return the number of windows of x along H and W, then their sizes, strides, dilations and first places."""
    sequence = len(x.shape) == 3
    counts = spec.counts((x.shape[0],) if sequence else (x.shape[0], x.shape[2]))
    before = tuple(first for first, _ in spec.padding)
    if sequence:
        return (*counts, 1), (*spec.size, 1, *spec.strides, 1, *spec.dilation, 1, *before, 0)
    return counts, (*spec.size, *spec.strides, *spec.dilation, *before)  # type: ignore[return-value]


@device
def _positive(i):
    """Return i, or 0 where it is negative."""
    return i if i > 0 else 0


@device
def _end(first, size, length):
    """Return the end of the range of ``size`` elements from ``first`` on, inside of an array of this length."""
    return first + size if first + size < length else length


@cache
def _value(kind: str, dtype: str) -> Kernel:
    largest, average, number, zero = kind == "max", kind == "average", real(dtype), np.dtype(dtype).type(0)

    @jit("f4 b2 f4 n n n n n n n n", dtype, f"pool_{kind}_{dtype}")
    def pool(x, mask, y, size_h, size_w, stride_h, stride_w, dilation_h, dilation_w, before_h, before_w):
        i = element()
        if i < y.size:
            N, W, C = y.shape[1], y.shape[2], y.shape[3]
            c, n = i % C, i // (C * W) % N
            top, left = i // (C * W * N) * stride_h - before_h, i // C % W * stride_w - before_w
            result, count = zero, 0
            for h in range(_positive(top), _end(top, size_h, x.shape[0])):
                for w in range(_positive(left), _end(left, size_w, x.shape[2])):
                    if largest:
                        value = x[h, n, w, c]
                        result = result if count > 0 and (value <= result or result != result) else value
                        count += 1
                    elif mask[h % mask.shape[0], n % mask.shape[1]]:
                        result += x[h, n, w, c]
                        count += 1
            y[i // (C * W * N), n, i // C % W, c] = result / number(count) if average else result

    return pool


@cache
def _gradient(kind: str, dtype: str) -> Kernel:
    largest, average, number, zero = kind == "max", kind == "average", real(dtype), np.dtype(dtype).type(0)

    @jit("f4 b2 f4 f4 n n n n n n n n", dtype, f"pool_gradient_{kind}_{dtype}")
    def pool_gradient(x, mask, dy, dx, size_h, size_w, stride_h, stride_w, dilation_h, dilation_w, before_h, before_w):
        e = element()
        if e < dx.size:
            N, W, C = dx.shape[1], dx.shape[2], dx.shape[3]
            c, w, n, h = e % C, e // C % W, e // (C * W) % N, e // (C * W * N)
            total = zero
            for i in range(_positive(h + before_h - size_h + stride_h) // stride_h, dy.shape[0]):
                top = i * stride_h - before_h
                for j in range(_positive(w + before_w - size_w + stride_w) // stride_w, dy.shape[2]):
                    left = j * stride_w - before_w
                    if top <= h and h < top + size_h and left <= w and w < left + size_w:
                        count, best_h, best_w, best = 0, -1, -1, zero
                        for u in range(_positive(top), _end(top, size_h, x.shape[0])):
                            for v in range(_positive(left), _end(left, size_w, x.shape[2])):
                                if largest:
                                    value = x[u, n, v, c]
                                    if best_h < 0 or not (value <= best or best != best):
                                        best_h, best_w, best = u, v, value
                                elif mask[u % mask.shape[0], n % mask.shape[1]]:
                                    count += 1
                        if largest:
                            total += dy[i, n, j, c] if best_h == h and best_w == w else zero
                        elif mask[h % mask.shape[0], n % mask.shape[1]]:
                            total += dy[i, n, j, c] / number(count) if average else dy[i, n, j, c]
            dx[h, n, w, c] = total

    return pool_gradient


@cache
def _place(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("f4 f4 n n n n", dtype, f"place_{dtype}")
    def place(x, out, first_h, first_w, factor_h, factor_w):
        i = element()
        if i < out.size:
            N, W, C = out.shape[1], out.shape[2], out.shape[3]
            out_h, out_w, n, c = i // (C * W * N), i // C % W, i // (C * W) % N, i % C
            h, w = out_h // factor_h - first_h, out_w // factor_w - first_w
            inside = h >= 0 and h < x.shape[0] and w >= 0 and w < x.shape[2]
            out[out_h, n, out_w, c] = x[h, n, w, c] if inside else zero

    return place


def pool_forward(
    x: Array, kind: str, windows: WindowSpec, *, mask: Array | None = None, training: bool = False
) -> tuple[Array, PoolTape | None]:
    """A thread computes one window of one feature."""
    (h, w), numbers = numbers_of(x, windows)
    y = driver.current().empty((h, x.shape[1], w, x.shape[-1]), x.dtype)
    counted = full((1, 1), np.bool_, True) if mask is None else mask
    launch_elements(_value(kind, x.dtype.name), y.size, as_image(x), counted, y, *numbers)
    return _like(x, y), PoolTape(x, kind, windows, counted) if training else None


def pool_backward(tape: PoolTape, dy: Array) -> Array:
    """A thread sums what one element of x gets from its windows, in their order."""
    x, kind, windows, mask = tape
    _, numbers = numbers_of(x, windows)
    dx = driver.current().empty(x.shape, dy.dtype)
    launch_elements(_gradient(kind, dy.dtype.name), dx.size, as_image(x), mask, as_image(dy), as_image(dx), *numbers)
    return dx


def _like(x: Array, y: Array) -> Array:
    """Return an image as a sequence if x is one."""
    return y.reshape(*y.shape[:2], y.shape[3]) if len(x.shape) == 3 else y


def _placed(x: Array, sizes: tuple[int, int], first: tuple[int, int], factors: tuple[int, int] = (1, 1)) -> Array:
    out = driver.current().empty((sizes[0], x.shape[1], sizes[1], x.shape[-1]), x.dtype)
    launch_elements(_place(x.dtype.name), out.size, as_image(x), out, *first, *factors)
    return _like(x, out)


def pad(x: Array, padding: Sequence[tuple[int, int]]) -> Array:
    """Returns a new array."""
    (top, bottom), (left, right) = (*padding, (0, 0))[:2]
    H, _, W, _ = as_image(x).shape
    return _placed(x, (H + top + bottom, W + left + right), (top, left))


def crop(x: Array, cropping: Sequence[tuple[int, int]]) -> Array:
    """Returns a new array."""
    (top, bottom), (left, right) = (*cropping, (0, 0))[:2]
    H, _, W, _ = as_image(x).shape
    return _placed(x, (H - top - bottom, W - left - right), (-top, -left))


def upsample(x: Array, factors: Sequence[int]) -> Array:
    """Returns a new array."""
    h, w = (*factors, 1)[:2]
    H, _, W, _ = as_image(x).shape
    return _placed(x, (H * h, W * w), (0, 0), (h, w))
