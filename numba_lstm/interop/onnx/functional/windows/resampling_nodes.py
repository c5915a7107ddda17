"""Convert nodes that make sequences and images longer: transposed convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..... import layers
from ...graph.graph import Node
from ..scope import Scope
from ..value import Value
from .window_nodes import Windows

_TRANSPOSED: dict[int, Any] = {1: layers.Conv1DTranspose, 2: layers.Conv2DTranspose}
_CROPPED: dict[int, Any] = {1: layers.Cropping1D, 2: layers.Cropping2D}


def transposed_convolution(scope: Scope, node: Node) -> list[Value]:
    """ConvTranspose: a Conv1DTranspose or Conv2DTranspose, with a cropping behind it where its pads are none of Keras's."""
    windows, kernel, bias = Windows(scope, node), scope.require(node, 1), scope.constant(node, 2)
    if kernel.ndim != windows.axes + 2:
        raise ValueError(f"has a kernel of shape {kernel.shape} for sizes {windows.x.sizes}")
    if windows.attributes.get("group", 1) != 1:
        raise ValueError("has groups of features, which no transposed convolution has here. Export it with one group")
    if "output_shape" in windows.attributes:
        raise ValueError("has an output_shape. Export it with pads and output_padding")
    strides, dilations = windows.numbers("strides"), windows.numbers("dilations")
    reach = [(size - 1) * dilation for size, dilation in zip(kernel.shape[2:], dilations, strict=True)]
    more = windows.numbers("output_padding", 0)
    if any(extra >= stride for extra, stride in zip(more, strides, strict=True)):
        raise ValueError(f"has an output_padding {more} that is not less than the strides {strides}")
    pads = _pads(windows, reach, strides, more)
    arguments: dict[str, Any] = {
        "filters": kernel.shape[1],
        "kernel_size": tuple(kernel.shape[2:]),
        "strides": tuple(strides),
        "dilation_rate": tuple(dilations),
        "use_bias": bias is not None,
    }
    net = [(before, after - extra) for (before, after), extra in zip(pads, more, strict=True)]
    same = _TRANSPOSED[windows.axes](**arguments, padding="same")
    if [same.cropping(axis) for axis in range(windows.axes)] == net:
        arguments["padding"] = "same"
    else:
        arguments["output_padding"] = tuple(more)
    weights = [np.moveaxis(kernel, (0, 1), (-1, -2)), *([] if bias is None else [bias])]
    y = windows.add(_TRANSPOSED[windows.axes], windows.tensor, weights, **arguments)
    if "padding" not in arguments and any(map(any, pads)):
        y = windows.add(_CROPPED[windows.axes], y, cropping=pads[0] if windows.axes == 1 else tuple(pads))
    return windows.result(y)


def _pads(windows: Windows, reach: list[int], strides: list[int], more: list[int]) -> list[tuple[int, int]]:
    """Return the elements that the node takes off before and after each axis of the output."""
    mode = windows.attributes.get("auto_pad", "NOTSET")
    if mode in ("NOTSET", ""):
        return windows.pads()
    if mode == "VALID":
        return [(0, 0)] * windows.axes
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise ValueError(f"has auto_pad {mode!r}. Export it with pads")
    totals = [r + 1 - stride + extra for r, stride, extra in zip(reach, strides, more, strict=True)]
    if min(totals) < 0:
        raise ValueError(f"has auto_pad {mode!r} and strides above its windows. Export it with pads")
    halves = [total // 2 if mode == "SAME_UPPER" else total - total // 2 for total in totals]
    return [(half, total - half) for half, total in zip(halves, totals, strict=True)]


HANDLERS: dict[str, Any] = {"ConvTranspose": transposed_convolution}
