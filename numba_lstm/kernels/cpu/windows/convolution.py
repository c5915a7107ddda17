"""CPU: convolutions, as products of windows with packed kernels.

The gradient of x is a convolution too: of dz with the transposed kernel, whose taps are in reverse. Where windows are
``stride`` apart, the places of x with the same remainder by it have the same taps, and are a convolution of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ...specs import Activation, WindowSpec
from ..arrays.arrays import concat, merge_steps, shaped, split_steps
from ..arrays.copy_tasks import as_rows
from ..compiler.jit import kernel
from ..gemm import pack
from ..gemm.layout import NUMBA, VectorGeometry, column_layout, vector_geometry
from ..gemm.weight_grad import plain_gradient
from ..ops.activation import ActivationTape, apply, gradient
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned, empty
from ..runtime.strides import element_strides
from ..runtime.task import KernelCall
from .few_features import few_features_gradient, has_few_features
from .filters import Filters, filters_of, joined, packed_bias, rows_of_group
from .geometry import Rows, Taps, as_image, rows_of, taps_of, window_of, window_rows
from .gradients import tap_gradient
from .products import TapWeights, window_products
from .resizing import padded
from .volumes import depth_first, images_of, plane, volume_gradient

Array = npt.NDArray[Any]

#: Features up to which the copy of a padded sequence has the steps of a sample next to each other, so that a window is one tap.
FEW = 8


class _Tape(NamedTuple):
    x: Array  #: (H, N, W, C), padded
    kernel: Weight
    bias: Weight | None
    window: WindowSpec
    shape: tuple[int, ...]  #: of x as it came
    activation: ActivationTape


class _VolumeTape(NamedTuple):
    images: _Tape
    windows: WindowSpec
    shape: tuple[int, ...]  #: of x


def conv_forward(
    x: Array,
    kernel: Weight,
    bias: Weight | None,
    activation: Activation,
    windows: WindowSpec,
    *,
    training: bool = False,
) -> tuple[Array, _Tape | _VolumeTape | None]:
    """CPU: the bias, then one tap after another, each in the order of its features: bits do not depend on the batch."""
    if x.ndim < 5:
        return _forward(x, kernel, bias, activation, windows, training)
    images = images_of(x, kernel.value.shape[-2], windows)
    y, tape = _forward(images, kernel, bias, activation, plane(windows), training)
    return split_steps(y, images.shape[1] // x.shape[1]), None if tape is None else _VolumeTape(tape, windows, x.shape)


def _forward(
    x: Array, kernel: Weight, bias: Weight | None, activation: Activation, windows: WindowSpec, training: bool
) -> tuple[Array, _Tape | None]:
    """Compute a convolution of sequences or images."""
    window, F = window_of(windows), kernel.value.shape[-1]
    image, counts = _padded(as_image(x), window), (*windows.counts(_lengths(x)), 1)[:2]
    zs = [_group_product(image, filters, bias, window, counts) for filters in filters_of(kernel, x.shape[-1])]
    geometry = vector_geometry(x.dtype)
    z = joined(zs, F // len(zs), column_layout(F, geometry).padded(geometry))
    (h, w), N = counts, x.shape[1]
    y, kept = apply(activation, z, (h, N, F) if x.ndim == 3 else (h, N, w, F), training)
    return y, None if kept is None else _Tape(image, kernel, bias, window, x.shape, kept)


def _group_product(image: Array, filters: Filters, bias: Weight | None, window: WindowSpec, counts: tuple[int, int]) -> Array:
    """Return rows (M, padded) of one group of filters for a padded image."""
    C, F = filters.C, filters.size
    geometry = vector_geometry(image.dtype)
    layout = column_layout(F, geometry)
    x = image[..., filters.features]
    taps = taps_of(element_strides(x), window.size, window.dilation, C)
    K, columns = window.size[0] * window.size[1] * C, layout.padded(geometry)
    weights = TapWeights(
        filters.packed("cpu.blocks", pack.blocks), K, 0, (K // taps.sizes[0], K // taps.sizes[0] // taps.sizes[1])
    )
    rows = window_rows(x, window, counts, longest_last=True)
    z = aligned((counts[0] * x.shape[1] * counts[1], columns), x.dtype)
    b = packed_bias(bias, filters, columns, x.dtype)
    run_eagerly([window_products(x, taps, weights, b, z, rows, layout, geometry)])
    return z


def _lengths(x: Array) -> tuple[int, ...]:
    return (x.shape[0],) if x.ndim == 3 else (x.shape[0], x.shape[2])


def _padded(x: Array, window: WindowSpec) -> Array:
    """Return x (H, N, W, C) with zeros around it; x itself where there are none and kernels can read it."""
    (top, bottom), (left, right) = window.padding
    if not (top or bottom or left or right):
        return as_rows(x)
    H, N, W, C = x.shape
    shape = H + top + bottom, N, W + left + right, C
    if W == 1 and C <= FEW and window.dilation[0] == 1:
        return padded(x, (top, left), empty((N, shape[0], *shape[2:]), x.dtype).transpose(1, 0, 2, 3))
    return padded(x, (top, left), empty(shape, x.dtype))


def conv_backward(tape: _Tape | _VolumeTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """CPU: dz in padded rows, then the products."""
    if isinstance(tape, _Tape):
        return _backward(tape, dy, need_dx)
    images, windows, shape = tape
    dx, dW, db = _backward(images, merge_steps(dy), need_dx)
    kernel_shape = images.kernel.value.shape
    return None if dx is None else volume_gradient(dx, shape, kernel_shape[-2], windows), depth_first(dW, kernel_shape), db


def _backward(tape: _Tape, dy: Array, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """Compute the gradients of :func:`_forward`, the kernel's as (K, L, C, F) or (K, C, F)."""
    x, window, bias = tape.x, tape.window, tape.bias
    F = tape.kernel.value.shape[-1]
    geometry = vector_geometry(x.dtype)
    dz = gradient(tape.activation, dy, column_layout(F, geometry).padded(geometry))
    db = None if bias is None else plain_gradient(np.ones((len(dz), 1), x.dtype), dz, F, geometry)[0]
    h, N, w = (*dy.shape[:2], dy.shape[2] if dy.ndim == 4 else 1)
    dWs, dxs = [], []
    for filters in filters_of(tape.kernel, x.shape[-1]):
        layout = column_layout(filters.size, geometry)
        rows, part = rows_of_group(dz, filters, layout.padded(geometry)), x[..., filters.features]
        taps = taps_of(element_strides(part), window.size, window.dilation, filters.C)
        dW, task = tap_gradient(part, rows, taps, window_rows(part, window, (h, w), longest_last=False), layout, geometry)
        run_eagerly([task])
        dWs.append(dW[:, : filters.size])
        if need_dx:
            dxs.append(input_gradient(filters, window, part.shape, shaped(rows, (h, N, w, filters.size))))
    dW = dWs[0] if len(dWs) == 1 else concat(dWs)
    if tape.kernel.value.ndim < 5:
        dW = dW.reshape(tape.kernel.value.shape)
    if not need_dx:
        return None, dW, db
    dx = dxs[0] if len(dxs) == 1 else concat(dxs)
    return (dx if len(tape.shape) == 4 else dx[:, :, 0]), dW, db


