"""Transposed convolutions: each element adds its product with a kernel to a window of the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...inputs import as_count
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key, WindowSpec
from ..base import Backward, Forward
from ..base.arguments import Shape
from .convolution import Conv
from .window_layer import lengths_of


class ConvTranspose(Conv):
    """Base class of transposed convolutions."""

    streaming_obstacle = "its windows reach over several steps of the output"

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        given = {key: value for key, value in locals().items() if key not in ("self", "__class__", "output_padding", "kwargs")}
        if "groups" in kwargs:
            raise TypeError(f"{type(self).__name__} has no argument 'groups': each filter reads all features. Leave it out.")
        super().__init__(**given, **kwargs)
        self.output_padding = self._as_output_padding(output_padding)

    def _as_output_padding(self, value: Any) -> tuple[int, ...] | None:
        """Return a number for each axis, or None.

        Raises
        ------
        TypeError, ValueError
            For numbers that are not below the strides.
        """
        if value is None:
            return None
        name = f"{type(self).__name__}'s output_padding"
        entries = tuple(value) if isinstance(value, (tuple, list)) else (value,) * self.axes
        if len(entries) != self.axes:
            raise ValueError(f"{name} must be a whole number, or a tuple of {self.axes}, got {entries}.")
        sizes = tuple(as_count(size, name, 0) for size in entries)
        if any(size >= stride for size, stride in zip(sizes, self.strides, strict=True)):
            raise ValueError(f"{name} must be less than the strides {self.strides}, got {sizes}.")
        return sizes

    def windows(self, lengths: Sequence[int]) -> WindowSpec:
        """Return the windows of the output for a sample whose axes have these lengths."""
        padding = tuple((before, max(after, 0)) for before, after in map(self.cropping, range(self.axes)))
        return WindowSpec(self.size, self.strides, self.dilation_rate, padding)

    def cropping(self, axis: int) -> tuple[int, int]:
        """Return how many places all windows have before and after the output of an axis: less than 0 for places of none."""
        reach, stride = (self.size[axis] - 1) * self.dilation_rate[axis], self.strides[axis]
        more = None if self.output_padding is None else self.output_padding[axis]
        if self.padding == "valid":
            return 0, -(max(stride - reach - 1, 0) if more is None else more)
        total = stride + reach - 1 if more is None else reach - 1 + (reach + 1) % 2 + more
        before = min(total - total // 2, reach)
        return reach - before, reach - total + before

    def output_lengths(self, sample: Shape) -> Shape:
        """Return the lengths of the output's axes, None where they are unknown."""
        found = []
        for axis, length in enumerate(sample[:-1]):
            reach = (self.size[axis] - 1) * self.dilation_rate[axis]
            places = None if length is None else (length - 1) * self.strides[axis] + reach + 1
            found.append(None if places is None else places - sum(self.cropping(axis)))
        return tuple(found)

    def kernel_shape(self, C: int) -> tuple[int, ...]:
        """Return the shape of the kernel for C features."""
        return (*self.kernel_size, self.filters, C)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        lengths = lengths_of(x)
        places: Any = self.output_lengths((*lengths, None))
        y, tape = ops.conv_transpose_forward(
            x, self.kernel, self.bias, self.activation, self.windows(lengths), places, training=training
        )
        return Forward(y, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        dx, dkernel, dbias = ops.conv_transpose_backward(tape, dy, need_dx=need_dx)
        return Backward(dx, gradients=(dkernel, dbias) if self.use_bias else (dkernel,))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["groups"]
        return {**config, "output_padding": None if self.output_padding is None else list(self.output_padding)}


class Conv1DTranspose(ConvTranspose):
    """A transposed convolution of sequences (N, T, C), as ``keras.layers.Conv1DTranspose``. Outputs are (N, T', F).

    Each step adds ``x[:, t] @ kernel[k].T`` to the steps ``t * strides + k * dilation_rate`` of the output, where the bias is
    added and the activation applied. A mask that comes in ends here, as in Keras. Alias: ``Convolution1DTranspose``.

    Parameters
    ----------
    filters : int
        F, the size of the output's last axis.
    kernel_size : int
        The number of steps of a window of the output.
    strides : int
        The number of steps from one window to the next.
    padding : "valid" or "same"
        ``"valid"`` gives all steps that have windows, at least ``T * strides``. ``"same"`` takes steps off at both ends, so
        that ``T' = T * strides``.
    output_padding : int, optional
        How many steps the output has behind ``(T - 1) * strides``, and ``kernel_size`` for ``"valid"``, for ``"same"`` 1 if
        the window is odd. Less than ``strides``.
    data_format : "channels_last", optional
        Features are the last axis, always.
    dilation_rate : int
        The number of steps from one element of a window to the next.
    activation : str, function or None
        None is linear. See :class:`~numba_lstm.layers.Dense`.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (kernel_size, F, C) and (F,).
    kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint
        Those of :class:`Conv1D`.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For sizes below 1, for strides with a dilation, and for an ``output_padding`` that is not less than the strides.
    TypeError
        For sizes that are no whole numbers, and for unknown arguments.
    """

    ranks = (3,)


class Conv2DTranspose(ConvTranspose):
    """A transposed convolution of images (N, H, W, C), as ``keras.layers.Conv2DTranspose``. Outputs are (N, H', W', F).

    Sizes are whole numbers, or tuples (height, width). The parameters and the errors are those of :class:`Conv1DTranspose`.
    Alias: ``Convolution2DTranspose``.
    """

    ranks = (4,)


class Conv3DTranspose(ConvTranspose):
    """A transposed convolution of volumes (N, D, H, W, C), as ``keras.layers.Conv3DTranspose``. Outputs are (N, D', H', W', F).

    Sizes are whole numbers, or tuples (depth, height, width). The parameters and the errors are those of
    :class:`Conv1DTranspose`. Alias: ``Convolution3DTranspose``.
    """

    ranks = (5,)

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, strides, padding, output_padding, data_format, *args, **kwargs)
