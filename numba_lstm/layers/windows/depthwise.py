"""Depthwise and separable convolutions: each feature has filters of its own. They are programs of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from ... import activations, constraints, initializers, regularizers
from ... import ops as ops_
from ...inputs import as_count
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key, WindowSpec
from ...ops.tensor import Tensor
from ..base import Backward, Forward
from ..base.arguments import Shape, check_data_format
from ..traced import ComputedLayer
from .window_layer import WindowLayer, as_sizes


class DepthwiseLayer(WindowLayer, ComputedLayer):
    """Base class of convolutions whose windows are of one feature each; with ``filters`` a product comes after them."""

    size_name = "kernel_size"
    filters: int | None = None

    #: Weights that have an initializer, a regularizer and a constraint, and the attributes that hold the weights.
    weight_names: dict[str, str]

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        depth_multiplier: int,
        data_format: Any,
        dilation_rate: Any,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        check_data_format(type(self), data_format)
        self.size = self.kernel_size = as_sizes(kernel_size, self.axes, f"{name}'s kernel_size")
        self.strides = as_sizes(strides, self.axes, f"{name}'s strides")
        self.padding = self.as_padding(padding)
        self.dilation_rate = as_sizes(dilation_rate, self.axes, f"{name}'s dilation_rate")
        self.check_dilation()
        self.depth_multiplier = as_count(depth_multiplier, f"{name}'s depth_multiplier")
        self.activation = activations.as_spec(kwargs.pop("activation"))
        self.use_bias = bool(kwargs.pop("use_bias"))
        for weight in (*self.weight_names, "bias"):
            setattr(self, f"{weight}_initializer", initializers.get(kwargs.pop(f"{weight}_initializer")))
            setattr(self, f"{weight}_regularizer", regularizers.get(kwargs.pop(f"{weight}_regularizer")))
            setattr(self, f"{weight}_constraint", constraints.get(kwargs.pop(f"{weight}_constraint")))
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        C = input_shape[-1]
        assert C is not None
        columns = C * self.depth_multiplier
        shapes = {"depthwise": (*self.kernel_size, C, self.depth_multiplier), "bias": (self.filters or columns,)}
        if self.filters is not None:
            shapes["pointwise"] = (*(1,) * self.axes, columns, self.filters)
        names = {**self.weight_names, **({"bias": "bias"} if self.use_bias else {})}
        for weight, attribute in names.items():
            value = getattr(self, f"{weight}_initializer")(shapes[weight], self.dtype)
            options = {option: getattr(self, f"{weight}_{option}") for option in ("regularizer", "constraint")}
            setattr(self, attribute, self.add_weight(attribute, value, **options))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        C = input_shape[-1]
        features = self.filters or (None if C is None else C * self.depth_multiplier)
        return (input_shape[0], *self.output_lengths(input_shape[1:]), features)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,), (kernel, *others) = inputs, weights
        y = depthwise(x, kernel, self.windows(x.shape[1:-1]))
        if self.filters is not None:
            pointwise = others.pop(0)
            y = ops_.matmul(y, ops_.reshape(pointwise, pointwise.shape[-2:]))
        return ops_.add(y, others[0]) if others else y

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> None:
        return None

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
        **arguments: Any,
    ) -> Forward:
        result = super().forward(ops, x, states, None, training, rng)
        y, tape = ops.activation_forward(result.y, self.activation, training=training)
        return Forward(y, tape=(result.tape, tape) if training else None)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        before, of_activation = tape
        return super().backward(ops, before, ops.activation_backward(of_activation, dy), need_dx=need_dx)

    def get_config(self) -> dict[str, Any]:
        config = {
            **super().get_config(),
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "depth_multiplier": self.depth_multiplier,
            "data_format": "channels_last",
            "dilation_rate": list(self.dilation_rate),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }
        for weight in (*self.weight_names, "bias"):
            config[f"{weight}_initializer"] = initializers.serialize(getattr(self, f"{weight}_initializer"))
            config[f"{weight}_regularizer"] = regularizers.serialize(getattr(self, f"{weight}_regularizer"))
            config[f"{weight}_constraint"] = constraints.serialize(getattr(self, f"{weight}_constraint"))
        return config if self.filters is None else {**config, "filters": self.filters}


def depthwise(x: Tensor, kernel: Tensor, windows: WindowSpec) -> Tensor:
    """Return the sum over the places of windows of x (N, ..., C) times the kernel (..., C, M): (N, ..., C * M)."""
    counts = windows.counts(x.shape[1:-1])
    if any(map(any, windows.padding)):
        pairs = ((0, 0), *windows.padding, (0, 0))
        place = tuple((before, before + n, 1) for n, (before, _) in zip(x.shape, pairs, strict=True))
        x = Tensor("join", (x,), (place,), tuple(n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)))
    C, M = kernel.shape[-2:]
    axes, total = list(zip(counts, windows.strides, windows.dilation, strict=True)), None
    for place_ in product(*map(range, windows.size)):
        firsts = [k * dilation for k, (_, _, dilation) in zip(place_, axes, strict=True)]
        slices = [slice(first, first + (count - 1) * s + 1, s) for first, (count, s, _) in zip(firsts, axes, strict=True)]
        values, weights = x[(slice(None), *slices)], kernel[place_]
        term = ops_.multiply(values, weights[:, 0]) if M == 1 else ops_.multiply(ops_.expand_dims(values, -1), weights)
        total = term if total is None else ops_.add(total, term)
    return ops_.reshape(total, (x.shape[0], *counts, C * M))  # type: ignore[no-any-return]
