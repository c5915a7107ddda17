"""Volumes (D, N, H, W, C) as images whose features are those of a window along D, so that products have two axes of taps.

Image d * N + n has for each place of D' the features of the ``depth`` elements of its window: ``depth * C`` of each group.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from ...specs import WindowSpec
from ..arrays.arithmetic_tasks import added
from ..arrays.arrays import merge_steps, split_steps
from ..arrays.copy_tasks import copied, reshaped, zeroed
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from .resizing import crop, pad

Array = npt.NDArray[Any]


def plane(windows: WindowSpec) -> WindowSpec:
    """Return the windows of a volume along H and W."""
    return WindowSpec(windows.size[1:], windows.strides[1:], windows.dilation[1:], windows.padding[1:])


def _along_depth(x: Array) -> Array:
    """Return a volume as a sequence (D, N, H * W * C)."""
    return reshaped(x, (*x.shape[:2], math.prod(x.shape[2:])))


def _places(windows: WindowSpec, count: int, C: int, features: int) -> Iterator[tuple[slice, slice, slice]]:
    """Yield the slices of D, of the features C of each group, and of the features of images for each element of a window."""
    size, stride, dilation = windows.size[0], windows.strides[0], windows.dilation[0]
    for group in range(features // C):
        for k in range(size):
            first, to = k * dilation, (group * size + k) * C
            yield slice(first, first + (count - 1) * stride + 1, stride), slice(group * C, (group + 1) * C), slice(to, to + C)


def images_of(x: Array, C: int, windows: WindowSpec) -> Array:
    """Return the images (H, D' * N, W, G * depth * C) of a volume x (D, N, H, W, G * C)."""
    D, N, H, W, features = x.shape
    (count,) = WindowSpec(windows.size[:1], windows.strides[:1], windows.dilation[:1], windows.padding[:1]).counts((D,))
    padded = x
    if any(windows.padding[0]):
        padded = pad(_along_depth(x), windows.padding[:1]).reshape(-1, N, H, W, features)
    out = empty((count, N, H, W, features * windows.size[0]), x.dtype)
    run_eagerly([copied(padded[d][..., f], out[..., to]) for d, f, to in _places(windows, count, C, features)])
    return merge_steps(out)


def volume_gradient(dimages: Array, shape: tuple[int, ...], C: int, windows: WindowSpec) -> Array:
    """Return the gradient of a volume of ``shape`` for that of its images."""
    D, N, H, W, features = shape
    (before, after), size = windows.padding[0], windows.size[0]
    count = dimages.shape[1] // N
    given, out = split_steps(dimages, count), empty((before + D + after, N, H, W, features), dimages.dtype)
    sums = []
    for d, f, to in _places(windows, count, C, features):
        sums.append(added(out[d][..., f], given[..., to], out[d][..., f]))
    run_eagerly([zeroed(out), *sums])
    assert given.shape[-1] == features * size
    return crop(_along_depth(out), ((before, after),)).reshape(shape) if before or after else out


def depth_beside_features(kernel: Array) -> Array:
    """Return a kernel (depth, K, L, C, F) as (K, L, depth * C, F), copied by a task."""
    depth, K, L, C, F = kernel.shape
    out = empty((K, L, depth, C, F), kernel.dtype)
    run_eagerly([copied(kernel.transpose(1, 2, 0, 3, 4), out)])
    return out.reshape(K, L, depth * C, F)


def depth_first(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient (K, L, depth * C, F) of a kernel of ``shape`` (depth, K, L, C, F) in that shape."""
    depth, K, L, C, F = shape
    out = empty(shape, gradient.dtype)
    run_eagerly([copied(gradient.reshape(K, L, depth, C, F).transpose(2, 0, 1, 3, 4), out)])
    return out
