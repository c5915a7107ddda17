"""Placement of layers behind each other: which outputs a layer takes as its inputs, and the shapes that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..arguments import Shape


def place(layer: Any, shape: Shape, before: Sequence[Any]) -> Any:
    """Return the output shape of ``layer`` after the layers ``before`` it, the last of which has an output of ``shape``.

    Raises
    ------
    ValueError
        For an output that the layer does not take.
    """
    if before and (layer.takes_indices or before[-1].makes_indices):
        if not (before[-1].converts_inputs and layer.takes_indices and (layer.converts_inputs or before[-1].makes_indices)):
            raise ValueError(_wrong_kind(layer, before[-1]))
        layer.check_input(shape)
        return layer.compute_output_shape(shape)
    if before and shape[-1] is None:
        raise ValueError(
            f"{layer.name}: the last axis of {shape} must be known, but {before[-1].name} before it makes features of "
            "steps. Let all samples have one known number of steps."
        )
    if before and len(shape) not in layer.ranks:
        raise ValueError(_misplaced(layer, shape, before))
    layer.check_input(shape)
    return tuple(layer.compute_output_shape(shape))


def output_shapes(
    layer: Any, shapes: Sequence[Shape], before: Sequence[Any], arguments: Mapping[str, Any] | None = None
) -> tuple[Shape, ...]:
    """Return the shapes of all outputs of ``layer`` for inputs of ``shapes``, those of the last states included.

    ``before`` are the layers before its only input, ``arguments`` further ones of the call. Raises as :func:`place`.
    """
    if layer.takes_several:
        given: Any = tuple(shapes)
        layer.check_input(given)
        output: Any = layer.call_output_shapes(given, arguments) if arguments else layer.compute_output_shape(given)
    else:
        output = place(layer, shapes[0], before)
    several = bool(output) and isinstance(output[0], (tuple, list))
    outputs = tuple(map(tuple, output)) if several else (tuple(output),) * layer.num_outputs
    return (*outputs, *layer.state_shapes(shapes[0])) if getattr(layer, "return_state", False) else outputs


def _wrong_kind(layer: Any, before: Any) -> str:
    if before.makes_indices and not layer.takes_indices:
        return f"{before.name} makes whole numbers, which {layer.name} does not take. Put Embedding(size, dim) between."
    return f"{layer.name} takes whole numbers, not what {before.name} before it returns. Add it first."


def _misplaced(layer: Any, shape: Shape, before: Sequence[Any]) -> str:
    for other in reversed(before):
        if getattr(other, "return_sequences", True) is False:
            return (
                f"{layer.name} expects (batch, time, features), but {other.name} before it returns its last step only, "
                f"{shape}. Give {other.name} return_sequences=True."
            )
    ranks = " or ".join(map(str, layer.ranks))
    return f"{layer.name} expects an input of rank {ranks}, but {before[-1].name} before it returns {shape}. Change one."
