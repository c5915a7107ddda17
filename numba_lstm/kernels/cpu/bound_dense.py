"""A Dense layer's two passes over rows of one shape, bound once: its buffers, and the calls that fill them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import DensePart
from . import packing
from .activations import room, slope_calls, value_calls
from .arrays import shaped
from .bound import Bound
from .gradients import plain_gradient_call
from .memory import aligned
from .own import settled
from .panels import columns, geometry
from .products import affine, product_call

Array = npt.NDArray[Any]


class BoundDense(Bound):
    """What :func:`.dense.dense_forward` and :func:`.dense.dense_backward` do in training, bit for bit."""

    def __init__(self, part: DensePart, x: Array) -> None:
        super().__init__()
        assert part.kernel is not None
        self._x, self._W, self._biased = x, part.kernel.value, part.bias is not None
        self._shape, self._activation = geometry(x.dtype), settled(part.activation)
        D, C = self._W.shape
        self._cut = columns(C, self._shape)
        W = packing.blocks_form(self._W)
        self.forward = [W.fill]
        b = packing.zero_bias(self._cut.padded(self._shape), x.dtype)
        if part.bias is not None:
            bias = packing.blocks_form(part.bias.value)
            self.forward.append(bias.fill)
            b = bias.array
        self._z = self._product(self.forward, x, W.array, b, C)
        rows = room(self._activation, self._z, training=True)
        self.forward += value_calls(self._activation, self._z, rows, C)
        self.y = shaped(rows, (*x.shape[:-1], C))

    def bind_backward(self, dy: Array, *, need_dx: bool) -> None:
        x, shape = self._x, self._shape
        D, C = self._W.shape
        dz = aligned(self._z.shape, self._z.dtype)
        self.backward = [partial(dz.fill, 0), partial(np.copyto, shaped(dz, dy.shape), dy)]
        kept = None if self._activation.name == "linear" else self._z
        self.backward += slope_calls(self._activation, kept, dz, C)
        self.gradients = (self._gradient(x.reshape(-1, D), dz),)
        if self._biased:
            self.gradients += (self._gradient(np.ones((len(dz), 1), x.dtype), dz)[0],)
        if need_dx:
            W = packing.blocks_transposed_form(self._W)
            zero = packing.zero_bias(columns(D, shape).padded(shape), x.dtype)
            self.backward.append(W.fill)
            self.dx = shaped(self._product(self.backward, dz[:, :C], W.array, zero, D), x.shape)

    def _product(self, calls: list[Callable[[], None]], x: Array, W: Array, b: Array, C: int) -> Array:
        """Rows (M, padded) that a new one of ``calls`` fills with ``b + x W``."""
        cut = columns(C, self._shape)
        x = x if x.ndim == 3 else x[None]
        out = aligned((x.shape[0] * x.shape[1], cut.padded(self._shape)), x.dtype)
        calls.append(product_call(affine(self._shape, cut.C), x, W, b, out, cut.full))
        return out

    def _gradient(self, a: Array, dz: Array) -> Array:
        """The array (K, C) that a new call of the backward pass fills with ``a^T dz``."""
        C = self._W.shape[1]
        out = aligned((a.shape[1], dz.shape[1]), a.dtype)
        self.backward.append(plain_gradient_call(a, dz, out, C, self._shape))
        return out[:, :C]
