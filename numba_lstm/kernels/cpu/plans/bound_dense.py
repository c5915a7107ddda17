"""A Dense layer's two passes over rows of one shape, bound once: its buffers, and the calls that fill them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import DenseLayerSpec
from ..arrays.arrays import shaped
from ..arrays.copy_tasks import copied, zeroed
from ..gemm import pack
from ..gemm.layout import column_layout, vector_geometry
from ..gemm.weight_grad import plain_gradient
from ..ops.activation import output_buffer, slope_calls, value_calls
from ..ops.dense import product
from ..runtime.memory import aligned
from ..simd.custom_activation import canonical
from .bound import Bound

Array = npt.NDArray[Any]


class BoundDense(Bound):
    """What :func:`.dense.dense_forward` and :func:`.dense.dense_backward` do in training, bit for bit."""

    def __init__(self, part: DenseLayerSpec, x: Array) -> None:
        super().__init__()
        assert part.kernel is not None
        self._x, self._W, self._biased = x, part.kernel.value, part.bias is not None
        self._shape, self._activation = vector_geometry(x.dtype), canonical(part.activation)
        D, C = self._W.shape
        W = pack.deferred_blocks(self._W)
        self.forward = [*W.tasks]
        b = pack.zero_bias(column_layout(C, self._shape).padded(self._shape), x.dtype)
        if part.bias is not None:
            bias = pack.deferred_blocks(part.bias.value)
            self.forward += bias.tasks
            b = bias.array
        z = product(x, W.array, b, C)
        self._z = z.array
        y = output_buffer(self._activation, self._z, training=True)
        self.forward += [*z.tasks, *value_calls(self._activation, self._z, y, C)]
        self.y = shaped(y, (*x.shape[:-1], C))

    def bind_backward(self, dy: Array, *, need_dx: bool) -> None:
        x, shape = self._x, self._shape
        D, C = self._W.shape
        rows = x.reshape(-1, D)
        assert np.may_share_memory(rows, x)  # a copy would keep the inputs of this moment
        dz = aligned(self._z.shape, self._z.dtype)
        kept = None if self._activation.name == "linear" else self._z
        of_W = plain_gradient(rows, dz, C, shape)
        self.backward = [zeroed(dz), copied(dy, shaped(dz, dy.shape))]
        self.backward += [*slope_calls(self._activation, kept, dz, C), *of_W.tasks]
        self.gradients = (of_W.array,)
        if self._biased:
            of_b = plain_gradient(np.ones((len(dz), 1), x.dtype), dz, C, shape)
            self.backward += of_b.tasks
            self.gradients += (of_b.array[0],)
        if need_dx:
            W = pack.deferred_blocks_transposed(self._W)
            dx = product(dz[:, :C], W.array, pack.zero_bias(column_layout(D, shape).padded(shape), x.dtype), D)
            self.backward += [*W.tasks, *dx.tasks]
            self.dx = shaped(dx.array, x.shape)
