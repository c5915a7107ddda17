"""Max and average pooling of sequences and images: the largest or the mean element of each window."""

from __future__ import annotations

from typing import Any, ClassVar

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward
from ..base.arguments import Shape, check_data_format
from .window_layer import WindowLayer, as_sizes, lengths_of


class Pooling(WindowLayer):
    """Base class of pooling layers."""

    size_name = "pool_size"
    kind: ClassVar[str]

    def __init__(
        self, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None, **kwargs: Any
    ) -> None:
        name = type(self).__name__
        check_data_format(type(self), data_format)
        self.size = self.pool_size = as_sizes(pool_size, self.axes, f"{name}'s pool_size")
        self.strides = self.pool_size if strides is None else as_sizes(strides, self.axes, f"{name}'s strides")
        self.dilation_rate = (1,) * self.axes
        self.padding = self.as_padding(padding)
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self.output_lengths(input_shape[1:]), input_shape[-1])

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        y, tape = ops.pool_forward(x, self.kind, self.windows(lengths_of(x)), training=training)
        return Forward(y, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(ops.pool_backward(tape, dy) if need_dx else None)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": list(self.pool_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "data_format": "channels_last",
        }


class MaxPooling1D(Pooling):
    """The largest of ``pool_size`` steps, for each feature, as ``keras.layers.MaxPooling1D``. Alias: ``MaxPool1D``.

    The first of equal maxima has the gradient. A mask that comes in ends here, as in Keras.

    Parameters
    ----------
    pool_size : int
        The number of steps of a window.
    strides : int, optional
        The number of steps from one window to the next. Default: ``pool_size``.
    padding : "valid" or "same"
        ``"same"`` lets windows reach over the ends, where only the steps inside count: ``T' = ceil(T / strides)``.
    data_format : "channels_last", optional
        Features are the last axis, always.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For sizes below 1, and for samples that are shorter than a window.
    """

    ranks, kind = (3,), "max"

    def __init__(
        self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class AveragePooling1D(Pooling):
    """The mean of ``pool_size`` steps, for each feature, as ``keras.layers.AveragePooling1D``. Alias: ``AvgPool1D``.

    Parameters and errors are those of :class:`MaxPooling1D`, but ``pool_size`` has no default.
    """

    ranks, kind = (3,), "average"


class MaxPooling2D(Pooling):
    """The largest element of a window of images (N, H, W, C), as ``keras.layers.MaxPooling2D``. Alias: ``MaxPool2D``.

    Parameters and errors are those of :class:`MaxPooling1D`. Sizes are whole numbers, or tuples (height, width).
    """

    ranks, kind = (4,), "max"

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class AveragePooling2D(Pooling):
    """The mean of a window of images (N, H, W, C), as ``keras.layers.AveragePooling2D``. Alias: ``AvgPool2D``.

    Parameters and errors are those of :class:`MaxPooling2D`, but ``pool_size`` has no default.
    """

    ranks, kind = (4,), "average"
