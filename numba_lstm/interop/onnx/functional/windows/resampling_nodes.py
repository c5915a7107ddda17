"""Convert nodes that make sequences and images longer: transposed convolutions and repeating."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..... import layers
from ...graph.graph import Node
from ..folding import Known
from ..scope import Scope
from ..value import Value
from .window_nodes import Windows

_TRANSPOSED: dict[int, Any] = {1: layers.Conv1DTranspose, 2: layers.Conv2DTranspose}
_REPEATED: dict[int, Any] = {1: layers.UpSampling1D, 2: layers.UpSampling2D}
#: Attributes that say which element is the nearest one.
_NEAREST = (("coordinate_transformation_mode", "half_pixel"), ("nearest_mode", "round_prefer_floor"))
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


def resize(scope: Scope, node: Node) -> list[Value]:
    """Resize by whole factors to the nearest element: an UpSampling1D or UpSampling2D."""
    windows, given = Windows(scope, node), node.attributes
    shift, rounding = (given.get(key, default) for key, default in _NEAREST)
    exact = (shift, rounding) == ("asymmetric", "floor") or (shift.endswith("half_pixel") and rounding.startswith("round"))
    if given.get("mode", "nearest") != "nearest" or not exact:
        raise ValueError(f"has the mode {given.get('mode', 'nearest')!r}, {shift!r}, {rounding!r}, which no layer has here")
    factors = _factors(windows)
    y = windows.add(_REPEATED[windows.axes], windows.tensor, size=factors[0] if windows.axes == 1 else tuple(factors))
    return windows.result(y)


def _factors(windows: Windows) -> list[int]:
    """Return by what a Resize multiplies the lengths of axes."""
    scope, node, rank = windows.scope, windows.node, windows.x.rank
    scales = scope.constant(node, 2) if len(node.inputs) > 2 else None
    if scales is None or not scales.size:
        entry = scope.get(node, 3) if len(node.inputs) > 3 else None
        if not isinstance(entry, Known) or entry.array.size != rank or not all(isinstance(n, int) for n in windows.lengths):
            raise ValueError("needs scales, or sizes that are known. Give shapes of the inputs")
        numbers = [size / n for size, n in zip(entry.array.reshape(-1)[2:].tolist(), windows.lengths, strict=True)]
    else:
        numbers = scales.reshape(-1).tolist()
        if len(numbers) != rank or numbers[:2] != [1, 1] or "axes" in windows.attributes:
            raise ValueError(f"has scales {numbers[:9]} for sizes {windows.x.sizes}")
        numbers = numbers[2:]
    if any(number != int(number) or number < 1 for number in numbers):
        raise ValueError(f"multiplies lengths by {numbers}, where whole numbers are")
    return [int(number) for number in numbers]


HANDLERS: dict[str, Any] = {"ConvTranspose": transposed_convolution, "Resize": resize}
