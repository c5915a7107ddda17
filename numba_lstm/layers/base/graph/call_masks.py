"""Masks of calls on symbolic tensors: which input or argument each belongs to, and checks of their shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..arguments import Shape
from .symbolic import MaskKey, SymbolicTensor

Masks = dict[MaskKey, SymbolicTensor | None]


def call_masks(layer: Any, inputs: Sequence[SymbolicTensor], mask: Any, arguments: Mapping[str, Any]) -> Masks:
    """Return the masks of a call by the index of an input or the name of an argument.

    Parameters
    ----------
    layer : Layer
        The layer.
    inputs : sequence of SymbolicTensor
        Its inputs.
    mask : SymbolicTensor, or list or dict of them
        The argument ``mask``: one for the only input, or one or None for each of several.
    arguments : dict
        The other arguments of the call, some of which may be masks.

    Raises
    ------
    TypeError
        For anything but symbolic tensors.
    ValueError
        For more masks than inputs, for a layer that takes no mask, and for shapes that do not fit.
    """
    masks: Masks = {}
    if isinstance(mask, Mapping):
        masks |= mask
    elif isinstance(mask, (list, tuple)):
        masks |= dict(enumerate(mask))
    elif mask is not None and layer.takes_several and len(inputs) > 1:
        raise ValueError(
            f"{layer.name} takes a list of masks, one or None for each of {len(inputs)} inputs, got one. Write mask=[m, None]."
        )
    elif mask is not None:
        masks[0] = mask
    masks |= {name: arguments[name] for name in layer.mask_arguments if arguments.get(name) is not None}
    for key, one in masks.items():
        _check_kind(layer, inputs, key, one)
    check_mask_shapes(layer, [x.shape for x in inputs], {key: None if one is None else one.shape for key, one in masks.items()})
    return masks


def check_mask_shapes(layer: Any, shapes: Sequence[Shape], masks: Mapping[MaskKey, Shape | None]) -> None:
    """Raise ValueError unless masks of a call have the shapes that ``layer`` expects for inputs of ``shapes``."""
    for key, came in masks.items():
        expected = None if came is None else layer.mask_shape(key, shapes)
        if came is None:
            continue
        what = f"a mask of input {key}" if isinstance(key, int) else key
        if expected is None:
            raise ValueError(
                f"{layer.name} takes no {what.removeprefix('a ')} for inputs of shapes {list(shapes)}, got one of {came}. "
                "Leave it out."
            )
        if len(came) != len(expected) or any(a != b for a, b in zip(came, expected, strict=True) if a and b):
            raise ValueError(
                f"{layer.name} expects {what} of shape {expected} for inputs of shapes {list(shapes)}, got {came}. "
                "Give True or False for each step."
            )


def _check_kind(layer: Any, inputs: Sequence[SymbolicTensor], key: MaskKey, mask: Any) -> None:
    if isinstance(key, int) and key >= len(inputs):
        raise ValueError(f"{layer.name} has {len(inputs)} inputs, got {key + 1} masks. Give one or None for each input.")
    if mask is None:
        return
    if not isinstance(mask, SymbolicTensor):
        raise TypeError(
            f"{layer.name} is called on a symbolic tensor and on {type(mask).__name__} at once, as its mask. Make the mask an "
            "Input, or compute it: ops.not_equal(x, 0)."
        )
    if not layer.takes_mask:
        raise ValueError(f"{layer.name} takes no mask, got one of shape {mask.shape}. Leave it out.")
