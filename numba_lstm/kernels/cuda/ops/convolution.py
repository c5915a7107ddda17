"""Convolutions: windows as rows of a matrix, whose product with the kernel is that of a dense layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ...op_types import Weight
from ...specs import Activation, WindowSpec
from ..arrays.arrays import asarray, concat, device_value, matrix, split
from ..arrays.elementwise import flat
from ..arrays.sums import column_sums
from ..gemm.gemm import product, product_nt, product_tn
from ..runtime import driver
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements
from .dense import ActivationTape, activation_backward, activation_forward

Array = Any


class ConvTape(NamedTuple):
    """What :func:`conv_backward` needs. ``rows`` are the windows of each group of features, a row each."""

    rows: list[Array]
    kernels: list[Array]
    kernel_shape: tuple[int, ...]
    has_bias: bool
    activation_tape: ActivationTape
    axes: Array
    shape: tuple[int, ...]


@cache
def _unfold(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("f5 f2 n2", dtype, f"unfold_{dtype}")
    def unfold(x, rows, axes):
        i = element()
        if i < rows.size:
            N, C = x.shape[1], x.shape[4]
            H, W, size_h, size_w = axes[1, 0], axes[2, 0], axes[1, 1], axes[2, 1]
            m, k = i // rows.shape[1], i % rows.shape[1]
            d = m // (N * H * W) * axes[0, 2] + k // (C * size_h * size_w) * axes[0, 3] - axes[0, 4]
            h = m // W % H * axes[1, 2] + k // (C * size_w) % size_h * axes[1, 3] - axes[1, 4]
            w = m % W * axes[2, 2] + k // C % size_w * axes[2, 3] - axes[2, 4]
            inside = d >= 0 and d < x.shape[0] and h >= 0 and h < x.shape[2] and w >= 0 and w < x.shape[3]
            rows[m, k] = x[d, m // (H * W) % N, h, w, k % C] if inside else zero

    return unfold


@cache
def _fold(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("f2 f5 n2", dtype, f"fold_{dtype}")
    def fold(rows, x, axes):
        i = element()
        if i < x.size:
            N, C = x.shape[1], x.shape[4]
            c, w, h, m = i % C, i // C % x.shape[3], i // (C * x.shape[3]) % x.shape[2], i // (C * x.shape[3] * x.shape[2])
            d, n, H, W, size_h, size_w = m // N, m % N, axes[1, 0], axes[2, 0], axes[1, 1], axes[2, 1]
            total = zero
            for kd in range(axes[0, 1]):
                z = d + axes[0, 4] - kd * axes[0, 3]
                for kh in range(size_h):
                    top = h + axes[1, 4] - kh * axes[1, 3]
                    for kw in range(size_w):
                        left = w + axes[2, 4] - kw * axes[2, 3]
                        inside = z >= 0 and z % axes[0, 2] == 0 and z // axes[0, 2] < axes[0, 0]
                        inside = inside and top >= 0 and top % axes[1, 2] == 0 and top // axes[1, 2] < H
                        if inside and left >= 0 and left % axes[2, 2] == 0 and left // axes[2, 2] < W:
                            row = ((z // axes[0, 2] * N + n) * H + top // axes[1, 2]) * W + left // axes[2, 2]
                            total += rows[row, ((kd * size_h + kh) * size_w + kw) * C + c]
            x[d, n, h, w, c] = total

    return fold


def _as_volume(x: Array) -> Array:
    """Return a sequence (T, N, C) or an image (H, N, W, C) as a volume (D, N, 1, W, C); a volume as it is."""
    first, N, *lengths, C = x.shape
    return x.reshape(first, N, *((1, 1), (1, *lengths), lengths)[len(lengths)], C)


def _axes(windows: WindowSpec, counts: tuple[int, ...]) -> Array:
    """Return a row for each axis of a volume: its windows, their size, stride, dilation, and the places before the first."""
    before = tuple(first for first, _ in windows.padding)
    rows = list(zip(counts, windows.size, windows.strides, windows.dilation, before, strict=True))
    missing = [(1, 1, 1, 1, 0)] * (3 - len(rows))
    return asarray(np.array([rows[0], *missing, *rows[1:]], np.int64), np.int64)


def _folded(rows: Array, shape: Sequence[int], axes: Array) -> Array:
    """Return an array of ``shape`` with the sums of what rows, a window each, hold for each of its elements."""
    x = driver.current().empty(tuple(shape), rows.dtype)
    launch_elements(_fold(rows.dtype.name), x.size, rows, _as_volume(x), axes)
    return x


def fold_rows(rows: Array, shape: Sequence[int], windows: WindowSpec, counts: tuple[int, ...]) -> Array:
    """Return an array of ``shape`` to which each of the ``counts`` windows has added its row, the gradient of copying them."""
    return _folded(rows, shape, _axes(windows, counts))


def conv_forward(
    x: Array, kernel: Weight, bias: Weight | None, activation: Activation, windows: WindowSpec, *, training: bool = False
) -> tuple[Array, ConvTape | None]:
    """Copies the windows, one thread per element, then computes a product for each group of features."""
    W = device_value(kernel)
    *_, C, F = kernel_shape = W.shape
    groups = x.shape[-1] // C
    W = W.reshape(W.size // F, F)
    Ws, xs = ([W], [x]) if groups == 1 else (split(W, [F // groups] * groups), split(x, [C] * groups))
    b = None if bias is None else device_value(bias)
    biases = [b] * groups if b is None or groups == 1 else split(b.reshape(1, F), [F // groups] * groups)
    counts = windows.counts((x.shape[0], *x.shape[2:-1]))
    M, axes = prod(counts) * x.shape[1], _axes(windows, counts)
    rows, zs = [], []
    for x_part, W_part, b_part in zip(xs, Ws, biases, strict=True):
        part = driver.current().empty((M, W.shape[0]), x.dtype)
        launch_elements(_unfold(x.dtype.name), part.size, _as_volume(x_part), part, axes)
        zs.append(product(part, W_part, None if b_part is None else flat(b_part)))
        rows.append(part)
    shape = (counts[0], x.shape[1], *counts[1:], F)
    y, tape = activation_forward((zs[0] if groups == 1 else concat(zs)).reshape(*shape), activation, training=training)
    return y, None if tape is None else ConvTape(rows, Ws, kernel_shape, bias is not None, tape, axes, x.shape)


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
        dxs.append(_folded(product_nt(part, W), (*tape.shape[:-1], C), tape.axes))
    return dxs[0] if groups == 1 else concat(dxs), dW, db
