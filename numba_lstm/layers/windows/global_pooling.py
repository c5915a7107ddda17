"""Global pooling: the largest or the mean element of a whole sequence or image."""

from __future__ import annotations

from typing import Any, ClassVar

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key, WindowSpec
from ..base import Backward, Forward
from ..base.arguments import Shape, check_data_format
from .window_layer import AxesLayer, lengths_of


class GlobalPooling(AxesLayer):
    """Base class of global pooling."""

    kind: ClassVar[str]
    streaming_obstacle = "it needs all steps"

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        check_data_format(type(self), data_format)
        self.keepdims = bool(keepdims)
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        ones = (1,) * self.axes if self.keepdims else ()
        return (input_shape[0], *ones, input_shape[-1])

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        ones = (1,) * self.axes
        windows = WindowSpec(lengths_of(x), ones, ones, ((0, 0),) * self.axes)
        y, tape = ops.pool_forward(x, self.kind, windows, mask=mask if self.supports_masking else None, training=training)
        return Forward(y if self.keepdims else ops.reshape(y, (y.shape[-1],)), tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if not need_dx:
            return Backward(None)
        dy = dy if self.keepdims else ops.reshape(dy, (*(1,) * self.axes, dy.shape[-1]))
        return Backward(ops.pool_backward(tape, dy))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": "channels_last", "keepdims": self.keepdims}


class GlobalMaxPooling1D(GlobalPooling):
    """The largest element of all steps, for each feature, as ``keras.layers.GlobalMaxPooling1D``. Alias: ``GlobalMaxPool1D``.

    (N, T, C) gives (N, C). A mask does not count, as in Keras: masked steps are elements like others.

    Parameters
    ----------
    data_format : "channels_last", optional
        Features are the last axis, always.
    keepdims : bool
        Whether the output is (N, 1, C).
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks, kind = (3,), "max"


class GlobalAveragePooling1D(GlobalPooling):
    """The mean over all steps, for each feature, as ``keras.layers.GlobalAveragePooling1D``. Alias: ``GlobalAvgPool1D``.

    (N, T, C) gives (N, C). With a mask it is the mean over the steps where the mask is True, or NaN without any, as in Keras.
    Parameters are those of :class:`GlobalMaxPooling1D`.
    """

    ranks, kind = (3,), "average"
    supports_masking = True


class GlobalMaxPooling2D(GlobalPooling):
    """The largest element of an image, for each feature, as ``keras.layers.GlobalMaxPooling2D``. Alias: ``GlobalMaxPool2D``.

    (N, H, W, C) gives (N, C), or (N, 1, 1, C) with ``keepdims``. Parameters are those of :class:`GlobalMaxPooling1D`.
    """

    ranks, kind = (4,), "max"


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of an image, for each feature, as ``keras.layers.GlobalAveragePooling2D``. Alias: ``GlobalAvgPool2D``.

    (N, H, W, C) gives (N, C), or (N, 1, 1, C) with ``keepdims``. Parameters are those of :class:`GlobalMaxPooling1D`.
    """

    ranks, kind = (4,), "average"
