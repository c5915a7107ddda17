"""Convert nodes with windows: convolutions, pooling and padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..... import layers, ops
from ...graph.graph import Node
from ...operators.arithmetic import pad_borders
from ..part_nodes import cut
from ..scope import Scope
from ..value import Value, arranged, placed, real_order

_CONVOLUTIONS = {1: layers.Conv1D, 2: layers.Conv2D}
_ZEROS = {1: layers.ZeroPadding1D, 2: layers.ZeroPadding2D}
_POOLS: dict[tuple[str, int], Any] = {
    ("AveragePool", 1): layers.AveragePooling1D,
    ("AveragePool", 2): layers.AveragePooling2D,
    ("GlobalAveragePool", 1): layers.GlobalAveragePooling1D,
    ("GlobalAveragePool", 2): layers.GlobalAveragePooling2D,
    ("GlobalMaxPool", 1): layers.GlobalMaxPooling1D,
    ("GlobalMaxPool", 2): layers.GlobalMaxPooling2D,
    ("MaxPool", 1): layers.MaxPooling1D,
    ("MaxPool", 2): layers.MaxPooling2D,
}


class Windows:
    """The input of a node with windows: features last, for a layer or for one of each step."""

    def __init__(self, scope: Scope, node: Node) -> None:
        self.scope, self.node, x = scope, node, scope.value(node)
        self.axes = x.rank - 2
        if self.axes not in (1, 2):
            raise ValueError(f"has windows in sizes {x.sizes}, where three or four axes were expected")
        spatial = list(range(2, x.rank))
        if x.batch not in (None, 0):
            raise ValueError(f"takes sizes {x.sizes}, where the batch was expected first, and features behind it")
        self.stepwise = x.batch is None and x.sizes[0] != 1  # ONNX's batch is an axis of each sample
        self.order = [0, *spatial, 1] if self.stepwise else [*spatial, 1]
        self.x, self.tensor = x, arranged(x, self.order)
        self.lengths = [x.sizes[axis] for axis in spatial]
        self.attributes = node.attributes

    def numbers(self, name: str, default: int = 1) -> list[int]:
        """Return an attribute with a number for each axis of the windows."""
        numbers = list(self.attributes.get(name, [default] * self.axes))
        if len(numbers) != self.axes:
            raise ValueError(f"has {name} {numbers[:9]} for {self.axes} axes")
        return numbers

    def pads(self) -> list[tuple[int, int]]:
        """Return the elements before and after each axis."""
        pads = list(self.attributes.get("pads", [0] * 2 * self.axes))
        if len(pads) != 2 * self.axes or min(pads) < 0:
            raise ValueError(f"has pads {pads[:9]} for {self.axes} axes")
        return list(zip(pads[: self.axes], pads[self.axes :], strict=True))

    def padding(self, reach: Sequence[int], strides: Sequence[int]) -> str | None:
        """Return the padding of a layer that has the node's pads, or None; ``reach`` are the sizes of windows but 1."""
        mode = self.attributes.get("auto_pad", "NOTSET")
        if mode in ("VALID", "SAME_UPPER"):
            return "valid" if mode == "VALID" else "same"
        if mode not in ("NOTSET", ""):
            raise ValueError(f"has auto_pad {mode!r}. Export it with pads")
        pads = self.pads()
        if not any(map(any, pads)):
            return "valid"
        if pads == [_same(n, r, s) for n, r, s in zip(self.lengths, reach, strides, strict=True)]:
            return "same"
        return "causal" if self.axes == 1 and pads == [(reach[0], 0)] else None

    def add(self, kind: type[layers.Layer], tensor: Any, weights: Sequence[Any] = (), **arguments: Any) -> Any:
        """Add a layer, of each step if the graph's batch is an axis of the samples."""
        layer = kind(**arguments, name=self.scope.name(self.node, kind))
        if self.stepwise:
            layer = layers.TimeDistributed(layer, name=self.scope.name(self.node, layers.TimeDistributed))
        return self.scope.call(layer, tensor, weights)

    def result(self, tensor: Any, order: Sequence[int] | None = None) -> list[Value]:
        """Return the output."""
        return [placed(tensor, self.order if order is None else order, self.x.rank, self.x.batch)]


