"""Pooling of volumes: first along height and width, then along the depth. Global pooling takes a volume as a sequence."""

from __future__ import annotations

from typing import Any

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key, WindowSpec
from ..base import Backward, Forward
from .global_pooling import GlobalPooling
from .pooling import Pooling
from .window_layer import lengths_of


class VolumePooling(Pooling):
    """Base class of pooling of volumes.

    A maximum of maxima is that of the whole window, and the first of equal ones. So is a mean of means, since all planes of a
    window have the same places inside of the volume.
    """

    ranks = (5,)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        spec = self.windows(lengths_of(x))
        planes, depth = _part(spec, slice(1, 3)), _part(spec, slice(0, 1))
        images, of_planes = ops.pool_forward(ops.merge_steps(x), self.kind, planes, training=training)
        pooled = ops.split_steps(images, x.shape[0])
        D, _, *rest = pooled.shape
        y, of_depth = ops.pool_forward(ops.reshape(pooled, (D, _size(rest))), self.kind, depth, training=training)
        tape = (of_planes, of_depth, (D, *rest)) if training else None
        return Forward(ops.reshape(y, (y.shape[0], *rest)), tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if not need_dx:
            return Backward(None)
        of_planes, of_depth, shape = tape
        dpooled = ops.pool_backward(of_depth, ops.reshape(dy, (dy.shape[0], _size(shape[1:]))))
        dimages = ops.merge_steps(ops.reshape(dpooled, shape))
        return Backward(ops.split_steps(ops.pool_backward(of_planes, dimages), shape[0]))


def _part(spec: WindowSpec, axes: slice) -> WindowSpec:
    """Return the windows of some axes."""
    return WindowSpec(spec.size[axes], spec.strides[axes], spec.dilation[axes], spec.padding[axes])


def _size(shape: Any) -> int:
    """Return the number of elements of an image."""
    H, W, C = shape
    return int(H * W * C)


class MaxPooling3D(VolumePooling):
    """The largest element of a window of volumes (N, D, H, W, C), as ``keras.layers.MaxPooling3D``. Alias: ``MaxPool3D``.

    Parameters and errors are those of :class:`MaxPooling1D`. Sizes are whole numbers, or tuples (depth, height, width).
    """

    kind = "max"

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class AveragePooling3D(VolumePooling):
    """The mean of a window of volumes (N, D, H, W, C), as ``keras.layers.AveragePooling3D``. Alias: ``AvgPool3D``.

    Parameters and errors are those of :class:`MaxPooling3D`, but ``pool_size`` has no default.
    """

    kind = "average"


class GlobalVolumePooling(GlobalPooling):
    """Base class of global pooling of volumes."""

    ranks = (5,)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        D, _, *rest = x.shape
        places = D * rest[0] * rest[1]
        windows = WindowSpec((places,), (1,), (1,), ((0, 0),))
        y, tape = ops.pool_forward(ops.reshape(x, (places, rest[-1])), self.kind, windows, training=training)
        shape = (*(1,) * self.axes, rest[-1]) if self.keepdims else (rest[-1],)
        return Forward(ops.reshape(y, shape), tape=(tape, (D, *rest)) if training else None)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if not need_dx:
            return Backward(None)
        of_steps, shape = tape
        return Backward(ops.reshape(ops.pool_backward(of_steps, ops.reshape(dy, (1, shape[-1]))), shape))


class GlobalMaxPooling3D(GlobalVolumePooling):
    """The largest element of a volume, for each feature, as ``keras.layers.GlobalMaxPooling3D``. Alias: ``GlobalMaxPool3D``.

    (N, D, H, W, C) gives (N, C), or (N, 1, 1, 1, C) with ``keepdims``. Parameters are those of :class:`GlobalMaxPooling1D`.
    """

    kind = "max"


class GlobalAveragePooling3D(GlobalVolumePooling):
    """The mean of a volume, for each feature, as ``keras.layers.GlobalAveragePooling3D``. Alias: ``GlobalAvgPool3D``.

    (N, D, H, W, C) gives (N, C), or (N, 1, 1, 1, C) with ``keepdims``. Parameters are those of :class:`GlobalMaxPooling1D`.
    """

    kind = "average"
