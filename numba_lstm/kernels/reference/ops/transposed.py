"""Transposed convolutions: each element of x adds its product with the kernel to the places of a window of y."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..functions.activations import gradient, saved_of, value
from .windows import AXES, crop, pad, places, take

Array = npt.NDArray[Any]


class TransposedTape(NamedTuple):
    """What :func:`conv_transpose_backward` needs. ``saved`` is the value or the argument of the activation."""

    x: Array
    kernel: Array
    has_bias: bool
    activation: Any
    windows: Any
    saved: Array


def conv_transpose_forward(
    x: Array, kernel: Any, bias: Any, activation: Any, windows: Any, lengths: Sequence[int], *, training: bool = False
) -> tuple[Array, TransposedTape | None]:
    """A product for each place of a window."""
    W = kernel.value
    shape = [*x.shape[:-1], W.shape[-2]]
    for axis, length, padding in zip(AXES[x.ndim], lengths, windows.padding, strict=True):
        shape[axis] = length + sum(padding)
    z = np.zeros(shape, x.dtype)
    for place, slices in places(z, windows):
        take(z, slices)[...] += x @ W[place].T
    z = crop(z, windows.padding) + (0 if bias is None else bias.value)
    y = value(activation, z)
    tape = TransposedTape(x, W, bias is not None, activation, windows, saved_of(activation, z, y)) if training else None
    return y, tape


def conv_transpose_backward(tape: TransposedTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """The products of a dense layer for each place of a window."""
    x, W, has_bias, activation, windows, saved = tape
    dz = gradient(activation, saved, dy)
    padded, dx, dW = pad(dz, windows.padding), np.zeros_like(x), np.zeros_like(W)
    for place, slices in places(padded, windows):
        here = take(padded, slices)
        dx += here @ W[place]
        dW[place] = here.reshape(-1, here.shape[-1]).T @ x.reshape(-1, x.shape[-1])
    return dx if need_dx else None, dW, np.sum(dz.reshape(-1, dz.shape[-1]), axis=0) if has_bias else None
