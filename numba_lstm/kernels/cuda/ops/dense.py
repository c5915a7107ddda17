"""The dense layer and activations."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from ...op_types import Weight
from ...specs import ROWWISE, Activation
from ..arrays.arrays import device_value, matrix
from ..arrays.elementwise import empty_like, flat
from ..arrays.softmax import softmax_gradient_kernel, softmax_kernel
from ..arrays.sums import column_sums
from ..device_math.activation import canonical, slope, value
from ..gemm.gemm import product, product_nt, product_tn
from ..runtime.compiler import Kernel, jit
from ..runtime.launch import element, launch_elements, launch_rows

Array = Any


class ActivationTape(NamedTuple):
    """What :func:`activation_backward` needs. ``saved`` is the value or the argument of the activation."""

    activation: Activation
    saved: Array


class DenseTape(NamedTuple):
    """What :func:`dense_backward` needs."""

    x: Array
    kernel: Array
    has_bias: bool
    activation_tape: ActivationTape


@cache
def _value(activation: Activation, dtype: str) -> Kernel:
    apply = value(activation, dtype)

    @jit("f1 f1", dtype, f"{activation.name}_{dtype}")
    def activate(z, y):
        i = element()
        if i < y.size:
            y[i] = apply(z[i])

    return activate


@cache
def _gradient(activation: Activation, dtype: str) -> Kernel:
    derivative = slope(activation, dtype)

    @jit("f1 f1 f1", dtype, f"{activation.name}_gradient_{dtype}")
    def gradient(saved, dy, dz):
        i = element()
        if i < dz.size:
            dz[i] = dy[i] * derivative(saved[i])

    return gradient


def _is_linear(activation: Activation) -> bool:
    return activation.function is None and activation.name == "linear"


def _is_rowwise(activation: Activation) -> bool:
    return activation.function is None and activation.name in ROWWISE


def activation_forward(x: Array, activation: Activation, *, training: bool = False) -> tuple[Array, ActivationTape | None]:
    """One thread per element. Softmax: one warp per row."""
    activation = canonical(activation)
    dtype = x.dtype.name
    if _is_linear(activation):
        y = x
    elif _is_rowwise(activation):
        y = empty_like(x)
        launch_rows(softmax_kernel(dtype), x.size // x.shape[-1], matrix(x), matrix(y))
    else:
        y = empty_like(x)
        launch_elements(_value(activation, dtype), x.size, flat(x), flat(y))
    return y, ActivationTape(activation, x if activation.keeps == "z" else y) if training else None


def activation_backward(tape: ActivationTape, dy: Array) -> Array:
    """One thread per element. Softmax: one warp per row."""
    activation, saved = tape
    dtype = dy.dtype.name
    if _is_linear(activation):
        return dy
    dz = empty_like(dy)
    if _is_rowwise(activation):
        launch_rows(softmax_gradient_kernel(dtype), dy.size // dy.shape[-1], matrix(saved), matrix(dy), matrix(dz))
    else:
        launch_elements(_gradient(activation, dtype), dy.size, flat(saved), flat(dy), flat(dz))
    return dz


def dense_forward(
    x: Array, kernel: Weight, bias: Weight | None, activation: Activation, *, training: bool = False
) -> tuple[Array, DenseTape | None]:
    """Computes one product for all leading axes, then the activation."""
    W = device_value(kernel)
    z = product(matrix(x), W, None if bias is None else device_value(bias)).reshape(*x.shape[:-1], W.shape[1])
    y, activation_tape = activation_forward(z, activation, training=training)
    return y, DenseTape(x, W, bias is not None, activation_tape) if activation_tape is not None else None


def dense_backward(tape: DenseTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """All leading axes are rows."""
    x, W, has_bias, activation_tape = tape
    dz = matrix(activation_backward(activation_tape, dy))
    dx = product_nt(dz, W).reshape(*x.shape) if need_dx else None
    dW = product_tn(matrix(x), dz)
    return dx, dW, column_sums(dz).reshape(W.shape[1]) if has_bias else None