@cache
def _pack_taps(geometry: VectorGeometry) -> Any:
    """Return the kernel that packs the transpose of each tap of W (taps, C, F), in blocks of the C columns."""
    w = geometry.w

    def pack_taps(W, out, last):
        taps, C, F = W.shape
        for q in range(C // w + (1 if last > 0 else 0)):
            width = w if q < C // w else last
            for tap in range(taps):
                for f in range(F):
                    at = q * w * taps * F + (tap * F + f) * width
                    for j in range(width):
                        out[at + j] = W[tap, q * w + j, f] if q * w + j < C else 0

    return kernel(pack_taps, f"pack_taps_{geometry.dtype}x{geometry.V}", NUMBA[geometry.dtype], "x3 f1 i")


def _transposed_taps(W: Array) -> Array:
    """Return the transpose of each tap of W (taps, C, F), packed in blocks of the C columns."""
    geometry, C = vector_geometry(W.dtype), W.shape[1]
    columns = column_layout(C, geometry).padded(geometry)
    out = aligned((W.size // C * columns,), W.dtype)
    last = columns - C // geometry.w * geometry.w
    run_eagerly([KernelCall(_pack_taps(geometry), W, out, last)])
    return out


class _Phase(NamedTuple):
    """Along one axis, the places of x with one remainder by the stride: their taps, in the order of dz, and their places."""

    remainder: int
    taps: int
    last_tap: int
    places: int


def _phases(size: int, stride: int, length: int) -> list[_Phase]:
    found = []
    for remainder in range(min(stride, length)):
        taps = len(range(remainder, size, stride))
        found.append(_Phase(remainder, taps, remainder + (taps - 1) * stride, len(range(remainder, length, stride))))
    return found


def input_gradient(filters: Filters, window: WindowSpec, shape: Sequence[int], dz: Array) -> Array:
    """Return dx for x of a padded ``shape`` (H, N, W, C) and dz (H', N, W', F): a convolution for each pair of remainders."""
    geometry, (H, N, W, C), F = vector_geometry(dz.dtype), shape, filters.size
    (top, bottom), (left, right) = window.padding
    inside = slice(top, H - bottom), slice(None), slice(left, W - right)
    if has_few_features(C, window, dz.dtype):
        return few_features_gradient(filters, window, shape, dz)[inside]
    layout = column_layout(C, geometry)
    columns = layout.padded(geometry)
    axes = [_phases(*sizes) for sizes in zip(window.size, window.strides, (H, W), strict=True)]
    before = [(max(phase.taps for phase in phases) - 1) * d for phases, d in zip(axes, window.dilation, strict=True)]
    lengths = [
        first + max(length, max(phase.places for phase in phases))
        for first, length, phases in zip(before, (dz.shape[0], dz.shape[2]), axes, strict=True)
    ]
    if (lengths[0], lengths[1]) != (dz.shape[0], dz.shape[2]):
        dz = padded(dz, (before[0], before[1]), empty((lengths[0], N, lengths[1], F), dz.dtype))
    packed, bias = filters.packed("cpu.transposed_taps", _transposed_taps), pack.zero_bias(columns, dz.dtype)
    out, K = aligned((H * N * W, columns), dz.dtype), window.size[0] * window.size[1] * F
    zh, zn, zw, _ = element_strides(dz)
    tasks = []
    for a, b in product(*axes):
        taps = Taps((a.taps, b.taps), (zh * window.dilation[0], zw * window.dilation[1]), F)
        weights = TapWeights(
            packed, K, (a.last_tap * window.size[1] + b.last_tap) * F,
            (-window.strides[0] * window.size[1] * F, -window.strides[1] * F),
        )  # fmt: skip
        first = tuple(f - max(0, phase.taps - 1) * d for f, phase, d in zip(before, (a, b), window.dilation, strict=True))
        rows: Rows = rows_of(
            (a.places, N, b.places), (zh, zn, zw), (window.strides[0] * N * W, W, window.strides[1]), longest_last=True
        )
        origin = dz[first[0] :, :, first[1] :]
        tasks.append(
            window_products(origin, taps, weights, bias, out, rows, layout, geometry, a.remainder * N * W + b.remainder)
        )
    run_eagerly(tasks)
    return shaped(out, (H, N, W, C))[inside]
