"""CPU: transposed convolutions, by the kernels of convolutions and of their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ...specs import Activation, WindowSpec
from ..arrays.arithmetic_tasks import added
from ..arrays.arrays import buffer, merge_steps, shaped
from ..gemm.layout import column_layout, vector_geometry
from ..gemm.weight_grad import plain_gradient
from ..ops.activation import ActivationTape, apply, gradient
from ..runtime.graph import run_eagerly
from .convolution import conv_backward, conv_forward, input_gradient
from .filters import Filters, packed_bias
from .geometry import as_image, window_of
from .volumes import plane, volume_gradient

Array = npt.NDArray[Any]

_LINEAR = Activation("linear")


class _Tape(NamedTuple):
    x: Array
    kernel: Weight
    has_bias: bool
    windows: WindowSpec
    activation: ActivationTape


def conv_transpose_forward(
    x: Array,
    kernel: Weight,
    bias: Weight | None,
    activation: Activation,
    windows: WindowSpec,
    lengths: Sequence[int],
    *,
    training: bool = False,
) -> tuple[Array, _Tape | None]:
    """CPU: the gradient of a convolution's x, then the bias: bits do not depend on the batch."""
    linear = _adjoint(x, Filters(kernel), windows, tuple(lengths))
    columns = _columns(linear)
    z = buffer(linear, columns)
    if bias is not None:
        row = packed_bias(bias, Filters(bias), columns, x.dtype)
        run_eagerly([added(z, np.broadcast_to(row, z.shape), z)])
    y, kept = apply(activation, z, linear.shape, training)
    return y, None if kept is None else _Tape(x, kernel, bias is not None, windows, kept)


def _columns(x: Array) -> int:
    """Return the columns of padded rows of the features of x."""
    geometry = vector_geometry(x.dtype)
    return column_layout(x.shape[-1], geometry).padded(geometry)


def _adjoint(x: Array, filters: Filters, windows: WindowSpec, lengths: tuple[int, ...]) -> Array:
    """Return the dx of a convolution of an array of ``lengths`` for dz = x."""
    N = x.shape[1]
    if x.ndim == 5:
        images = _adjoint(merge_steps(x), filters, plane(windows), lengths[1:])
        F = filters.weight.value.shape[-2]
        return volume_gradient(images, (lengths[0], N, *lengths[1:], F), F, windows)
    window = window_of(windows)
    H, W = (length + sum(padding) for length, padding in zip((*lengths, 1)[:2], window.padding, strict=True))
    dx = input_gradient(filters, window, (H, N, W, filters.C), as_image(x))
    return dx if x.ndim == 4 else dx[:, :, 0]


def conv_transpose_backward(tape: _Tape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """CPU: the convolution of dz, and the gradient of its kernel."""
    rows, F = gradient(tape.activation, dy, _columns(dy)), dy.shape[-1]
    db = plain_gradient(np.ones((len(rows), 1), dy.dtype), rows, F, vector_geometry(dy.dtype))[0] if tape.has_bias else None
    dx, of_convolution = conv_forward(shaped(rows, dy.shape), tape.kernel, None, _LINEAR, tape.windows, training=True)
    assert of_convolution is not None
    _, dW, _ = conv_backward(of_convolution, tape.x, need_dx=False)
    return dx if need_dx else None, dW, db
