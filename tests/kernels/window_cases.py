"""Convolutions and pooling of a device: cases, and running them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from kernel_cases import put

from numba_lstm.kernels.specs import Activation, WindowSpec
from numba_lstm.variables import Variable

Array = npt.NDArray[Any]

TANH = Activation("tanh")


def windows(size: Any, strides: Any = 1, dilation: Any = 1, padding: Any = (0, 0)) -> WindowSpec:
    """A spec of one axis, or of several from lists."""
    if isinstance(size, list):
        return WindowSpec(tuple(size), tuple(strides), tuple(dilation), tuple(padding))
    return WindowSpec((size,), (strides,), (dilation,), (padding,))


#: Shape of x, filters, windows.
CONVOLUTIONS = [
    ((9, 3, 7), 11, windows(3)),
    ((9, 3, 7), 11, windows(3, padding=(1, 1))),
    ((9, 3, 2), 11, windows(4, padding=(3, 0))),  # few features
    ((9, 3, 7), 70, windows(3, dilation=2, padding=(4, 0))),
    ((10, 3, 5), 4, windows(3, strides=2, padding=(0, 1))),
    ((10, 2, 5), 4, windows(2, strides=3)),  # steps that no window reads
    ((5, 3, 17), 3, windows(5)),
    ((4, 1, 1), 1, windows(1)),
    ((6, 3, 5, 4), 11, windows([3, 2], [1, 1], [1, 1], [(1, 1), (0, 1)])),
    ((6, 2, 5, 9), 4, windows([2, 3], [1, 1], [2, 1], [(1, 0), (0, 1)])),  # more features than half a vector
    ((7, 2, 8, 3), 5, windows([3, 3], [2, 3], [1, 1], [(0, 0), (1, 1)])),
    ((7, 2, 6, 3), 5, windows([2, 3], [1, 1], [3, 2], [(0, 0), (0, 0)])),
]

#: The same, with groups of features, and volumes.
GROUPED = [
    ((9, 3, 6), 12, 3, windows(3, padding=(1, 1))),
    ((7, 2, 6, 4), 18, 2, windows([2, 3], [2, 1], [1, 1], [(0, 0), (1, 1)])),
    ((5, 2, 4, 3, 3), 7, 1, windows([2, 3, 2], [1, 1, 1], [2, 1, 1], [(1, 0), (1, 1), (0, 1)])),
    ((6, 3, 3, 4, 4), 6, 2, windows([3, 1, 2], [2, 1, 3], [1, 1, 1], [(0, 0), (0, 0), (1, 1)])),
]

#: Shape of x, filters, the windows of the output, and its lengths.
TRANSPOSED = [
    ((7, 3, 5), 11, windows(3), (9,)),
    ((7, 3, 5), 11, windows(4, 2, padding=(1, 1)), (14,)),
    ((5, 2, 3), 70, windows(2, 3), (15,)),  # an element in no window
    ((6, 3, 4), 3, windows(3, dilation=2, padding=(2, 2)), (6,)),
    ((4, 2, 5, 3), 6, windows([3, 2], [2, 3], [1, 1], [(1, 0), (0, 0)]), (8, 14)),
    ((4, 3, 5, 6), 2, windows([3, 2], [1, 1], [1, 2], [(1, 1), (0, 1)]), (4, 6)),  # few features
    ((3, 2, 2, 4, 3), 5, windows([2, 3, 1], [2, 1, 2], [1, 1, 1], [(0, 0), (1, 0), (0, 0)]), (6, 3, 8)),
]

#: Shape of x, kind, windows.
POOLING = [
    ((9, 3, 7), "max", windows(2, 2)),
    ((9, 3, 7), "max", windows(3, 2, padding=(1, 1))),
    ((9, 3, 7), "average", windows(3, 1, padding=(1, 1))),
    ((9, 3, 7), "sum", windows(4, 3)),
    ((6, 3, 5, 4), "max", windows([2, 3], [1, 2], [1, 1], [(0, 0), (1, 1)])),
    ((6, 3, 5, 4), "average", windows([2, 3], [2, 2], [1, 1], [(0, 1), (0, 1)])),
]


def conv_case(shape: tuple[int, ...], F: int, spec: WindowSpec, dtype: str = "float64", groups: int = 1) -> tuple[Array, ...]:
    """x, W, b, dy."""
    rng, C = np.random.default_rng([8, *shape, F]), shape[-1] // groups
    x = rng.standard_normal(shape)
    lengths = (shape[0], *shape[2:-1])
    h, *w = spec.counts(lengths)
    W = rng.standard_normal((*spec.size, C, F)) / (C * np.prod(spec.size)) ** 0.5
    dy = rng.standard_normal((h, shape[1], *w, F))
    return tuple(a.astype(dtype) for a in (x, W, rng.standard_normal(F), dy))


def pool_case(shape: tuple[int, ...], spec: WindowSpec, dtype: str = "float64") -> tuple[Array, Array]:
    """x, with equal elements here and there, and dy."""
    rng = np.random.default_rng([9, *shape])
    lengths = (shape[0],) if len(shape) == 3 else (shape[0], shape[2])
    h, *w = spec.counts(lengths)
    x, dy = rng.integers(0, 7, shape), rng.standard_normal((h, shape[1], *w, shape[-1]))
    return x.astype(dtype), dy.astype(dtype)


def run_conv(ops: Any, spec: WindowSpec, x: Array, W: Array, b: Array | None, dy: Array, *, need_dx: bool = True) -> list[Any]:
    """y, dx, dW, db on the host."""
    bias = None if b is None else Variable(b)
    y, tape = ops.conv_forward(put(ops, x), Variable(W), bias, TANH, spec, training=True)
    y = np.array(ops.to_host(y))
    gradients = ops.conv_backward(tape, put(ops, dy), need_dx=need_dx)
    return [y, *(None if g is None else np.array(ops.to_host(g)) for g in gradients)]


def run_pool(ops: Any, kind: str, spec: WindowSpec, x: Array, dy: Array, mask: Array | None = None) -> list[Array]:
    """y and dx on the host."""
    y, tape = ops.pool_forward(put(ops, x), kind, spec, mask=put(ops, mask), training=True)
    y = np.array(ops.to_host(y))
    return [y, np.array(ops.to_host(ops.pool_backward(tape, put(ops, dy))))]


def transposed_case(shape: tuple[int, ...], F: int, spec: WindowSpec, lengths: Any, dtype: str = "float64") -> list[Array]:
    """x, W, b, dy."""
    rng, (h, *w) = np.random.default_rng([10, *shape, F]), lengths
    W = rng.standard_normal((*spec.size, F, shape[-1])) / (shape[-1] * np.prod(spec.size)) ** 0.5
    arrays = rng.standard_normal(shape), W, rng.standard_normal(F), rng.standard_normal((h, shape[1], *w, F))
    return [a.astype(dtype) for a in arrays]


def run_transposed(ops: Any, spec: WindowSpec, x: Array, W: Array, b: Array | None, dy: Array) -> list[Any]:
    """y, dx, dW, db on the host."""
    lengths = (dy.shape[0], *dy.shape[2:-1])
    bias = None if b is None else Variable(b)
    y, tape = ops.conv_transpose_forward(put(ops, x), Variable(W), bias, TANH, spec, lengths, training=True)
    y = np.array(ops.to_host(y))
    gradients = ops.conv_transpose_backward(tape, put(ops, dy), need_dx=True)
    return [y, *(None if g is None else np.array(ops.to_host(g)) for g in gradients)]
