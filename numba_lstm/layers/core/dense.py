"""Dense: a product with a matrix, a bias and an activation."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import activations, constraints, initializers, regularizers
from ...inputs import as_count
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Activation as Spec
from ...kernels.specs import Key
from ...variables import Variable
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape


class Dense(Layer):
    """``activation(x @ kernel + bias)`` on the last axis of (N, D), (N, T, D) or (N, H, W, C), as ``keras.layers.Dense``.

    Parameters
    ----------
    units : int
        C, the size of the output's last axis.
    activation : str, function or None
        None is linear. ``softmax`` works over the last axis. A function of your own is compiled into the kernel: see
        :func:`numba_lstm.activations.custom`.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (D, C) and (C,).
    kernel_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss; see :mod:`numba_lstm.regularizers`.
    activity_regularizer : str, dict or Regularizer, optional
        Of the output, divided by the batch size.
    kernel_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update; see :mod:`numba_lstm.constraints`.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For units below 1.
    TypeError
        For units that are no whole number, and for arguments that are unknown or not taken yet.
    """

    ranks = (2, 3, 4, 5)
    later: ClassVar = dict.fromkeys(("lora_rank", "lora_alpha", "quantization_config"))

    def __init__(
        self,
        units: int,
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
        self.units = as_count(units, f"{type(self).__name__}'s units")
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
        D = input_shape[-1]
        assert D is not None
        kernel = self.kernel_initializer((D, self.units), self.dtype)
        self.kernel = self.add_weight("kernel", kernel, regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.bias: Variable | None = None
        if self.use_bias:
            bias = self.bias_initializer((self.units,), self.dtype)
            self.bias = self.add_weight("bias", bias, regularizer=self.bias_regularizer, constraint=self.bias_constraint)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        y, tape = ops.dense_forward(x, self.kernel, self.bias, self.activation, training=training)
        return Forward(y, mask=mask, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        dx, dkernel, dbias = ops.dense_backward(tape, dy, need_dx=need_dx)
        return Backward(dx, gradients=(dkernel, dbias) if self.use_bias else (dkernel,))

    def check_causal(self) -> None:
        """Each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
