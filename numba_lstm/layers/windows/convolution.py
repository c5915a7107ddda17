"""Conv1D, Conv2D and Conv3D: a product with a kernel for each window, a bias and an activation."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import activations, constraints, initializers, regularizers
from ...inputs import as_count
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Activation as Spec
from ...kernels.specs import Key
from ...variables import Variable
from ..base import Backward, Forward
from ..base.arguments import Shape, check_data_format
from .causal_steps import CausalSteps
from .window_layer import WindowLayer, as_sizes, lengths_of


class Conv(WindowLayer):
    """Base class of convolutions."""

    size_name = "kernel_size"
    later: ClassVar = dict.fromkeys(("lora_rank", "lora_alpha", "quantization_config"))

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        name = type(self).__name__
        check_data_format(type(self), data_format)
        self.filters = as_count(filters, f"{name}'s filters")
        self.size = self.kernel_size = as_sizes(kernel_size, self.axes, f"{name}'s kernel_size")
        self.strides = as_sizes(strides, self.axes, f"{name}'s strides")
        self.padding = self.as_padding(padding)
        self.dilation_rate = as_sizes(dilation_rate, self.axes, f"{name}'s dilation_rate")
        self.check_dilation()
        self.groups = as_count(groups, f"{name}'s groups")
        if self.filters % self.groups:
            raise ValueError(f"{name}'s filters must be a multiple of groups, got {self.filters} and {self.groups}.")
        self._activation = activations.as_spec(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)

    @property
    def activation(self) -> Spec:
        """The activation as ops take it. Another one may be set at any time, also by name."""
        return self._activation

    @activation.setter
    def activation(self, value: Any) -> None:
        self._activation = activations.as_spec(value)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        C = input_shape[-1]
        assert C is not None
        if C % self.groups:
            raise ValueError(
                f"{self.name} splits features into {self.groups} groups, got samples of shape {input_shape[1:]} with {C}. "
                "Give a multiple of groups."
            )
        kernel = self.kernel_initializer(self.kernel_shape(C), self.dtype)
        self.kernel = self.add_weight("kernel", kernel, regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.bias: Variable | None = None
        if self.use_bias:
            bias = self.bias_initializer((self.filters,), self.dtype)
            self.bias = self.add_weight("bias", bias, regularizer=self.bias_regularizer, constraint=self.bias_constraint)

    def kernel_shape(self, C: int) -> tuple[int, ...]:
        """Return the shape of the kernel for C features."""
        return (*self.kernel_size, C // self.groups, self.filters)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self.output_lengths(input_shape[1:]), self.filters)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        windows = self.windows(lengths_of(x))
        y, tape = ops.conv_forward(x, self.kernel, self.bias, self.activation, windows, training=training)
        return Forward(y, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        dx, dkernel, dbias = ops.conv_backward(tape, dy, need_dx=need_dx)
        return Backward(dx, gradients=(dkernel, dbias) if self.use_bias else (dkernel,))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "data_format": "channels_last",
            "dilation_rate": list(self.dilation_rate),
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class Conv1D(CausalSteps, Conv):
    """``activation(bias + sum over k of x[:, t * strides + k * dilation_rate] @ kernel[k])``, as ``keras.layers.Conv1D``.

    Inputs are sequences (N, T, C), outputs (N, T', F). A mask that comes in ends here, as in Keras.

    Parameters
    ----------
    filters : int
        F, the size of the output's last axis.
    kernel_size : int
        The number of steps of a window.
    strides : int
        The number of steps from one window to the next.
    padding : "valid", "same" or "causal"
        ``"valid"`` has windows inside of the sequence only. ``"same"`` adds zeros at both ends, so that ``T' = ceil(T /
        strides)``. ``"causal"`` adds them before the first step, so that no output depends on later steps.
    data_format : "channels_last", optional
        Features are the last axis, always.
    dilation_rate : int
        The number of steps from one element of a window to the next.
    groups : int
        G, into how many groups features and filters are split. A filter reads the C / G features of its group.
    activation : str, function or None
        None is linear. See :class:`~numba_lstm.layers.Dense`.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (kernel_size, C / G, F) and (F,).
    kernel_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss.
    activity_regularizer : str, dict or Regularizer, optional
        Of the output, divided by the batch size.
    kernel_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For sizes below 1, for strides with a dilation, for groups that do not divide C and F, and for samples that are shorter
        than a window.
    TypeError
        For sizes that are no whole numbers, and for arguments that are unknown or not taken yet.
    """

    ranks = (3,)
    paddings = ("valid", "same", "causal")


class Conv2D(Conv):
    """A convolution of images (N, H, W, C), as ``keras.layers.Conv2D``. Outputs are (N, H', W', F).

    ``kernel_size``, ``strides`` and ``dilation_rate`` are whole numbers, or tuples of one for the height and one for the
    width. ``padding`` is ``"valid"`` or ``"same"``. The other parameters and the errors are those of :class:`Conv1D`.
    """

    ranks = (4,)


class Conv3D(Conv):
    """A convolution of volumes (N, D, H, W, C), as ``keras.layers.Conv3D``. Outputs are (N, D', H', W', F).

    ``kernel_size``, ``strides`` and ``dilation_rate`` are whole numbers, or tuples of one for the depth, one for the height
    and one for the width. ``padding`` is ``"valid"`` or ``"same"``. The other parameters and the errors are those of
    :class:`Conv1D`.
    """

    ranks = (5,)
