"""Convolutions: windows as rows of a matrix, whose product with the kernel is that of a dense layer."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ...op_types import Weight
from ...specs import Activation, WindowSpec
from ..arrays.arrays import concat, device_value, matrix, split
from ..arrays.elementwise import flat
from ..arrays.sums import column_sums
from ..gemm.gemm import product, product_nt, product_tn
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements
from .dense import ActivationTape, activation_backward, activation_forward
from .windows import as_image, numbers_of

Array = Any


class ConvTape(NamedTuple):
    """What :func:`conv_backward` needs. ``rows`` are the windows of each group of features, a row each."""

    rows: list[Array]
    kernels: list[Array]
    kernel_shape: tuple[int, ...]
    has_bias: bool
    activation_tape: ActivationTape
    windows: WindowSpec
    shape: tuple[int, ...]


@cache
def _unfold(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("f4 f2 n n n n n n n n n n", dtype, f"unfold_{dtype}")
    def unfold(x, rows, H, W, size_h, size_w, stride_h, stride_w, dilation_h, dilation_w, before_h, before_w):
        i = element()
        if i < rows.size:
            N, C = x.shape[1], x.shape[3]
            m, k = i // rows.shape[1], i % rows.shape[1]
            h = m // (N * W) * stride_h + k // (C * size_w) * dilation_h - before_h
            w = m % W * stride_w + k // C % size_w * dilation_w - before_w
            inside = h >= 0 and h < x.shape[0] and w >= 0 and w < x.shape[2]
            rows[m, k] = x[h, m // W % N, w, k % C] if inside else zero

    return unfold


@cache
def _fold(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("f2 f4 n n n n n n n n n n", dtype, f"fold_{dtype}")
    def fold(rows, x, H, W, size_h, size_w, stride_h, stride_w, dilation_h, dilation_w, before_h, before_w):
        i = element()
        if i < x.size:
            N, C = x.shape[1], x.shape[3]
            c, w, n, h = i % C, i // C % x.shape[2], i // (C * x.shape[2]) % N, i // (C * x.shape[2] * N)
            total = zero
            for kh in range(size_h):
                top = h + before_h - kh * dilation_h
                for kw in range(size_w):
                    left = w + before_w - kw * dilation_w
                    inside = top >= 0 and left >= 0 and top % stride_h == 0 and left % stride_w == 0
                    if inside and top // stride_h < H and left // stride_w < W:
                        total += rows[(top // stride_h * N + n) * W + left // stride_w, (kh * size_w + kw) * C + c]
            x[h, n, w, c] = total

    return fold


def conv_forward(
    x: Array, kernel: Weight, bias: Weight | None, activation: Activation, windows: WindowSpec, *, training: bool = False
) -> tuple[Array, ConvTape | None]:
    """Copies the windows, one thread per element, then computes a product for each group of features."""
    kernel_shape = kernel.value.shape
    *_, C, F = kernel_shape
    groups = x.shape[-1] // C
    W = device_value(kernel).reshape(prod(kernel_shape) // F, F)
    Ws, xs = ([W], [x]) if groups == 1 else (split(W, [F // groups] * groups), split(x, [C] * groups))
    b = None if bias is None else device_value(bias)
    biases = [b] * groups if b is None or groups == 1 else split(b.reshape(1, F), [F // groups] * groups)
    counts, numbers = numbers_of(x, windows)
    M = counts[0] * x.shape[1] * counts[1]
    rows, zs = [], []
    for x_part, W_part, b_part in zip(xs, Ws, biases, strict=True):
        part = driver.current().empty((M, W.shape[0]), x.dtype)
        launch_elements(_unfold(x.dtype.name), part.size, as_image(x_part), part, *counts, *numbers)
        zs.append(product(part, W_part, None if b_part is None else flat(b_part)))
        rows.append(part)
    shape = (counts[0], x.shape[1], F) if len(x.shape) == 3 else (counts[0], x.shape[1], counts[1], F)
    y, tape = activation_forward((zs[0] if groups == 1 else concat(zs)).reshape(*shape), activation, training=training)
    return y, None if tape is None else ConvTape(rows, Ws, kernel_shape, bias is not None, tape, windows, x.shape)


def conv_backward(tape: ConvTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """The gradient of an element of x is a sum over its places in windows, by one thread."""
    dz = matrix(activation_backward(tape.activation_tape, dy))
    groups, C = len(tape.rows), tape.kernel_shape[-2]
    dzs = [dz] if groups == 1 else split(dz, [dz.shape[1] // groups] * groups)
    dWs = [product_tn(rows, part) for rows, part in zip(tape.rows, dzs, strict=True)]
    dW = (dWs[0] if groups == 1 else concat(dWs)).reshape(*tape.kernel_shape)
    db = column_sums(dz).reshape(dz.shape[1]) if tape.has_bias else None
    if not need_dx:
        return None, dW, db
    dxs = []
    for part, W in zip(dzs, tape.kernels, strict=True):
        drows, dx = product_nt(part, W), driver.current().empty((*tape.shape[:-1], C), dy.dtype)
        counts, numbers = numbers_of(dx, tape.windows)
        launch_elements(_fold(dy.dtype.name), dx.size, drows, as_image(dx), *counts, *numbers)
        dxs.append(dx)
    return dxs[0] if groups == 1 else concat(dxs), dW, db
