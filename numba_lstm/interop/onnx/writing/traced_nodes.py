"""Write layers that are functions of tensors: each operation that they record becomes a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ....layers.traced.computed import ComputedLayer
from ....ops.derivatives import ordered
from ....ops.tensor import Tensor, UntraceableError
from ....ops.tracing import input_like
from .graph_builder import GraphBuilder, GraphValue
from .operation_nodes import OperationWriter
from .row_products import absorbed
from .sizes import FreeSizes


def write_computed(
    builder: GraphBuilder,
    layer: ComputedLayer,
    values: Sequence[GraphValue],
    shapes: Sequence[Sequence[int | None]],
    masks: Sequence[str | None],
    opset: int,
    arguments: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[GraphValue, str | None]:
    """Add the nodes of a layer and return its output and its mask.

    Parameters
    ----------
    shapes : sequence of shapes
        Of the inputs, with None for free sizes.
    masks : sequence of str or None
        The tensor (N, T) of bool of each input.
    arguments : mapping, optional
        Further arguments of the call.

    Raises
    ------
    ValueError
        For what ONNX does not have, by name.
    """
    values = [builder.batch_first(value, layer.name) for value in values]
    error: Exception | None = None
    for apart in (True, False):  # free sizes that the function joins are one
        sizes = FreeSizes(builder, layer.name, values, shapes, apart)
        try:
            runs = [_run(layer, trial, masks, arguments) for trial in sizes.trials]
        except (UntraceableError, ValueError) as refused:
            error = error or refused
            continue
        return _write(builder, layer, values, masks, opset, sizes, runs)
    raise ValueError(f"{layer.name} cannot be written as ONNX: {error}") from error


def _run(
    layer: ComputedLayer, shapes: Sequence[tuple[int, ...]], masks: Sequence[str | None], arguments: Mapping[str, Any]
) -> list[list[Tensor]]:
    """Run a layer's function: its inputs, its outputs, and what the inputs stand for."""
    inputs = tuple(input_like(shape) for shape in shapes)
    steps = tuple(None if mask is None else input_like(shape[:2], "b") for mask, shape in zip(masks, shapes, strict=True))
    weights = [input_like(variable.shape) for variable in layer.variables]
    compute: Any = layer.compute  # subclasses take further arguments
    y = compute(inputs, steps, weights, False, **arguments)
    if isinstance(y, tuple) and len(y) == 1:
        y = y[0]
    if isinstance(y, tuple):
        raise ValueError("it has several outputs. Save the model as .nlstm")
    mask = layer.compute_mask_of(inputs, steps)
    return [[*inputs, *(one for one in steps if one is not None), *weights], [y] if mask is None else [y, mask]]


def _write(
    builder: GraphBuilder,
    layer: ComputedLayer,
    values: Sequence[GraphValue],
    masks: Sequence[str | None],
    opset: int,
    sizes: FreeSizes,
    runs: Sequence[list[list[Tensor]]],
) -> tuple[GraphValue, str | None]:
    names = [value.name for value in values] + [mask for mask in masks if mask is not None]
    names += [builder.add_constant(f"{layer.name}/{v.path}", np.reshape(v.value, v.shape)) for v in layer.variables]
    (inputs, outputs), (_, others) = runs
    writer = OperationWriter(builder, layer.name, opset, sizes)
    writer.names = {id(tensor): name for tensor, name in zip(inputs, names, strict=True)}
    pairs = list(zip(ordered(outputs), ordered(others), strict=True))
    writer.others = {id(one): two for one, two in pairs}
    unwritten = absorbed([one for one, _ in pairs])
    for one, _ in pairs:
        if one.operation != "broadcast" and id(one) not in unwritten:  # most broadcasts operators do by themselves
            writer.name(one)
    y = GraphValue(writer.full(outputs[0], others[0]), outputs[0].ndim)
    return y, None if len(outputs) == 1 else writer.cast(outputs[1], "b")
