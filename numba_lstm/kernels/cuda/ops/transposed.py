"""Transposed convolutions: the gradients of convolutions the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...op_types import Weight
from ...specs import Activation, WindowSpec
from ..arrays.arrays import device_value, matrix, repeat
from ..arrays.elementwise import add, flat
from ..arrays.sums import column_sums
from ..gemm.gemm import product_nt
from .convolution import conv_backward, conv_forward, fold_rows
from .dense import ActivationTape, activation_backward, activation_forward

Array = Any

_LINEAR = Activation("linear")


class TransposedTape(NamedTuple):
    """What :func:`conv_transpose_backward` needs."""

    x: Array
    kernel: Weight
    has_bias: bool
    windows: WindowSpec
    activation_tape: ActivationTape


def conv_transpose_forward(
    x: Array,
    kernel: Weight,
    bias: Weight | None,
    activation: Activation,
    windows: WindowSpec,
    lengths: Sequence[int],
    *,
    training: bool = False,
) -> tuple[Array, TransposedTape | None]:
    """Computes a product, then sums its places in windows, one thread per element."""
    W = device_value(kernel)
    *_, F, C = W.shape
    rows = product_nt(matrix(x), W.reshape(W.size // C, C))
    z = fold_rows(rows, (lengths[0], x.shape[1], *lengths[1:], F), windows, (x.shape[0], *x.shape[2:-1]))
    if bias is not None:
        z = add(z, repeat(flat(device_value(bias)), z.size // F)).reshape(*z.shape)
    y, tape = activation_forward(z, activation, training=training)
    return y, None if tape is None else TransposedTape(x, kernel, bias is not None, windows, tape)


def conv_transpose_backward(tape: TransposedTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """The convolution of dz, and the gradient of its kernel."""
    dz = activation_backward(tape.activation_tape, dy)
    dx, of_convolution = conv_forward(dz, tape.kernel, None, _LINEAR, tape.windows, training=True)
    assert of_convolution is not None
    _, dW, _ = conv_backward(of_convolution, tape.x, need_dx=False)
    db = column_sums(matrix(dz)).reshape(dz.shape[-1]) if tape.has_bias else None
    return dx if need_dx else None, dW, db
