"""Convolutions, pooling, padding, cropping and repeating: sums over the places of a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..functions.activations import gradient, saved_of, value

Array = npt.NDArray[Any]

AXES = {3: (0,), 4: (0, 2), 5: (0, 2, 3)}  #: of a device array with so many axes, those that windows move along


class ConvTape(NamedTuple):
    """What :func:`conv_backward` needs. ``saved`` is the value or the argument of the activation."""

    x: Array
    kernel: Array
    has_bias: bool
    activation: Any
    windows: Any
    saved: Array


class PoolTape(NamedTuple):
    """What :func:`pool_backward` needs. ``counted`` is 1 where an element counts, ``known`` the maxima or the counts."""

    x: Array
    kind: str
    windows: Any
    counted: Any
    known: Any


def take(x: Array, slices: Sequence[slice]) -> Array:
    """x[slices] along the axes of windows."""
    index = [slice(None)] * x.ndim
    for axis, slice_ in zip(AXES[x.ndim], slices, strict=True):
        index[axis] = slice_
    return x[tuple(index)]


def places(x: Array, windows: Any) -> Iterator[tuple[tuple[int, ...], list[slice]]]:
    """Each place of a window, with the slices that hold this place of all windows of a padded x."""
    counts = windows.counts([x.shape[axis] - sum(pad) for axis, pad in zip(AXES[x.ndim], windows.padding, strict=True)])
    for place in product(*map(range, windows.size)):
        firsts = [k * dilation for k, dilation in zip(place, windows.dilation, strict=True)]
        sizes = zip(firsts, counts, windows.strides, strict=True)
        yield place, [slice(first, first + (count - 1) * stride + 1, stride) for first, count, stride in sizes]


def _groups(x: Array, W: Array) -> list[tuple[slice, slice]]:
    """The features of x and the filters of W (..., C, F) that belong to each group."""
    C, F = W.shape[-2:]
    groups = x.shape[-1] // C
    return [(slice(k * C, (k + 1) * C), slice(k * F // groups, (k + 1) * F // groups)) for k in range(groups)]


def conv_forward(
    x: Array, kernel: Any, bias: Any, activation: Any, windows: Any, *, training: bool = False
) -> tuple[Array, ConvTape | None]:
    """A product for each place of a window and each group of features."""
    W, padded = kernel.value, pad(x, windows.padding)
    z = np.concatenate(
        [
            sum(take(padded, slices)[..., features] @ W[place][:, filters] for place, slices in places(padded, windows))
            for features, filters in _groups(x, W)
        ],
        axis=-1,
    )
    z = z + (0 if bias is None else bias.value)
    y = value(activation, z)
    saved = saved_of(activation, z, y)
    return y, ConvTape(padded, W, bias is not None, activation, windows, saved) if training else None


def conv_backward(tape: ConvTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """The products of a dense layer for each place of a window and each group of features."""
    x, W, windows = tape.x, tape.kernel, tape.windows
    dz = gradient(tape.activation, tape.saved, dy)
    drows, dx, dW = dz.reshape(-1, dz.shape[-1]), np.zeros_like(x), np.zeros_like(W)
    for place, slices in places(x, windows):
        rows, dx_rows = take(x, slices).reshape(-1, x.shape[-1]), take(dx, slices)
        for features, filters in _groups(x, W):
            dW[place][:, filters] = rows[:, features].T @ drows[:, filters]
            dx_rows[..., features] += dz[..., filters] @ W[place][:, filters].T
    return crop(dx, windows.padding) if need_dx else None, dW, np.sum(drows, axis=0) if tape.has_bias else None


def pool_forward(
    x: Array, kind: str, windows: Any, *, mask: Array | None = None, training: bool = False
) -> tuple[Array, PoolTape | None]:
    """Elements outside of x are minus infinity, or zeros that do not count."""
    counted = np.ones(x.shape[:-1], x.dtype) if mask is None else mask.astype(x.dtype)
    if kind == "max":
        padded = _filled(x, windows.padding, -np.inf)
        y = np.maximum.reduce([take(padded, slices) for _, slices in places(padded, windows)])
        return y, PoolTape(padded, kind, windows, None, y) if training else None
    padded, counts = pad(np.where(counted[..., None] > 0, x, x.dtype.type(0)), windows.padding), 1.0
    counted = pad(counted[..., None], windows.padding)
    y = sum(take(padded, slices) for _, slices in places(padded, windows))
    if kind == "average":
        counts = sum(take(counted, slices) for _, slices in places(counted, windows))
    with np.errstate(invalid="ignore", divide="ignore"):
        return y / counts, PoolTape(padded, kind, windows, counted, counts) if training else None


def pool_backward(tape: PoolTape, dy: Array) -> Array:
    """A maximum is found again by its value."""
    x, kind, windows, counted, known = tape
    dx, found = np.zeros_like(x), np.zeros(dy.shape, bool)
    for _, slices in places(x, windows):
        if kind == "max":
            values = take(x, slices)
            here = ((values == known) | (np.isnan(values) & np.isnan(known))) & ~found
            found |= here
            take(dx, slices)[...] += np.where(here, dy, 0)
        else:
            with np.errstate(invalid="ignore", divide="ignore"):
                take(dx, slices)[...] += np.where(take(counted, slices) > 0, dy / known, 0)
    return crop(dx, windows.padding)


def pad(x: Array, padding: Sequence[tuple[int, int]]) -> Array:
    """A new array."""
    return _filled(x, padding, 0.0)


def _filled(x: Array, padding: Sequence[tuple[int, int]], fill: float) -> Array:
    widths = [(0, 0)] * x.ndim
    for axis, width in zip(AXES[x.ndim], padding, strict=True):
        widths[axis] = width
    return np.pad(x, widths, constant_values=x.dtype.type(fill))


def crop(x: Array, cropping: Sequence[tuple[int, int]]) -> Array:
    """A view."""
    lengths = [x.shape[axis] for axis in AXES[x.ndim]]
    return take(x, [slice(first, length - last) for (first, last), length in zip(cropping, lengths, strict=True)])


def upsample(x: Array, factors: Sequence[int]) -> Array:
    """A new array."""
    for axis, factor in zip(AXES[x.ndim], factors, strict=True):
        x = np.repeat(x, factor, axis=axis)
    return x