def _same(length: Any, reach: int, stride: int) -> tuple[int, int] | None:
    """Return the pads of Keras's ``same``; None where they depend on a free length."""
    if stride == 1:
        total = reach
    elif isinstance(length, int):
        total = max(0, (length - 1) // stride * stride + reach + 1 - length)
    else:
        return None
    return total // 2, total - total // 2


def convolution(scope: Scope, node: Node) -> list[Value]:
    """Conv: a Conv1D or Conv2D, behind zeros where its pads are none of Keras's."""
    windows, kernel, bias = Windows(scope, node), scope.require(node, 1), scope.constant(node, 2)
    if kernel.ndim != windows.axes + 2:
        raise ValueError(f"has a kernel of shape {kernel.shape} for sizes {windows.x.sizes}")
    sizes = list(kernel.shape[2:])
    if node.attributes.get("kernel_shape", sizes) != sizes:
        raise ValueError(f"has a kernel_shape that is not that of its kernel, {kernel.shape}")
    strides, dilations = windows.numbers("strides"), windows.numbers("dilations")
    reach = [(size - 1) * dilation for size, dilation in zip(sizes, dilations, strict=True)]
    padding, tensor = windows.padding(reach, strides), windows.tensor
    if padding is None:
        pads = windows.pads()
        tensor = windows.add(_ZEROS[windows.axes], tensor, padding=pads[0] if windows.axes == 1 else tuple(pads))
        padding = "valid"
    weights = [np.moveaxis(kernel, (0, 1), (-1, -2)), *([] if bias is None else [bias])]
    y = windows.add(
        _CONVOLUTIONS[windows.axes],
        tensor,
        weights,
        filters=kernel.shape[0],
        kernel_size=tuple(sizes),
        strides=tuple(strides),
        padding=padding,
        dilation_rate=tuple(dilations),
        groups=node.attributes.get("group", 1),
        use_bias=bias is not None,
    )
    return windows.result(y)


def pool(scope: Scope, node: Node) -> list[Value]:
    """MaxPool and AveragePool."""
    windows = Windows(scope, node)
    sizes, strides = windows.numbers("kernel_shape", 0), windows.numbers("strides")
    padding = windows.padding([size - 1 for size in sizes], strides)
    if padding not in ("valid", "same") or max(windows.numbers("dilations")) > 1:
        raise ValueError(f"has pads {windows.pads()} or dilations that no pooling layer has. Pad before it")
    if node.attributes.get("ceil_mode", 0):
        raise ValueError("has a ceil_mode. Export it without")
    if padding == "same" and node.kind == "AveragePool" and node.attributes.get("count_include_pad", 0):
        raise ValueError("counts the zeros that it adds, count_include_pad. Export it without")
    y = windows.add(
        _POOLS[node.kind, windows.axes], windows.tensor, pool_size=tuple(sizes), strides=tuple(strides), padding=padding
    )
    return windows.result(y)


def global_pool(scope: Scope, node: Node) -> list[Value]:
    """GlobalAveragePool and GlobalMaxPool."""
    windows = Windows(scope, node)
    y = windows.add(_POOLS[node.kind, windows.axes], windows.tensor)
    return windows.result(y, [axis for axis in windows.order if axis < 2])


def pad(scope: Scope, node: Node) -> list[Value]:
    """Pad with zeros or another constant, a reflection, or the border."""
    x = scope.value(node)
    inputs = [None, *(scope.constant(node, index) for index in range(1, len(node.inputs)))]
    borders = pad_borders(inputs, node.attributes, x.rank)
    given = inputs[2] if len(inputs) > 2 else None
    fill = 0.0 if given is None else float(given.item())
    for axis, (before, after) in enumerate(borders):
        x = _padded(x, axis, before, after, node.attributes.get("mode", "constant"), fill)
    return [x]


def _padded(x: Value, axis: int, before: int, after: int, mode: str, fill: float) -> Value:
    """Return a value with more elements, or fewer for negative numbers, at both ends of one of ONNX's axes."""
    if before < 0 or after < 0:
        x = cut(x, axis, slice(max(-before, 0), min(after, 0) or None, 1))
    before, after = max(before, 0), max(after, 0)
    if not before and not after:
        return x
    if axis == x.batch:
        raise ValueError("pads the batch")
    order = real_order(x) if x.axes[axis] is not None else [*real_order(x), axis]
    tensor, at = arranged(x, order), order.index(axis) + 1
    size = tensor.shape[at]
    if mode == "reflect" and (size is None or max(before, after) >= size):
        raise ValueError(f"reflects more elements than sizes {x.sizes} have. Give shapes of the inputs")

    def part(first: int | None, last: int | None, step: int = 1) -> Any:
        return tensor[(*(slice(None),) * at, slice(first, last, step))]

    if mode == "reflect":
        pieces = [part(before, 0, -1) if before else None, tensor, part(-2, -2 - after, -1) if after else None]
    else:
        ends = [part(0, 1), part(-1, None)]
        if mode == "constant":
            ends = [ops.full_like(end, fill) for end in ends]
        pieces = [ops.repeat(ends[0], before, at) if before else None, tensor]
        pieces.append(ops.repeat(ends[1], after, at) if after else None)
    joined = ops.concatenate([piece for piece in pieces if piece is not None], at)
    return placed(joined, order, x.rank, x.batch)


HANDLERS: dict[str, Any] = {
    "AveragePool": pool,
    "Conv": convolution,
    "GlobalAveragePool": global_pool,
    "GlobalMaxPool": global_pool,
    "MaxPool": pool,
    "Pad": pad,
}
