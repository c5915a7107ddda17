"""Calls of layers on symbolic tensors, which add a node to a graph and build the layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .call_masks import call_masks
from .placement import output_shapes
from .symbolic import FOLLOWS_MODEL, Node, SymbolicTensor, flatten


def connect(
    layer: Any,
    x: Any,
    states: Sequence[Any] = (),
    training: Any = None,
    mask: Any = None,
    arguments: Mapping[str, Any] | None = None,
) -> tuple[SymbolicTensor, ...]:
    """Add a call of ``layer`` to the graph of ``x``, and return its outputs; the first call builds the layer.

    Parameters
    ----------
    layer : Layer
        A layer of this package, or a subclass.
    x : SymbolicTensor, or list of them
        Its input, or the inputs of a layer that takes several.
    states : sequence of SymbolicTensor
        Initial states of a recurrent layer.
    training : bool, optional
        Whether the layer always computes as in training, or never.
    mask : SymbolicTensor, or list or dict of them, optional
        In place of the masks that follow the edges of the graph: one for the only input, one or None for each of several.
    arguments : dict, optional
        Further arguments of the call, by name.

    Raises
    ------
    TypeError
        For arrays among the symbolic tensors.
    ValueError
        For shapes that the layer does not take.
    """
    inputs = check_inputs(layer.name, x)
    given = check_inputs(layer.name, states) if states else ()
    if layer.takes_several and isinstance(x, SymbolicTensor):
        raise ValueError(f"{layer.name} takes a list of inputs, got one tensor of shape {x.shape}. Write it as [a, b].")
    if not layer.takes_several and len(inputs) != 1:
        raise ValueError(f"{layer.name} takes one input, got {len(inputs)}. Join them first: Concatenate()([a, b]).")
    dtype = _dtype(layer, inputs)
    shapes = [tensor.shape for tensor in inputs]
    training = as_training(layer.name, training)
    constants = layer.call_constants({k: one for k, one in (arguments or {}).items() if k not in layer.mask_arguments})
    masks = call_masks(layer, inputs, mask, arguments or {})
    outputs = output_shapes(layer, shapes, [] if layer.takes_several else layers_before(inputs[0]), constants)
    if given:
        _check_states(layer, given, shapes[0])
    layer.build_for(tuple(shapes) if layer.takes_several else shapes[0], dtype)
    return Node(layer, inputs, given, training, outputs, layer.dtype, masks, constants).outputs


def as_training(name: str, training: Any) -> bool | None:
    """Return the argument ``training`` of a call of the layer or the model ``name``: a bool, or None to follow the model."""
    if training is None or training is FOLLOWS_MODEL:
        return None
    if not isinstance(training, (bool, int, np.bool_)) or training not in (0, 1):
        raise TypeError(f"{name} expects training to be True, False or None, got {training!r:.80}. Leave it out.")
    return bool(training)


def check_inputs(name: str, x: Any) -> tuple[SymbolicTensor, ...]:
    """Return the symbolic tensors in ``x``, for a layer or a model of this name; raise TypeError for anything else in it."""
    inputs = tuple(flatten(x))
    for entry in inputs:
        if not isinstance(entry, SymbolicTensor):
            raise TypeError(
                f"{name} is called on a symbolic tensor and on {type(entry).__name__} at once. Give it symbolic tensors alone, "
                "or arrays alone."
            )
    return inputs


def layers_before(tensor: SymbolicTensor) -> list[Any]:
    """Return the layers that ``tensor`` went through, along the first input of each; without the input layer."""
    layers: list[Any] = []
    while tensor.node.inputs:
        layers.insert(0, tensor.node.layer)
        tensor = tensor.node.inputs[0]
    return layers


def _dtype(layer: Any, inputs: Sequence[SymbolicTensor]) -> str | None:
    """Return the dtype of what the layer takes; None where it takes the inputs of a model, which are cast to any."""
    dtypes = {tensor.dtype for tensor in inputs if tensor.node.inputs}
    if len(dtypes) > 1 or (dtypes and layer.requested_dtype not in (None, *dtypes)):
        came = " and ".join(sorted(dtypes))
        raise ValueError(f"{layer.name} has dtype {layer.requested_dtype}, but its input {came}. Give both the same.")
    return next(iter(dtypes), None)


def _check_states(layer: Any, states: Sequence[SymbolicTensor], shape: Sequence[int | None]) -> None:
    expected = [tuple(state) for state in layer.state_shapes(shape)]
    came = [tensor.shape for tensor in states]
    if len(came) != len(expected) or any(a[1:] != b[1:] for a, b in zip(came, expected, strict=True)):
        shapes = ", ".join(map(str, expected))
        given = ", ".join(map(str, came))
        raise ValueError(f"{layer.name} expects initial_state of shapes {shapes}, got {given}. Take states of as many units.")
