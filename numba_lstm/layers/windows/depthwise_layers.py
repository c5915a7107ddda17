"""DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D and SeparableConv2D, with the arguments of Keras."""

from __future__ import annotations

from typing import Any

from ...inputs import as_count
from .depthwise import DepthwiseLayer


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a constructor by their names."""
    kwargs = arguments.pop("kwargs")
    return {**{name: value for name, value in arguments.items() if name not in ("self", "__class__")}, **kwargs}


class DepthwiseConv(DepthwiseLayer):
    """Base class of depthwise convolutions."""

    weight_names = {"depthwise": "kernel"}  # noqa: RUF012

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**_given(locals()))


class SeparableConv(DepthwiseLayer):
    """Base class of separable convolutions."""

    weight_names = {"depthwise": "depthwise_kernel", "pointwise": "pointwise_kernel"}  # noqa: RUF012

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        given = _given(locals())
        self.filters = as_count(given.pop("filters"), f"{type(self).__name__}'s filters")
        super().__init__(**given)


class DepthwiseConv1D(DepthwiseConv):
    """A convolution of each feature of sequences (N, T, C) by itself, as ``keras.layers.DepthwiseConv1D``.

    Outputs are (N, T', C * M): the M of the first feature come first.

    Parameters
    ----------
    kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias
        Those of :class:`Conv1D`; ``padding`` is ``"valid"`` or ``"same"``.
    depth_multiplier : int
        M, the number of filters of a feature.
    depthwise_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (kernel_size, C, M) and (C * M,).
    depthwise_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss.
    activity_regularizer : str, dict or Regularizer, optional
        Of the output, divided by the batch size.
    depthwise_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For sizes below 1, for strides with a dilation, and for samples that are shorter than a window.
    TypeError
        For sizes that are no whole numbers, and for unknown arguments.
    """

    ranks = (3,)


class DepthwiseConv2D(DepthwiseConv):
    """A convolution of each feature of images (N, H, W, C) by itself, as ``keras.layers.DepthwiseConv2D``.

    Parameters and errors are those of :class:`DepthwiseConv1D`. Sizes are whole numbers, or tuples (height, width).
    """

    ranks = (4,)


class SeparableConv1D(SeparableConv):
    """A depthwise convolution of sequences, then a product with (C * M, F), as ``keras.layers.SeparableConv1D``.

    Outputs are (N, T', F), with a bias (F,). ``filters`` is F, and ``pointwise_initializer``, ``pointwise_regularizer`` and
    ``pointwise_constraint`` are those of the product. The other parameters and the errors are those of
    :class:`DepthwiseConv1D`. Alias: ``SeparableConvolution1D``.
    """

    ranks = (3,)


class SeparableConv2D(SeparableConv):
    """A depthwise convolution of images, then a product with (C * M, F), as ``keras.layers.SeparableConv2D``.

    Parameters and errors are those of :class:`SeparableConv1D`. Sizes are whole numbers, or tuples (height, width). Alias:
    ``SeparableConvolution2D``.
    """

    ranks = (4,)
