"""Arguments of a convolutional LSTM: their validation, windows, and the config."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from ... import activations, constraints, initializers, philox, regularizers
from ...inputs import as_count, as_number
from ...kernels.specs import LSTMSpec, WindowSpec
from ..base.arguments import Shape, check_data_format
from ..cells.cell import elementwise
from ..windows.window_layer import WindowLayer, as_sizes


class ConvLSTMArguments(WindowLayer):
    """The arguments of a convolutional LSTM, described at :class:`~numba_lstm.layers.ConvLSTM2D`."""

    size_name = "kernel_size"
    supports_masking = True

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        name, as_activation = type(self).__name__, partial(elementwise, type(self).__name__)
        check_data_format(type(self), data_format)
        self.filters = as_count(filters, f"{name}'s filters")
        self.size = self.kernel_size = as_sizes(kernel_size, self.axes, f"{name}'s kernel_size")
        self.strides = as_sizes(strides, self.axes, f"{name}'s strides")
        self.padding = self.as_padding(padding)
        self.dilation_rate = as_sizes(dilation_rate, self.axes, f"{name}'s dilation_rate")
        self.check_dilation()
        self.activation = as_activation("activation", activation)
        self.recurrent_activation = as_activation("recurrent_activation", recurrent_activation)
        self.use_bias, self.unit_forget_bias = bool(use_bias), bool(unit_forget_bias)
        draw, penalty, constraint = initializers.get, regularizers.get, constraints.get
        self.kernel_initializer, self.recurrent_initializer = draw(kernel_initializer), draw(recurrent_initializer)
        self.kernel_regularizer, self.recurrent_regularizer = penalty(kernel_regularizer), penalty(recurrent_regularizer)
        self.kernel_constraint, self.recurrent_constraint = constraint(kernel_constraint), constraint(recurrent_constraint)
        self.bias_initializer = draw(bias_initializer)
        self.bias_regularizer, self.bias_constraint = penalty(bias_regularizer), constraint(bias_constraint)
        self.dropout = as_number(dropout, f"{name}'s dropout", "[0, 1)")
        self.recurrent_dropout = as_number(recurrent_dropout, f"{name}'s recurrent_dropout", "[0, 1)")
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    @property
    def axes(self) -> int:
        """The number of axes of a step between samples and features."""
        return self.ranks[0] - 3

    @cached_property
    def spec(self) -> LSTMSpec:
        """The cell as ops see it."""
        return LSTMSpec(self.activation, self.recurrent_activation, self.activation)

    @cached_property
    def recurrent_windows(self) -> WindowSpec:
        """The windows of the convolution of h, which has as many as h has places."""
        ones = (1,) * self.axes
        padding = tuple(((size - 1) // 2, size - 1 - (size - 1) // 2) for size in self.kernel_size)
        return WindowSpec(self.kernel_size, ones, ones, padding)

    def step_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of h and c of a sample, for an input (N, T, ..., C)."""
        return (*self.output_lengths(input_shape[2:]), self.filters)

    def get_config(self) -> dict[str, Any]:
        config = {
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "data_format": "channels_last",
            "dilation_rate": list(self.dilation_rate),
            "activation": activations.serialize(self.activation),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "unit_forget_bias": self.unit_forget_bias,
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}


def slices_of_step(t: int, N: int, rank: int) -> Sequence[slice]:
    """Return the slices with step t of an array whose second axis has the N samples of each step."""
    return (slice(None), slice(t * N, (t + 1) * N), *[slice(None)] * (rank - 2))
