"""Write convolutions, pooling and padding, whose features are the last axis here and the second one in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....layers import (
    AveragePooling1D,
    AveragePooling2D,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Cropping1D,
    Cropping2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    Layer,
    MaxPooling1D,
    MaxPooling2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from .graph_builder import GraphBuilder, GraphValue

_FAR = 2**63 - 1  #: a bound of a slice beyond every size


def _features_second(builder: GraphBuilder, layer: Layer, value: GraphValue) -> str:
    name = builder.batch_first(value, layer.name).name
    return builder.add_op("Transpose", [name], layer.name, perm=[0, value.rank - 1, *range(1, value.rank - 1)])


def _features_last(builder: GraphBuilder, layer: Layer, name: str, rank: int) -> GraphValue:
    return GraphValue(builder.add_op("Transpose", [name], layer.name, perm=[0, *range(2, rank), 1]), rank)


def _windows(layer: Any, sizes: Sequence[int]) -> dict[str, Any]:
    """Return the attributes of a node with the windows of a layer."""
    attributes: dict[str, Any] = {"kernel_shape": list(sizes), "strides": list(layer.strides)}
    if layer.padding == "same":
        attributes["auto_pad"] = "SAME_UPPER"
    elif layer.padding == "causal":
        attributes["pads"] = [(sizes[0] - 1) * layer.dilation_rate[0], 0]
    return attributes


def write_convolution(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    """Conv, without its activation."""
    kernel = builder.add_constant(f"{layer.name}/kernel", np.moveaxis(layer.kernel.value, (-1, -2), (0, 1)))
    bias = [] if layer.bias is None else [builder.add_constant(f"{layer.name}/bias", layer.bias.value)]
    attributes = _windows(layer, layer.kernel_size)
    attributes |= {"dilations": list(layer.dilation_rate), "group": int(layer.groups)}
    if layer.padding == "same" and max(layer.dilation_rate) > 1:  # which runtimes do not take with auto_pad
        del attributes["auto_pad"]
        reach = [(size - 1) * rate for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
        attributes["pads"] = [*(n // 2 for n in reach), *(n - n // 2 for n in reach)]
    inputs = [_features_second(builder, layer, value), kernel, *bias]
    return _features_last(builder, layer, builder.add_op("Conv", inputs, layer.name, **attributes), value.rank)


def write_transposed_convolution(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    """ConvTranspose, without its activation."""
    kernel = builder.add_constant(f"{layer.name}/kernel", np.moveaxis(layer.kernel.value, (-1, -2), (0, 1)))
    bias = [] if layer.bias is None else [builder.add_constant(f"{layer.name}/bias", layer.bias.value)]
    before, after = zip(*map(layer.cropping, range(layer.axes)), strict=True)
    inputs = [_features_second(builder, layer, value), kernel, *bias]
    name = builder.add_op(
        "ConvTranspose",
        inputs,
        layer.name,
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        dilations=list(layer.dilation_rate),
        pads=[*before, *(max(n, 0) for n in after)],
        output_padding=[max(-n, 0) for n in after],
    )
    return _features_last(builder, layer, name, value.rank)


def _write_pool(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    kind, attributes = "MaxPool" if layer.kind == "max" else "AveragePool", _windows(layer, layer.pool_size)
    name = builder.add_op(kind, [_features_second(builder, layer, value)], layer.name, **attributes)
    return _features_last(builder, layer, name, value.rank)


def _write_global_pool(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    kind = "GlobalMaxPool" if layer.kind == "max" else "GlobalAveragePool"
    name = builder.add_op(kind, [_features_second(builder, layer, value)], layer.name)
    if layer.keepdims:
        return _features_last(builder, layer, name, value.rank)
    return GraphValue(builder.add_op("Flatten", [name], layer.name, axis=1), 2)


def _write_padding(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    before, after = ([0, *(border[k] for border in layer.borders), 0] for k in (0, 1))
    return builder.apply(builder.batch_first(value, layer.name), "Pad", layer.name, builder.add_integers([*before, *after]))


def _write_cropping(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    starts = [border[0] for border in layer.borders]
    ends = [-border[1] if border[1] else _FAR for border in layer.borders]
    bounds = [builder.add_integers(numbers) for numbers in (starts, ends, list(range(1, len(starts) + 1)))]
    return builder.apply(builder.batch_first(value, layer.name), "Slice", layer.name, *bounds)


def _write_up_sampling(builder: GraphBuilder, layer: Any, value: GraphValue, opset: int) -> GraphValue:
    scales = builder.add_constant(f"{layer.name}/scales", np.array([1, *layer.size, 1], np.float64))
    if builder.dtype != np.float32:
        raise ValueError(f"{layer.name} ({type(layer).__name__}) has scales of float32 in ONNX. Export a float32 model.")
    value = builder.batch_first(value, layer.name)
    options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return GraphValue(builder.add_op("Resize", [value.name, "", scales], layer.name, **options), value.rank)


Writer = Callable[[GraphBuilder, Any, GraphValue, int], GraphValue]

CONVOLUTIONS: dict[type[Layer], Writer] = {
    **dict.fromkeys((Conv1D, Conv2D), write_convolution),
    **dict.fromkeys((Conv1DTranspose, Conv2DTranspose), write_transposed_convolution),
}
WRITERS: dict[type[Layer], Writer] = {
    **dict.fromkeys((AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D), _write_pool),
    **dict.fromkeys(
        (GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D, GlobalMaxPooling2D), _write_global_pool
    ),
    **dict.fromkeys((ZeroPadding1D, ZeroPadding2D), _write_padding),
    **dict.fromkeys((Cropping1D, Cropping2D), _write_cropping),
    **dict.fromkeys((UpSampling1D, UpSampling2D), _write_up_sampling),
}
